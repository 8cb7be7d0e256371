"""``perturb report``: the report of a run, from its journal."""

from __future__ import annotations

import argparse
from pathlib import Path

from perturb.campaign.journal import read_manifest
from perturb.cli import output
from perturb.cli.run import finish


def main(options: argparse.Namespace) -> int:
    """Write it again."""
    folder = Path(options.dir)
    manifest = read_manifest(folder)
    output.register([*manifest["load"], *options.load])
    return finish(folder, manifest, options.json)
