"""Two processes on one folder, and processes that are told to end."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.attack import Row
from tests.attack._command import ROOT, SMALL, argv, process
from tests.attack.disk import facts

# To be met in its middle, however busy the machine is: an agent from a user's file that can be held up.
SLOW = '''
import time
from pathlib import Path
from perturb import agent, ideal

asked = []

@agent()
def slow(case, base):
    """The ideal answer; from the fourth on only when nobody holds it up."""
    asked.append(case.id)
    while len(asked) > 3 and Path(__file__).with_name("hold").exists():
        time.sleep(0.02)
    return ideal(case)
'''


def slow_run(place: Path) -> list[str]:
    """The arguments of a run that is held up in its middle, its module written."""
    module = place / "slow.py"
    release(place, hold=True)
    module.write_text(SLOW)
    return ["run", "--agent", "slow", "--load", str(module), *SMALL, "--out", str(place / "run")]


def release(place: Path, hold: bool = False) -> None:
    """Let the run go on (or hold it up)."""
    (place / "hold").touch() if hold else (place / "hold").unlink(missing_ok=True)


def begun(arguments: list[str], journal: Path) -> subprocess.Popen[str]:
    """A process of its own that has answered something."""
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = subprocess.Popen(argv(*arguments), cwd=ROOT, **pipes)
    until = time.monotonic() + 60
    while running.poll() is None and time.monotonic() < until and not (journal.exists() and journal.stat().st_size):
        time.sleep(0.01)
    return running


def second(arguments: tuple[str, ...]) -> str:
    """A second process on a folder at work: refused at once, and the first one's result is what it would have been."""
    with tempfile.TemporaryDirectory() as place:
        run = slow_run(Path(place))
        first = begun(run, Path(place) / "run" / "journal.jsonl")
        also = run if arguments == ("run",) else [a.replace("DIR", str(Path(place) / "run")) for a in arguments]
        also = also if also is run else [*also, "--load", str(Path(place) / "slow.py")]
        refused = process(*also)
        release(Path(place))
        _, said = first.communicate(timeout=120)
        if not refused.one_line(2, "another perturb is at work here"):
            return f"exit {refused.code}: {refused.err[-200:]}"
        lines = (Path(place) / "run" / "journal.jsonl").read_bytes().splitlines()
        return "" if first.returncode == 0 and len(lines) == len(set(lines)) > 3 else f"the first: {said[-200:]}"


def stale_lock() -> str:
    """The lock of a killed process holds nobody up."""
    with tempfile.TemporaryDirectory() as place:
        run = slow_run(Path(place))
        first = begun(run, Path(place) / "run" / "journal.jsonl")
        first.kill()
        first.communicate(timeout=60)
        release(Path(place))
        if not (Path(place) / "run" / "run.lock").exists():
            return "there was no lock"
        done = process(*run)
        return "" if done.code == 0 else f"exit {done.code}: {done.err[-200:]}"


def stopped(number: signal.Signals) -> str:
    """A signal in the middle: one line that says how to go on, the documented exit code, nothing lost."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        run = slow_run(Path(place))
        running = begun(run, folder / "journal.jsonl")
        seen = (folder / "journal.jsonl").read_bytes()
        running.send_signal(number)
        _, said = running.communicate(timeout=60)
        release(Path(place))
        line = f"perturb: stopped by {number.name}; what was answered is kept; go on with: "
        line += f"perturb resume {folder} --load {Path(place) / 'slow.py'}"
        if running.returncode != 128 + number or said.splitlines() != [line]:
            return f"exit {running.returncode}: {said[-300:]}"
        if not (folder / "journal.jsonl").read_bytes().startswith(seen[: seen.rfind(b"\n") + 1]):
            return "finished lines are gone"
        done = process("resume", str(folder), "--load", str(Path(place) / "slow.py"))
        return "" if done.code == 0 and len(facts(folder)) > 3 else f"resume: exit {done.code}: {done.err[-200:]}"


def row(name: str, said: list[str]) -> Row:
    wrong = [one for one in said if one]
    return Row(name, len(said), len(said) - len(wrong), wrong[0] if wrong else "")


def matrix(times: int) -> Iterator[Row]:
    """Everything, so many times."""
    seconds = (("run",), ("resume", "DIR"), ("score", "DIR"))
    yield row("a second process on one folder", [second(one) for one in seconds for _ in range(times)])
    yield row("the lock of a killed process", [stale_lock() for _ in range(times)])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        yield row(f"{number.name} in the middle, then resumed", [stopped(number) for _ in range(times)])


def attack() -> Iterator[Row]:
    """Five times each."""
    yield from matrix(5)


def sample() -> Iterator[Row]:
    """Once each."""
    yield from matrix(1)
