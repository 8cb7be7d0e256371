"""Globs and regular expressions from models and fixtures, without the ones that run away."""

from __future__ import annotations

from functools import lru_cache

from perturb.core.errors import UserError
from perturb.core.patterns import Pattern, compile_pattern
from perturb.world.failure import WorldError

MAX_PATTERN = 300


class Glob:
    """A path glob: ``*`` and ``?`` within a name, ``**/`` over any depth, ``{a,b}`` either."""

    def __init__(self, glob: str) -> None:
        if len(glob) > MAX_PATTERN or glob.count("*") > 12 or glob.count("{") > 2:
            raise WorldError("bad_argument", f"glob is too complex: {glob[:60]!r}")
        self._options = [_parts(option) for option in _braces(glob.removeprefix("./"))]

    def matches(self, path: str) -> bool:
        """Whether the whole path matches."""
        names = path.split("/")
        return any(_match(parts, names) for parts in self._options)


def _braces(glob: str) -> list[str]:
    start, end = glob.find("{"), glob.find("}")
    if start < 0 or end < start:
        return [glob]
    return [
        option
        for choice in glob[start + 1 : end].split(",")
        for option in _braces(glob[:start] + choice + glob[end + 1 :])
    ]


def _parts(glob: str) -> tuple[str, ...]:
    return tuple(glob.split("/"))


def _match(parts: tuple[str, ...], names: list[str]) -> bool:
    """Row by row over the parts: `reach` holds how many names can be used up so far."""
    reach = {0}
    for part in parts:
        if part == "**":
            reach = {n for start in reach for n in range(start, len(names) + 1)}
        else:
            reach = {n + 1 for n in reach if n < len(names) and _name(part, names[n])}
    return len(names) in reach


@lru_cache(maxsize=4096)
def _name(part: str, name: str) -> bool:
    """One name against one part, in time part × name."""
    reach = {0}
    for char in part:
        if char == "*":
            reach = set(range(min(reach, default=len(name) + 1), len(name) + 1))
        else:
            reach = {n + 1 for n in reach if n < len(name) and (char == "?" or char == name[n])}
    return len(name) in reach


def compile_regex(pattern: str, ignore_case: bool = False, literal: bool = False) -> Pattern:
    """A regular expression as grep reads it. Raises WorldError for what `compile_pattern` refuses."""
    try:
        return compile_pattern(pattern, ignore_case=ignore_case, literal=literal)
    except UserError as error:
        raise WorldError("bad_argument", str(error)) from error
