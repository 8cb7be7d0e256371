"""kill -9 at any moment: every finished line is still there, and going on ends where an undisturbed run ends."""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perturb.campaign.journal import read
from tests.attack import Row
from tests.attack._command import FIXTURE, ROOT, argv, process
from tests.attack.disk import facts
from tests.benchmarks.stub import running

RUN = ("run", "--agent", "perfect", "--limit", "6", "--out")
ASKED = ("--fixture", str(FIXTURE), "--operator", "user.*", "--operator", "tools.*", "--budget", "600")
QUIET = subprocess.DEVNULL


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


def in_flight(connections: int, count: int, seed: int = 0) -> Row:
    """`count` kills of runs with so many requests under way on a server that takes a while; each then gone on with."""
    rng = random.Random(f"{connections} {seed}")
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as place, running(delay=0.3) as url:
        asked = ("--base-url", url, "--concurrency", str(connections))
        run = ("run", *asked, *ASKED, "--out")
        assert process(*run, f"{place}/whole").code == 0
        wanted = {record["id"] for record in read(Path(place, "whole"))}
        for number in range(count):
            out = Path(place) / f"run{number}"
            journal = out / "journal.jsonl"
            started = subprocess.Popen(argv(*run, str(out)), cwd=ROOT, stdout=QUIET, stderr=QUIET)
            until, lines = time.monotonic() + 90, rng.randint(1, len(wanted) - 1)
            seen = b""
            while started.poll() is None and seen.count(b"\n") < lines and time.monotonic() < until:
                time.sleep(0.005)
                seen = journal.read_bytes() if journal.exists() else b""
            started.kill()
            code = started.wait()
            kept = journal.read_bytes()
            resumed = process("resume", str(out), *asked)
            ids = [json.loads(line)["id"] for line in journal.read_bytes().splitlines()]
            if code != -9:
                wrong.append(f"was done before the kill: exit {code}")
            elif not kept.startswith(seen[: seen.rfind(b"\n") + 1]):
                wrong.append("finished lines are gone")
            elif resumed.code != 0 or sorted(ids) != sorted(wanted):
                wrong.append(f"exit {resumed.code}, {len(ids)} records of {len(wanted)}: {resumed.err[-200:]}")
    detail = wrong[0] if wrong else f"{len(wanted)} records each, none twice"
    return Row(f"kill -9 with {connections} requests under way", count, count - len(wrong), detail)


def attack() -> Iterator[Row]:
    """Forty kills, and thirty with requests under way."""
    yield from kills(40)
    for connections in (16, 64, 256):
        yield in_flight(connections, 10)


def sample() -> Iterator[Row]:
    """Some."""
    yield from kills(3)
    yield in_flight(64, 1)
