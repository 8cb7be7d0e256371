"""``perturb resume``: the run that a manifest describes, from where its journal ends."""

from __future__ import annotations

import argparse
from pathlib import Path

from perturb.campaign.journal import read_manifest
from perturb.campaign.plan import selection_of
from perturb.cli import output
from perturb.cli.run import answerer_for, carry_out
from perturb.core.errors import UserError


def main(options: argparse.Namespace) -> int:
    """Go on. Raises UserError when the model behind the run is another one now."""
    folder = Path(options.dir)
    manifest = read_manifest(folder)
    output.register([*manifest["load"], *options.load])
    selection = selection_of(manifest)
    settings = argparse.Namespace(**manifest["engine"], **manifest["sampling"], seed=selection.seed)
    answerer, model = answerer_for(settings)
    if model != manifest["model"]:
        raise UserError(f"{folder}: was run on {manifest['model']}, this is {model}")
    return carry_out(selection, answerer, folder, manifest, options.json)
