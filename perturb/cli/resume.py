"""``perturb resume``: the run that a manifest describes, from where its journal ends."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from perturb.campaign.folder import JOURNAL, locked, read_manifest, set_aside, write_manifest
from perturb.campaign.ingredients import changes, made_of, refuse_changes
from perturb.campaign.plan import selection_of
from perturb.cli import again, output
from perturb.cli.run import answerer_for, carry_out
from perturb.core.errors import UserError

_ELSEWHERE = {"fuzz": "perturb fuzz --out", "pytest": "pytest --perturb-resume"}


def main(options: argparse.Namespace) -> int:
    """Go on. Raises UserError when the run's model, or what the run is made of, is another one now."""
    folder = Path(options.dir)
    read_manifest(folder)
    with locked(folder):
        manifest = read_manifest(folder)
        if "kind" in manifest:
            raise UserError(f"{folder}: go on with it by: {_ELSEWHERE[manifest['kind']]} {folder}")
        again.register(folder, manifest, options.load, needed=True)
        settings = again.settings(folder, manifest, options)
        selection = selection_of(manifest)
        today = made_of(selection)
        if not (options.restart or options.keep_old):
            refuse_changes(folder, manifest["made_of"], today)
        answerer, model = answerer_for(argparse.Namespace(**settings))
        if model != manifest["model"]:
            raise UserError(f"{folder}: was run on {manifest['model']}, this is {model}")
        manifest = _begun_anew(folder, manifest, options, today)
        return carry_out(selection, answerer, folder, manifest, options.json)


def _begun_anew(folder: Path, manifest: dict[str, Any], options: argparse.Namespace, today: Any) -> dict[str, Any]:
    """The manifest from here on, written where it differs; with ``--restart`` the recorded answers are set aside."""
    kept_old = manifest.get("kept_old", [])
    if options.restart:
        aside, kept_old = set_aside(folder / JOURNAL), []
        if aside is not None:
            output.say(f"the answers so far are in {aside}; all is asked again")
    elif options.keep_old:
        kept_old = sorted({*kept_old, *changes(manifest["made_of"], today)}) or ["requests"]
    made = {**manifest, "made_of": today, "kept_old": kept_old}
    if not kept_old:
        del made["kept_old"]
    if made != manifest:
        write_manifest(folder, made)
    return made
