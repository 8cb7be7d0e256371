"""``perturb report``: the report of a run, from its journal."""

from __future__ import annotations

import argparse
from pathlib import Path

from perturb.campaign.folder import read_manifest
from perturb.cli import again
from perturb.cli.run import finish


def main(options: argparse.Namespace) -> int:
    """Write it again."""
    folder = Path(options.dir)
    manifest = read_manifest(folder)
    again.register(folder, manifest, options.load, needed=False)
    return finish(folder, manifest, options.json)
