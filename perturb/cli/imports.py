"""``perturb import``: records of other projects as cases."""

from __future__ import annotations

import argparse
from pathlib import Path

from perturb.cli import output
from perturb.trajectories.imported import import_files


def main(options: argparse.Namespace) -> int:
    """Write the cases; say which records were left out, and why."""
    report = import_files([Path(file) for file in options.files], Path(options.out))
    if options.json:
        output.emit_json({"cases": report.cases, "left_out": [list(row) for row in report.left_out]})
    for name, why in report.left_out:
        output.say(f"left out: {name}: {why}")
    output.say(f"{options.out}: {report.cases} cases, {len(report.left_out)} records left out")
    return 0
