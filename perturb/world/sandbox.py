"""A command line run in memory: bash and Python of bashkit over the files of a world, and the files read back.

Nothing reaches the host: no process is started, no file of the machine is seen, the network is off. Time, memory,
commands, loops and output are bounded. The clock is the world's, the order of names is the alphabet's.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from perturb.core.values import Json, World
from perturb.toolbox.shell.analysis import intents_of_command
from perturb.world import git_commands, git_moves, machine, python_source, recordings, sed_text  # noqa: F401 (they register)
from perturb.world.builtins import BUILTINS, Asked, Said, Session
from perturb.world.disk import fill, read
from perturb.world.preamble import preamble
from perturb.world.repository import after, kept, overlay

MAX_OUTPUT = 200_000
MAX_COMMAND = 50_000
# Worlds of more files than this are not remembered.
MAX_KEPT = 300
# Seconds of the processor that any honest line needs at most, and how often one may be tried that had less.
ENOUGH = 0.3
TRIES = 5
_OUT_OF_TIME = re.compile("time limit exceeded|execution timeout|timed out")
_ALLOWED = "BASHKIT_ALLOW_INPROCESS_PYTHON"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a line printed, its exit code, and the world after it."""

    stdout: str
    stderr: str
    exit_code: int
    world: World


class _Here(threading.local):
    """One interpreter per thread, and the session that its commands answer from."""

    bash: Any = None
    session: Session | None = None


_HERE = _Here()


def run(world: World, line: str) -> Ran:
    """Run a line at the world's directory. Total: any text gives an answer; the directory is the same afterwards."""
    if len(line) > MAX_COMMAND:
        return Ran("", "bash: argument list too long\n", 126, world)
    if len(world.files) > MAX_KEPT:
        said, left = _run(line, world)
    else:
        key = (world.cwd, world.home, world.clock, world.os, world.locale, world.directories)
        state = (tuple(world.files.items()), repr(world.modes), repr(world.git), repr(world.python))
        said, left = _kept(key, state, line, _Given(world))
    return Ran(said.stdout, said.stderr, said.exit_code, _changed(world, left) if left else world)


@dataclass(frozen=True, slots=True)
class Left:
    """What a line leaves behind: files that are other than before (None: gone), and the rest of the state."""

    files: Mapping[str, str | None]
    modes: Mapping[str, int]
    directories: tuple[str, ...]
    git: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """A world that is the same for the cache as any other: what a line depends on stands beside it."""

    world: World

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Given)


@lru_cache(maxsize=1024)
def _kept(_key: Json, _state: Json, line: str, given: _Given) -> tuple[Said, Left | None]:
    """What :func:`_run` gives, remembered."""
    return _run(line, given.world)


def _run(line: str, world: World) -> tuple[Said, Left | None]:
    """Run a line; what it leaves behind, or None where nothing is other than before.

    The limit of time is the clock's: a line that ran out of it without having had the processor is tried again.
    """
    for _ in range(TRIES):
        used = time.thread_time()
        found = _try(line, world)
        if not _OUT_OF_TIME.search(found[0].stderr) or time.thread_time() - used > ENOUGH:
            break
    return found


def _try(line: str, world: World) -> tuple[Said, Left | None]:
    bash = _interpreter()
    session = Session(world, _rerun)
    fs = bash.fs()
    written = fill(fs, world)
    for path in intents_of_command(line, world).clobbers if ">" in line else ():
        # bash opens a redirection before it runs the command: `sed s/a/b/ f > f` reads an empty file.
        if path in world.files:
            fs.write_file(path, b"")
    outer, _HERE.session = _HERE.session, session
    try:
        bash.execute_sync(preamble(world, line))
        done = bash.execute_sync(line.replace("\0", "").encode("utf-8", "replace").decode())
    finally:
        _HERE.session = outer
    disk = read(fs, world)
    files: dict[str, str | None] = {path: None for path in written if path not in disk.files}
    changed = {path: raw for path, raw in disk.files.items() if written.get(path) != raw}
    files.update({path: raw.decode("utf-8", "replace") for path, raw in changed.items()})
    git = None
    if session.git is not None:
        git = kept(session.git, overlay({path: str(text) for path, text in world.files.items()}, files))
    same = not files and disk.modes == world.modes and disk.empty == world.directories and git in (None, world.git)
    return _said(done), None if same else Left(files, disk.modes, disk.empty, git)


def _changed(world: World, left: Left) -> World:
    """The world with what a line left behind."""
    found = after(world, left.files)
    if left.git is not None:
        found = replace(found, git=left.git)
    return replace(found, modes=dict(left.modes), directories=left.directories)


def _rerun(world: World, line: str) -> Said:
    """Run a line inside another's run: an interpreter cannot be entered twice, so a thread of its own has its own."""
    found: list[Ran] = []
    thread = threading.Thread(target=lambda: found.append(run(world, line)))
    thread.start()
    thread.join()
    return Said(found[0].stdout, found[0].stderr, found[0].exit_code) if found else Said("", "", 1)


def _interpreter() -> Any:
    """This thread's interpreter, as new."""
    if _HERE.bash is None:
        from bashkit import Bash

        _HERE.bash = Bash(
            username="dev",
            hostname="localhost",
            python=True,
            env={_ALLOWED: "1"},
            custom_builtins=dict.fromkeys(BUILTINS, _callback),
            max_commands=20_000,
            max_loop_iterations=20_000,
            max_memory=64_000_000,
            timeout_seconds=2.0,
        )
    _HERE.bash.reset()
    return _HERE.bash


def _callback(context: Any) -> Any:
    """One of our own commands, called by the interpreter."""
    from bashkit import BuiltinResult

    assert _HERE.session is not None
    asked = Asked(
        context.name, tuple(context.argv), context.stdin or "", context.cwd, context.fs, _HERE.session, context.env
    )
    said = BUILTINS[context.name](asked)
    return BuiltinResult(said.stdout, said.stderr, said.exit_code)


# What bashkit adds to a message, and how long something took.
_ADDED = re.compile(r"(?<=command not found)\. [^\n]*|(?<=time limit exceeded): [^\n]*")


def _said(done: Any) -> Said:
    """What the interpreter answered, in the words of the shell that it stands for."""
    stdout, stderr, code = str(done.stdout), str(done.stderr), int(done.exit_code)
    error = str(done.error or "")
    if error.startswith("parse error"):
        stderr, code = f"bash: -c: {error.removeprefix('parse error ')}\n", 2
    elif error and error not in stderr:
        stderr, code = f"{stderr}bash: {error}\n", code or 1
    stdout = stdout.replace(f"{_ALLOWED}=1\n", "")
    stderr = stderr.replace("[Errno 2] io error: not found:", "[Errno 2] No such file or directory:")
    return Said(_bounded(stdout), _bounded(_ADDED.sub("", stderr)), code)


def _bounded(text: str) -> str:
    return text if len(text) <= MAX_OUTPUT else text[:MAX_OUTPUT] + "\n[output is cut here]\n"
