"""``perturb curriculum``: what a run measured, as weights for making the next training data."""

from __future__ import annotations

import argparse
from pathlib import Path

import orjson

from perturb.cli import output
from perturb.cli.compare import loaded
from perturb.core.errors import UserError
from perturb.core.files import write_atomic
from perturb.statistics.as_json import effect_json

# What an operator that costs nothing still weighs: what was learned is not to be forgotten.
_LEAST = 0.05


def main(options: argparse.Namespace) -> int:
    """One line an operator, the largest drop first."""
    summary = loaded(Path(options.dir), options)[2]
    rows = sorted((*summary.by_operator, *summary.directional), key=lambda row: (row.effect.difference, row.name))
    if not rows:
        raise UserError(f"{options.dir}: holds no perturbed answer")
    lines = [
        {
            "operator": row.name,
            "part": row.name.partition(".")[0],
            **effect_json(row.effect),
            "weight": round(max(0.0, -row.effect.difference) + _LEAST, 4),
        }
        for row in rows
    ]
    path = Path(options.out)
    write_atomic(path, b"".join(orjson.dumps(line) + b"\n" for line in lines))
    if options.json:
        output.emit_json(lines)
    else:
        output.emit(f"{len(lines)} operators in {path}; perturb synthesize --curriculum {path} draws them so often")
    return 0
