"""``perturb score``: recorded answers judged by today's scorers; the journal is replaced in one step."""

from __future__ import annotations

import argparse
from pathlib import Path

import orjson

from perturb.campaign.journal import JOURNAL, read, read_manifest
from perturb.campaign.plan import selection_of
from perturb.campaign.runner import rescored
from perturb.cli import output
from perturb.cli.run import finish
from perturb.core.files import write_atomic


def main(options: argparse.Namespace) -> int:
    """Score again. Records whose case or operator has changed since keep their old verdict and are counted."""
    folder = Path(options.dir)
    manifest = read_manifest(folder)
    output.register([*manifest["load"], *options.load])
    selection = selection_of(manifest)
    known = {record["id"]: record for record in read(folder)}
    fresh = {record["id"]: record for record in rescored(selection, known)}
    if len(fresh) < len(known):
        output.say(f"{len(known) - len(fresh)} records are stale (their case has changed) and keep their verdicts")
    lines = (orjson.dumps(fresh.get(name, old), option=orjson.OPT_SORT_KEYS) for name, old in known.items())
    write_atomic(folder / JOURNAL, b"".join(line + b"\n" for line in lines))
    return finish(folder, manifest, options.json)
