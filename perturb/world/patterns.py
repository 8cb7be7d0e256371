"""Globs and regular expressions from models and fixtures, without the ones that run away."""

from __future__ import annotations

import re
from functools import lru_cache

from perturb.world.failure import WorldError

MAX_PATTERN = 300
# Lines longer than this are searched up to here only.
MAX_LINE = 2_000


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


class Regex:
    """A compiled expression that is only ever shown a bounded line."""

    def __init__(self, compiled: re.Pattern[str]) -> None:
        self._compiled = compiled

    def search(self, line: str) -> bool:
        """Whether the expression occurs in `line`."""
        return self._compiled.search(line[:MAX_LINE]) is not None


def compile_regex(pattern: str, ignore_case: bool = False, literal: bool = False) -> Regex:
    """A regular expression with at most three unbounded repeats, none of them nested, no lookaround or back-reference.

    With those limits the worst case is a small power of a 2,000 character line. Raises WorldError for any other.
    """
    if len(pattern) > MAX_PATTERN:
        raise WorldError("bad_argument", "pattern is too long")
    source = re.escape(pattern) if literal else _posix(pattern)
    if not literal:
        _refuse_runaways(source)
    try:
        return Regex(re.compile(source, re.IGNORECASE if ignore_case else 0))
    except re.error as error:
        raise WorldError("bad_argument", f"bad pattern {pattern!r}: {error}") from error


def _posix(pattern: str) -> str:
    for name, chars in (
        ("[:space:]", r"\s"),
        ("[:digit:]", r"\d"),
        ("[:alpha:]", "A-Za-z"),
        ("[:alnum:]", "A-Za-z0-9"),
    ):
        pattern = pattern.replace(name, chars)
    return pattern


def _refuse_runaways(source: str) -> None:
    repeats, depth, repeat_in_group, at = 0, 0, [False], 0
    while at < len(source):
        char = source[at]
        if char == "\\":
            if source[at + 1 : at + 2].isdigit():
                raise WorldError("bad_argument", "back-references are not supported")
            at += 1
        elif char == "[":
            at = max(at, source.find("]", at + 2))
        elif char == "(":
            if source.startswith("(?", at) and not source.startswith("(?:", at):
                raise WorldError("bad_argument", "lookaround is not supported")
            depth += 1
            repeat_in_group.append(False)
        elif char == ")" and depth:
            depth -= 1
            inner = repeat_in_group.pop()
            if inner and source[at + 1 : at + 2] in ("*", "+", "{"):
                raise WorldError("bad_argument", "nested repeats are not supported")
            repeat_in_group[-1] |= inner
        elif char in "|?":
            # Inside a repeated group these make it as ambiguous as a repeat does.
            repeat_in_group[-1] = True
        elif char in "*+{":
            repeats += 1
            repeat_in_group[-1] = True
        at += 1
    if repeats > 3:
        raise WorldError("bad_argument", "too many repeats in one pattern")
