"""Commands of our own in the sandbox: what they are asked, what they say, and how one is registered.

They answer what bash and its tools cannot know here: the world's clock, its history, and what recorded programs gave.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from perturb.core.values import World


@dataclass(frozen=True, slots=True)
class Said:
    """What a command prints, and its exit code."""

    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0


@dataclass
class Session:
    """What lives as long as one command line: the world it started from, its git state, names already given."""

    world: World
    rerun: Callable[[World, str], Said]
    git: Any = None
    named: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of a command: its words, what it is fed, where it runs, and the files as they are now."""

    name: str
    words: tuple[str, ...]
    stdin: str
    cwd: str
    fs: Any
    session: Session
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def world(self) -> World:
        """The world in which the line started."""
        return self.session.world

    def absolute(self, path: str) -> str:
        """`path` as a normal absolute path."""
        return "/" + posixpath.normpath(posixpath.join(self.cwd, path)).lstrip("/")

    def text(self, path: str) -> str | None:
        """The text of a file as it is now, or None where there is none."""
        try:
            return bytes(self.fs.read_file(path)).decode("utf-8", "replace")
        except RuntimeError:
            return None

    def exists(self, path: str) -> bool:
        """Whether there is a file or directory."""
        return bool(self.fs.exists(path))


Builtin = Callable[[Asked], Said]
BUILTINS: dict[str, Builtin] = {}


def builtin(*names: str) -> Callable[[Builtin], Builtin]:
    """Register a function as the commands of these names."""

    def register(function: Builtin) -> Builtin:
        BUILTINS.update(dict.fromkeys(names, function))
        return function

    return register
