"""A whole command line, read in textual order: what it means to do, what it changes, whether it leaves the machine.

Nothing is run. Directories, literal variables, loops over literal words, subshells and functions are followed; what
only running would tell is named in `lossy`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

from perturb.core.values import JsonObject, World
from perturb.toolbox.shell.meaning import Meaning, Place
from perturb.toolbox.shell.walk import Walk

Analysis: TypeAlias = Meaning


def intents_of_command(command: str, world: World) -> Analysis:
    """What a command line means in a world: the files of the world are known to it. Total: any text is answered."""
    return _in_world(command, world.cwd, world.home, _Same(world.files))


class _Same:
    """One object and no other: lets a line be read once in a world, whose files are never changed in place."""

    __slots__ = ("it",)

    def __init__(self, it: JsonObject) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.it is other.it


@lru_cache(maxsize=512)
def _in_world(command: str, cwd: str, home: str, files: _Same) -> Analysis:
    return analyse(command, Place(cwd, home, files.it))


def analyse(command: str, place: Place) -> Analysis:
    """What a command line means at a place."""
    walk = Walk(place, {"HOME": place.home, "PWD": place.cwd})
    walk.line(command)
    return walk.total
