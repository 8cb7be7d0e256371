"""Disks and folders that really refuse: a limit on a file's size, a folder that vanishes, names that cannot be had."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.attack import Row
from tests.attack._command import ROOT, RUN, argv, command, process
from tests.attack.disk import facts
from tests.attack.processes import begun, release, row, slow_run


def size_limit(limit: int, wanted: list[object]) -> str:
    """No file may be longer than `limit`: the write that would make it so fails with EFBIG."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        done = subprocess.run(
            argv(*RUN, "--out", str(folder)),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )
        last = done.stderr.splitlines()[-1:] or [""]
        if done.returncode != 3 or "File too large" not in last[0] or "Traceback" in done.stderr:
            return f"{limit} bytes: exit {done.returncode}: {done.stderr[-300:]}"
        again = ("resume", str(folder)) if (folder / "run.json").exists() else (*RUN, "--out", str(folder))
        return "" if process(*again).code == 0 and facts(folder) == wanted else f"{limit} bytes: not resumed"


def vanishing(act: Callable[[Path], None]) -> str:
    """Something happens to the folder in the middle of a run: one line, exit 3, whatever became of it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        running = begun(slow_run(Path(place)), folder / "journal.jsonl")
        act(folder)
        release(Path(place))
        _, said = running.communicate(timeout=120)
        # On a slow machine a run also says how far it is.
        lines = [line for line in said.splitlines() if " decisions · " not in line]
        right = running.returncode == 3 and len(lines) == 1 and lines[0].startswith(f"perturb: {folder}")
        return "" if right else f"exit {running.returncode}: {said[-300:]}"


def replace_journal(folder: Path) -> None:
    """Another file under the journal's name: what is written now would be lost."""
    shutil.copy(folder / "journal.jsonl", folder / "other")
    os.replace(folder / "other", folder / "journal.jsonl")


def in_the_way(name: str) -> str:
    """A folder where a file is to be written: the rename fails."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        assert command(*RUN, "--out", str(folder)).code == 0
        (folder / name).unlink(missing_ok=True)
        (folder / name / "x").mkdir(parents=True)
        done = command("report", str(folder))
        right = done.code in (2, 3) and done.err.startswith("perturb: ") and "Traceback" not in done.err
        return "" if right and len(done.err.splitlines()) == 1 else f"{name}: exit {done.code}: {done.err[-300:]}"


def bad_folder(name: str) -> str:
    """A folder that cannot be one: bad input."""
    done = command(*RUN, "--out", name)
    return "" if done.one_line(2) else f"{name[:40]}: exit {done.code}: {done.err[-300:]}"


def matrix(limits: tuple[int, ...]) -> Iterator[Row]:
    """Each of them."""
    with tempfile.TemporaryDirectory() as place:
        whole = Path(place) / "whole"
        assert command(*RUN, "--out", str(whole)).code == 0
        wanted: list[object] = [*facts(whole)]
        yield row("RLIMIT_FSIZE (EFBIG), then gone on", [size_limit(limit, wanted) for limit in limits])
        vanished = [vanishing(act) for act in (shutil.rmtree, replace_journal)]
        yield row("the folder vanishes, the journal is replaced", vanished)
        yield row(
            "a folder where a file belongs", [in_the_way(n) for n in ("report.html", "journal.jsonl", "run.json")]
        )
        names = ("/dev/null", "/dev/null/run", "/proc/run", "x" * 300, "/" + "y/" * 2100, str(whole / "run.json"))
        yield row("an --out that cannot be a folder", [bad_folder(name) for name in names])


def attack() -> Iterator[Row]:
    """Ten limits."""
    assert signal.getsignal(signal.SIGXFSZ) is signal.SIG_IGN
    yield from matrix((0, 1, 100, 1000, 3000, 6000, 9000, 12_000, 14_000, 20_000))


def sample() -> Iterator[Row]:
    """Some."""
    yield from matrix((100, 9000))
