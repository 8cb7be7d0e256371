"""From an emulated world there is no way to the host: no environment, file, import, process or connection of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hostile import escapes_kinds as kinds

ROOT = Path(__file__).parents[2]


def made(which: str, generated: int = 0, seed: int = 0) -> dict[str, Any]:
    """What came of the attempts, made in a process that has a secret in its environment and a file with it."""
    Path(kinds.FILE).write_text(kinds.CANARY)
    try:
        command = [sys.executable, "-m", "tests.hostile.escapes_kinds", which, str(generated), str(seed)]
        environment = {**os.environ, kinds.NAME: kinds.CANARY, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=600, check=True
        )
    finally:
        Path(kinds.FILE).unlink()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_nothing_of_the_host_is_reached() -> None:
    found = made("escapes", 180)
    assert found["tried"] >= 400
    assert found["reached"] == []
    assert found["shown"] == []
    assert found["unanswered"] == []
    assert found["slow"] == []


def test_time_memory_and_output_are_bounded() -> None:
    found = made("bounded")
    assert found["tried"] == len(kinds.BOUNDED)
    assert (found["reached"], found["unanswered"], found["slow"]) == ([], [], [])
    assert found["grown_mib"] < 1_500


@pytest.mark.parametrize("what", ["reached", "shown"])
def test_the_watch_sees_a_hole(what: str) -> None:
    assert made("leaky", 10)[what]
