"""What the first bytes of a file show of its records, though the last of them is cut: for telling formats apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from perturb.recordings.registry import Recognises

_MARK = re.compile(rb'"(?:[^"\\]++|\\.)*+("|\\?\Z)|[][{},]', re.S)
_CLOSES = {b"{": b"}", b"[": b"]"}


class Head:
    """The records at the beginning of a file. A `path` of keys walks into them, and into every item of a list."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def find(self, *path: str) -> list[Any]:
        """Everything that stands at `path`, over all records; lists are their items."""
        found = _flat(self.values)
        for key in path:
            found = _flat([one[key] for one in found if isinstance(one, dict) and key in one])
        return found

    def names(self, *path: str) -> set[str]:
        """The keys of all objects at `path`."""
        return {key for one in self.find(*path) if isinstance(one, dict) for key in one}

    def first(self) -> set[str]:
        """The keys of the first record."""
        return set(self.values[0]) if self.values and isinstance(self.values[0], dict) else set()

    def texts(self, *path: str) -> set[str]:
        """The texts at `path`."""
        return {one for one in self.find(*path) if isinstance(one, str)}


def _flat(values: list[Any]) -> list[Any]:
    return [item for one in values for item in (one if isinstance(one, list) else [one])]


def seen(test: Callable[[Head], bool]) -> Recognises:
    """`test` of a file's `Head` as an importer's ``recognises``."""

    def recognises(head: bytes, path: Path) -> bool:
        del path
        return test(head_of(head))

    return recognises


@lru_cache(maxsize=2)
def head_of(head: bytes) -> Head:
    r"""The records that the first bytes of a file hold, of a list, of lines, or one document.

    >>> head_of(b'[{"a": 1}, {"b": [{"c": "x').values
    [{'a': 1}, {'b': [{}]}]
    >>> head_of(b'{"a": 1}\n{"a": 2}\n{"a"').values
    [{'a': 1}, {'a': 2}]
    """
    values = list(_lines(head))
    if not values:
        found = _repaired(head)
        values = found if isinstance(found, list) else [found]
    return Head(values)


def _lines(head: bytes) -> Iterator[Any]:
    for line in head.split(b"\n")[:200]:
        if line.startswith(b"{"):
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError:
                continue


def _repaired(head: bytes) -> Any:
    """The JSON of a text that may end anywhere: what is unfinished at its end is left off."""
    cut, stack = 0, list[bytes]()
    for found in _MARK.finditer(head):
        mark = found[0]
        if found[1] is not None:
            continue
        if mark in _CLOSES:
            stack.append(_CLOSES[mark])
        elif mark != b",":
            stack = stack[:-1]
        cut = found.start() if mark == b"," else found.end()
    try:
        return orjson.loads(head[:cut] + b"".join(reversed(stack)))
    except orjson.JSONDecodeError:
        return None
