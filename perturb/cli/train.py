"""``perturb train``: a LoRA adapter on proven examples."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from perturb.cli import output
from perturb.core.errors import UserError
from perturb.core.reading import json_lines


def main(options: argparse.Namespace) -> int:
    """Train it, or go on with the same training."""
    from perturb.synthesis.train import Recipe, train

    data, out = Path(options.data), Path(options.out)
    if out.exists():
        raise UserError(f"{out}: is there already")
    if not out.parent.is_dir():
        raise UserError(f"{out.parent}: no such folder")
    recipe = Recipe(**{field.name: getattr(options, field.name) for field in fields(Recipe)})
    train(Path(options.base), list(_pairs(data)), out, recipe, output.say)
    output.emit(f"{out}: an adapter; perturb checkpoint --adapter {out} --base {options.base} DIR makes a model of it")
    return 0


def _pairs(path: Path) -> list[tuple[str, str]]:
    found = []
    for number, row in json_lines(path, 2_000_000_000):
        prompt, answer = (row.get("prompt"), row.get("answer")) if isinstance(row, dict) else (None, None)
        if not isinstance(prompt, str) or not isinstance(answer, str) or not answer:
            raise UserError(f"{path}: line {number}: no texts under prompt and answer (perturb synthesize writes them)")
        found.append((prompt, answer))
    return found
