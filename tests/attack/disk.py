"""A fault in the n-th file operation, for every n: one line, exit 3, and `resume` ends where an undisturbed run ends.

The manner is SQLite's: let the first operation fail, then the second, until a run has fewer operations than that.
Every write of a run goes through two files that reach the disk by `os` alone; here their `os` fails.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perturb.campaign import folder as folder_module
from perturb.campaign.journal import read
from perturb.core import files
from tests.attack import Row
from tests.attack._command import RUN, command

OPERATIONS = {"open", "read", "pread", "write", "pwrite", "fsync", "ftruncate", "fstat", "stat", "replace", "makedirs"}
FAULTS = {
    "ENOSPC, and from then on": (errno.ENOSPC, True),
    "EIO": (errno.EIO, False),
    "EROFS": (errno.EROFS, False),
    "EFBIG": (errno.EFBIG, False),
}


@dataclass
class FaultyOs:
    """`os`, of which the n-th operation fails (0: none), after half of it was done when it writes."""

    nth: int = 0
    number: int = errno.EIO
    for_good: bool = False
    short: bool = False
    calls: list[str] = field(default_factory=list)

    @property
    def failed(self) -> str:
        """The operation that failed."""
        return self.calls[self.nth - 1] if 0 < self.nth <= len(self.calls) else ""

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        return self._counted(name, real) if name in OPERATIONS else real

    def _counted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def operation(*arguments: Any, **named: Any) -> Any:
            self.calls.append(name)
            count = len(self.calls)
            if self.short and name == "write":
                return real(arguments[0], arguments[1][: max(1, len(arguments[1]) // 2)])
            if not (self.nth and (count == self.nth or (self.for_good and count > self.nth))):
                return real(*arguments, **named)
            if name == "write" and count == self.nth:
                real(arguments[0], arguments[1][: len(arguments[1]) // 2])
            raise OSError(self.number, os.strerror(self.number))

        return operation


@contextmanager
def planted(faulty: FaultyOs) -> Iterator[FaultyOs]:
    """Within, the storage of a run meets this `os`."""
    files.os = folder_module.os = faulty  # type: ignore[assignment]
    try:
        yield faulty
    finally:
        files.os = folder_module.os = os


def facts(folder: Path) -> list[dict[str, Any]]:
    """The records, without how often each was tried."""
    return [{**record, "tries": 1} for record in read(folder)]


def attempt(start: Path | None, arguments: tuple[str, ...], faulty: FaultyOs, wanted: list[Any]) -> str:
    """Run a command on a copy of `start` (None: no folder) with the fault; "" when the promise held, else how not."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "run"
        if start is not None:
            shutil.copytree(start, out)
        before = _lines(out)
        with planted(faulty):
            done = command(*(argument.replace("OUT", str(out)) for argument in arguments))
        refused = faulty.failed == "makedirs" and done.one_line(2)  # a folder that cannot be one is bad input
        if done.code not in (0, 3) and not refused:
            return f"exit {done.code}: {done.err[-300:]}"
        if done.code == 3 and not done.err.splitlines()[-1].startswith("perturb: "):
            return f"no line: {done.err[-300:]}"
        if not before <= _lines(out):
            return "lines that were there are gone"
        go_on = ("resume", str(out)) if (out / "run.json").exists() else (*RUN, "--out", str(out))
        after = command(*go_on)
        if after.code != 0:
            return f"cannot go on: {after.err[-300:]}"
        return "" if facts(out) == wanted and (out / "report.html").exists() else "another result"


def _lines(folder: Path) -> set[bytes]:
    path = folder / "journal.jsonl"
    return {line for line in path.read_bytes().splitlines(True) if line.endswith(b"\n")} if path.exists() else set()


def starts(place: Path) -> dict[str, tuple[Path | None, tuple[str, ...]]]:
    """What is run, and on what: a new run, one that was cut off in its middle, a whole one judged again."""
    whole, half = place / "whole", place / "half"
    assert command(*RUN, "--out", str(whole)).code == 0
    shutil.copytree(whole, half)
    (half / "report.html").unlink()
    journal = (half / "journal.jsonl").read_bytes()
    (half / "journal.jsonl").write_bytes(journal[: len(journal) // 2])
    return {
        "run": (None, (*RUN, "--out", "OUT")),
        "resume": (half, ("resume", "OUT")),
        "score": (whole, ("score", "OUT")),
        "report": (whole, ("report", "OUT")),
    }


def matrix(every: int = 1, names: tuple[str, ...] = ("run", "resume", "score", "report")) -> Iterator[Row]:
    """Each `every`-th operation of each command, under each fault."""
    with tempfile.TemporaryDirectory() as place:
        begun = starts(Path(place))
        wanted = facts(Path(place) / "whole")
        for name in names:
            start, arguments = begun[name]
            counted = FaultyOs()
            problems = [
                attempt(start, arguments, counted, wanted),
                attempt(start, arguments, FaultyOs(short=True), wanted),
            ]
            for number, for_good in FAULTS.values():
                for nth in range(1, len(counted.calls) + 1, every):
                    said = attempt(start, arguments, FaultyOs(nth, number, for_good), wanted)
                    problems.append(said and f"{counted.calls[nth - 1]} #{nth} {errno.errorcode[number]}: {said}")
            wrong = [problem for problem in problems if problem]
            detail = (
                wrong[0][:300] if wrong else f"{len(counted.calls)} operations × {len(FAULTS)} faults, then resumed"
            )
            yield Row(f"fault in the n-th file operation of {name}", len(problems), len(problems) - len(wrong), detail)


def attack() -> Iterator[Row]:
    """Every operation."""
    yield from matrix()


def sample() -> Iterator[Row]:
    """Each eleventh operation of two commands."""
    yield from matrix(11, ("run", "score"))
