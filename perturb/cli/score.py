"""``perturb score``: recorded answers judged by today's scorers; the journal is replaced in one step."""

from __future__ import annotations

import argparse
from pathlib import Path

from perturb.campaign.folder import locked, read_manifest, write_manifest
from perturb.campaign.ingredients import MadeOf, made_of
from perturb.campaign.journal import Records
from perturb.campaign.plan import selection_of
from perturb.campaign.runner import rescored
from perturb.cli import again, output
from perturb.cli.run import finish, verbatim_of


def main(options: argparse.Namespace) -> int:
    """Score again. Records whose case or operator has changed since keep their old verdict and are counted."""
    folder = Path(options.dir)
    read_manifest(folder)
    with locked(folder):
        manifest = read_manifest(folder)
        again.register(folder, manifest, options.load, needed=True)
        selection = selection_of(manifest)
        records = Records(folder)
        known = {record["id"]: record for record in records.written()}
        fresh = {record["id"]: record for record in rescored(selection, known)}
        if len(fresh) < len(known):
            output.say(f"{len(known) - len(fresh)} records are stale (their case has changed) and keep their verdicts")
        records.replace((fresh.get(name, old) for name, old in known.items()), verbatim_of(manifest))
        write_manifest(folder, {**manifest, "made_of": _judged_by(manifest["made_of"], made_of(selection))})
        return finish(folder, read_manifest(folder), options.json)


def _judged_by(kept: MadeOf, today: MadeOf) -> MadeOf:
    """What the run is made of once its answers were judged anew: asked as before, judged as today."""
    return {**kept, **{kind: today[kind] for kind in ("checks", "code", "scorers")}}
