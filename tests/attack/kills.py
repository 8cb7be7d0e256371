"""kill -9 at any moment: every finished line is still there, and going on ends where an undisturbed run ends."""

from __future__ import annotations

import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.attack import Row
from tests.attack._command import ROOT, argv, process
from tests.attack.disk import facts

RUN = ("run", "--agent", "perfect", "--limit", "6", "--out")


def killed(folder: Path, rng: random.Random) -> tuple[bytes, int]:
    """Start the run (or go on), kill it somewhere within; the journal as it stood shortly before, and its exit code."""
    journal = folder / "journal.jsonl"
    quiet: dict[str, Any] = {"cwd": ROOT, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen(argv(*RUN, str(folder)), **quiet)
    end = rng.choice((0, rng.randint(1, 2_000_000)))
    pause = rng.uniform(0, 1.5) if not end else 0.0
    seen = b""
    until = time.monotonic() + 60
    while running.poll() is None and time.monotonic() < until:
        seen = journal.read_bytes() if journal.exists() else b""
        if end and len(seen) >= end:
            break
        if not end and folder.exists():
            time.sleep(pause)
            break
        time.sleep(0.02)
    running.kill()
    return seen, running.wait()


def kills(count: int, seed: int = 0) -> Iterator[Row]:
    """`count` kills over runs that are killed several times before they may end."""
    rng = random.Random(seed)
    tried = survived = 0
    detail = ""
    with tempfile.TemporaryDirectory() as place:
        whole = Path(place) / "whole"
        assert process(*RUN, str(whole)).code == 0
        wanted = facts(whole)
        while tried < count:
            folder = Path(place) / f"run{tried}"
            said = []
            for _ in range(min(count - tried, rng.randint(1, 4))):
                seen, code = killed(folder, rng)
                tried += 1
                kept = (folder / "journal.jsonl").read_bytes() if (folder / "journal.jsonl").exists() else b""
                whole_lines = seen[: seen.rfind(b"\n") + 1]
                if code != -9:
                    said.append("")  # it was done before the kill: nothing to lose
                elif not kept.startswith(whole_lines):
                    said.append("finished lines are gone")
                else:
                    said.append("")
            done = process(*RUN, str(folder))
            right = done.code == 0 and facts(folder) == wanted
            if not right:
                detail = detail or f"after {len(said)} kills: exit {done.code} {done.err[-200:]}"
            detail = detail or next(filter(None, said), "")
            survived += sum(not one for one in said) if right else 0
    yield Row("kill -9 at a random moment, then gone on", tried, survived, detail or f"{len(wanted)} records each time")


def attack() -> Iterator[Row]:
    """Forty kills."""
    yield from kills(40)
