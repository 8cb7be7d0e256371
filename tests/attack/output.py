"""A closed, full or broken stdout: one line and exit 3, and the run is whole on the disk."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.attack import Row
from tests.attack._command import ROOT, RUN, argv, command
from tests.attack.disk import facts

RECORD = "cli-csv-count@4/mini_agent#0"
COMMANDS = (
    (*RUN, "--out", "NEW"),
    (*RUN, "--json", "--out", "NEW"),
    ("resume", "DIR"),
    ("score", "DIR"),
    ("report", "DIR", "--json"),
    ("show", RECORD, "--run", "DIR"),
    ("replay", RECORD, "--run", "DIR"),
    ("list", "operators"),
    ("doctor", "--json"),
    ("list", "scaffolds", "--json"),
)


def closed(arguments: list[str]) -> tuple[int, str]:
    """Stdout is not open at all."""
    done = subprocess.run(["bash", "-c", '"$@" >&-', "bash", *arguments], **_settings())
    return done.returncode, done.stderr


def full(arguments: list[str]) -> tuple[int, str]:
    """Stdout is a device that is always full."""
    with open("/dev/full", "w") as device:
        done = subprocess.run(arguments, **{**_settings(), "stdout": device})
    return done.returncode, done.stderr


def broken(arguments: list[str]) -> tuple[int, str]:
    """Stdout is a pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(arguments, **{**_settings(), "stdout": writer})
    finally:
        os.close(writer)
    return done.returncode, done.stderr


def _settings() -> dict[str, Any]:
    return {"cwd": ROOT, "stderr": subprocess.PIPE, "text": True, "timeout": 120, "check": False}


KINDS: dict[str, Callable[[list[str]], tuple[int, str]]] = {"closed": closed, "full": full, "broken": broken}


def matrix(commands: tuple[tuple[str, ...], ...]) -> Iterator[Row]:
    """Each command with each kind of stdout."""
    with tempfile.TemporaryDirectory() as made:
        whole = Path(made) / "whole"
        assert command(*RUN, "--out", str(whole)).code == 0
        wanted = facts(whole)
        for kind, run in KINDS.items():
            said = []
            for number, arguments in enumerate(commands):
                new = Path(made) / f"{kind}{number}"
                names = {"NEW": str(new), "DIR": str(whole)}
                code, err = run(argv(*(names.get(argument, argument) for argument in arguments)))
                last = err.splitlines()[-1:] or [""]
                right = code == 3 and last[0].startswith("perturb: stdout: ") and "Traceback" not in err
                right = right and "Exception ignored" not in err and ("NEW" not in arguments or facts(new) == wanted)
                said.append("" if right else f"{arguments[0]}: exit {code}: {err[-300:]}")
            wrong = [one for one in said if one]
            yield Row(f"stdout {kind}", len(said), len(said) - len(wrong), wrong[0] if wrong else "")


def attack() -> Iterator[Row]:
    """Every command."""
    yield from matrix(COMMANDS)


def sample() -> Iterator[Row]:
    """One command."""
    yield from matrix(COMMANDS[:1])
