"""Labelled command lines: what they mean to do, what they change, whether they leave the machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perturb.cli.intents import answers

ROWS = [json.loads(line) for line in (Path(__file__).parent / "commands.jsonl").read_text().splitlines()]


def answer(row: dict[str, Any]) -> dict[str, Any]:
    (got,) = answers(
        [json.dumps({name: row[name] for name in ("id", "cwd", "command", "world") if name in row}).encode()]
    )
    return got


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['id']} {row['command'][:30]!r}" for row in ROWS])
def test_a_labelled_line(row: dict[str, Any]) -> None:
    got = answer(row)
    assert got["intents"] == row["intents"]
    assert (sorted(got["effects"]), got["network"]) == (sorted(row["effects"]), row["network"])
    if "lossy" in row:
        assert bool(got["lossy"]) is row["lossy"]
