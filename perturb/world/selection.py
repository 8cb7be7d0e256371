"""Which tests a call of pytest runs, told from the test files that are there.

Two calls are one when they run the same tests, however these are named: ``pytest`` and ``pytest tests/test_a.py`` where
that file holds them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from perturb.world.invocations import Invocation

_TEST_FILE = re.compile(r"(?:.*/)?(?:test_[^/]*|[^/]*_test)\.py")
_TEST = re.compile(r"^([ \t]*)(?:async[ \t]+def|def|class)[ \t]+(\w+)", re.MULTILINE)


def tests(paths: Iterable[str], text: Callable[[str], str | None], cwd: str) -> frozenset[str]:
    """Every test below `cwd`, as pytest names it: file, class and function.

    >>> sorted(tests(["/a/test_b.py"], lambda path: "def test_c(): 0\\nclass TestD:\\n  def test_e(self): 0", "/a"))
    ['test_b.py::TestD::test_e', 'test_b.py::test_c']
    """
    root, found = cwd.rstrip("/") + "/", set()
    for path in paths:
        if path.startswith(root) and _TEST_FILE.fullmatch(path):
            name, inside = path.removeprefix(root), ""
            for indent, word in _TEST.findall(text(path) or ""):
                inside = inside if indent else ""
                if word.startswith("Test") and not indent:
                    inside = f"{word}::"
                elif word.startswith("test") and (inside or not indent):
                    found.add(f"{name}::{inside}{word}")
    return frozenset(found)


def selected(asked: Invocation, every: frozenset[str]) -> frozenset[str] | None:
    """Those of `every` test that a call of pytest runs; None where only pytest could tell."""
    found = {one for one in every if not asked.operands or any(_within(one, target) for target in asked.operands)}
    for name, value in asked.filters:
        if name == "-k":
            if not re.fullmatch(r"[\w .:\[\]-]*", value):
                return None
            found = {one for one in found if _named(value, one)}
        elif name in ("--deselect", "--ignore"):
            found = {one for one in found if not _within(one, value.removeprefix("./").rstrip("/"))}
        else:
            return None
    return frozenset(found)


def _within(test: str, target: str) -> bool:
    """Whether a test lies in a target: a test in its class or file, a file in its folder."""
    return test == target or test.startswith((target.rstrip("/") + "/", target + "::"))


def _named(words: str, test: str) -> bool:
    """Whether ``-k words`` picks a test out; brackets are not read."""
    return any(
        all(_holds(one, test.casefold()) for one in re.split(r"\band\b", part)) for part in re.split(r"\bor\b", words)
    )


def _holds(word: str, test: str) -> bool:
    word = word.strip().casefold()
    return word.removeprefix("not ").strip() not in test if word.startswith("not ") else word in test


def covers(one: Invocation, other: Invocation) -> bool:
    """Whether `one` runs, by its targets alone, at least what `other` runs; for worlds that hold no test files."""
    if one.filters != other.filters:
        return False
    return not one.operands or (
        bool(other.operands) and all(any(_within(b, a) for a in one.operands) for b in other.operands)
    )
