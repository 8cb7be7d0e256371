"""Globs: two patterns are one when they pick the same files of the list, in the dialect that is described."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from perturb.judging.grading.kinds import Context, Judged, Reading, UnusableError, flag, kind, said, text

_MAX_BRACES = 256


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a glob's marks mean: does `*` pass a slash or a leading dot, is `**` any depth, are there braces, and is a
    pattern without a slash one for names at any depth?"""

    star_passes_slash: bool = False
    deep: bool = True
    hidden: bool = False
    braces: bool = True
    classes: bool = True
    by_name: bool = False
    extended: bool = False


@kind("glob")
def glob(context: Context, expected: Any, got: Any, _reading: Reading) -> Judged:
    """Both pick the same files of the list."""
    wanted = text(expected, "expected")
    files = context.get("files")
    if not isinstance(files, list | dict):
        raise UnusableError("context.files: not a list")
    if not isinstance(got, str):
        return Judged(False, "not a text")
    root = str(context.get("root") or context.get("cwd") or "").rstrip("/")
    names = [_inside(str(name), root) for name in files]
    one, other = _picked(wanted, names, root, context), _picked(got, names, root, context)
    if one == other:
        return Judged(True)
    odd = sorted(one ^ other)[0]
    return Judged(False, f"{'does not pick' if odd in one else 'picks'} {odd}")


def _inside(name: str, root: str) -> str:
    name = name.removeprefix(root + "/") if root else name
    return name.removeprefix("./")


def dialect_of(told: str) -> Dialect:
    """The dialect that words describe.

    >>> dialect_of("python fnmatch").star_passes_slash
    True
    """
    if re.search(r"fnmatch|find path|find wholename|crosses|matches /|sql", told):
        return Dialect(star_passes_slash=True, hidden=True, braces=False)
    if re.search(r"find name|basename", told):
        return Dialect(hidden=True, braces=False, by_name=True, star_passes_slash=True)
    if re.search(r"gitignore|ripgrep|\brg\b|include", told):
        return Dialect(hidden=True, braces="gitignore" not in told, by_name=True)
    if "pathlib" in told:
        return Dialect(hidden=True, braces=False)
    if re.search(r"python|glob\.glob|glob module", told):
        return Dialect(braces=False)
    if re.search(r"bash|zsh|\bsh\b|posix|shell|dash", told):
        deep = bool(re.search(r"globstar(?! (off|unset|not|disabled))|zsh|\*\*", told)) and "no globstar" not in told
        hidden = "dotglob" in told and "no dotglob" not in told
        return Dialect(deep=deep, hidden=hidden, braces="posix" not in told, extended="extglob" in told)
    if re.search(r"minimatch|fast glob|node|picomatch|npm|micromatch", told):
        return Dialect(hidden="dot: true" in told or "dot true" in told or "dot=true" in told, extended=True)
    if re.search(r"wcmatch", told):
        return Dialect(extended=True)
    return Dialect(hidden=True, extended=True)


def _picked(pattern: str, names: list[str], root: str, context: Context) -> frozenset[str]:
    dialect = dialect_of(said(context, "dialect"))
    dialect = _told_otherwise(dialect, context)
    sensitive = flag(context, "case_sensitive", True)
    if root and pattern.startswith(root + "/"):
        pattern = pattern[len(root) + 1 :]
    anchored = pattern.startswith("/")
    pattern = pattern.removeprefix("./").removeprefix("/")
    try:
        tests = [_expression(one, dialect, sensitive, anchored) for one in _braces(pattern, dialect)]
    except ValueError:
        return frozenset()
    by_name = dialect.by_name and "/" not in pattern.rstrip("/") and not anchored
    return frozenset(
        name for name in names if any(test.fullmatch(posixpath.basename(name) if by_name else name) for test in tests)
    )


def _told_otherwise(dialect: Dialect, context: Context) -> Dialect:
    from dataclasses import replace

    for key, name in (("hidden", "hidden"), ("dot", "hidden"), ("dotglob", "hidden"), ("globstar", "deep")):
        if isinstance(context.get(key), bool):
            dialect = replace(dialect, **{name: context[key]})
    return dialect


def _braces(pattern: str, dialect: Dialect) -> list[str]:
    """Every pattern that the braces stand for. Raises ValueError for too many."""
    found, waiting = [], [pattern]
    while waiting:
        one = waiting.pop()
        spot = _brace(one) if dialect.braces else None
        if spot is None:
            found.append(one)
        else:
            start, end, options = spot
            waiting += [one[:start] + option + one[end + 1 :] for option in options]
        if len(found) + len(waiting) > _MAX_BRACES:
            raise ValueError("too many braces")
    return found


def _brace(pattern: str) -> tuple[int, int, list[str]] | None:
    """(start, end, options) of the first brace that is one."""
    for start, char in enumerate(pattern):
        if char != "{" or pattern[start - 1 : start] in ("\\", "$"):
            continue
        depth, cut, pieces = 0, start + 1, []
        for place in range(start, len(pattern)):
            mark = pattern[place]
            depth += (mark == "{") - (mark == "}")
            if depth == 1 and mark == ",":
                pieces.append(pattern[cut:place])
                cut = place + 1
            if depth == 0:
                pieces.append(pattern[cut:place])
                span = re.fullmatch(r"(-?\d{1,4})\.\.(-?\d{1,4})", pieces[0]) if len(pieces) == 1 else None
                if span:
                    low, high = int(span[1]), int(span[2])
                    steps = range(low, high + 1) if low <= high else range(low, high - 1, -1)
                    return start, place, [str(n) for n in steps][: _MAX_BRACES + 1]
                if len(pieces) > 1:
                    return start, place, pieces
                break
    return None


@lru_cache(maxsize=512)
def _expression(pattern: str, dialect: Dialect, sensitive: bool, anchored: bool) -> re.Pattern[str]:
    """A pattern without braces as an expression over whole names. Raises ValueError for too many stars."""
    if pattern.count("*") > 12:
        raise ValueError("too many stars")
    pattern = re.sub(r"(\*\*/)+", "**/", pattern)
    made, place = "", 0
    while place < len(pattern):
        step, place = _mark(pattern, place, dialect)
        made += step
    del anchored
    return re.compile(made, 0 if sensitive else re.IGNORECASE)


def _mark(pattern: str, place: int, dialect: Dialect) -> tuple[str, int]:
    """The expression of the mark at `place`, and where the next one is."""
    starts = place == 0 or pattern[place - 1] == "/"
    visible = r"(?!\.)" if starts and not dialect.hidden else ""
    any_char = "." if dialect.star_passes_slash else "[^/]"
    char = pattern[place]
    if dialect.deep and not dialect.star_passes_slash and starts and pattern.startswith("**", place):
        after = place + 2
        folder = r"(?:[^/]+/)*" if dialect.hidden else r"(?:(?!\.)[^/]+/)*"
        if pattern.startswith("/", after):
            return folder, after + 1
        if after == len(pattern):
            last = "[^/]+" if dialect.hidden else r"(?!\.)[^/]+"
            return folder + last, after
    if dialect.extended and char in "@?+*!" and pattern.startswith("(", place + 1) and ")" in pattern[place:]:
        end = pattern.index(")", place)
        inner = "|".join("".join(_all(option, dialect)) for option in pattern[place + 2 : end].split("|"))
        if char == "!":
            return rf"(?!(?:{inner})(?:/|$))[^/]*", end + 1
        return f"(?:{inner})" + {"@": "", "?": "?", "+": "+", "*": "*"}[char], end + 1
    if char == "*":
        after = place + 1
        while after < len(pattern) and pattern[after] == "*":
            after += 1
        whole = (starts and (after == len(pattern) or pattern[after] == "/")) and not dialect.star_passes_slash
        return f"{visible}{any_char}{'+' if whole else '*'}", after
    if char == "?":
        return visible + any_char, place + 1
    if char == "[" and dialect.classes:
        return _class(pattern, place, visible)
    if char == "\\" and place + 1 < len(pattern):
        return re.escape(pattern[place + 1]), place + 2
    return re.escape(char), place + 1


def _all(pattern: str, dialect: Dialect) -> list[str]:
    made, place = [], 0
    while place < len(pattern):
        step, place = _mark(pattern, place, dialect)
        made.append(step)
    return made


_POSIX = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r"\s"}


def _class(pattern: str, place: int, visible: str) -> tuple[str, int]:
    start = place + 1 + (pattern[place + 1 : place + 2] in ("!", "^"))
    end = pattern.find("]", start + 1)
    while end >= 0 and pattern[:end].rfind("[:") > pattern[:end].rfind(":]"):
        end = pattern.find("]", end + 1)
    if end < 0:
        return re.escape("["), place + 1
    inner = pattern[start:end]
    inner = (
        re.sub(r"\[:(\w+):\]", lambda m: _POSIX.get(m[1], ""), inner) if "[:" in inner else inner.replace("\\", r"\\")
    )
    inner = inner.replace("[", r"\[").replace("^", r"\^").replace("&&", r"&\&").replace("]", r"\]")
    negated = "^/" if start > place + 1 else ""
    try:
        re.compile(f"[{negated}{inner}]")
    except re.error:
        return "(?!)", end + 1
    return f"{visible}[{negated}{inner}]", end + 1
