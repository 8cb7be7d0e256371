"""Regular expressions: two are one when they find the same in the text, in the flavour that is described."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from perturb.judging.grading.kinds import Context, Judged, Reading, UnusableError, flag, kind, said, text

_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Flavour:
    """How the expression is read: POSIX takes the longest alternative, a fixed text is no expression."""

    basic: bool = False
    longest: bool = False
    fixed: bool = False
    javascript: bool = False


@kind("regex")
def regex(context: Context, expected: Any, got: Any, _reading: Reading) -> Judged:
    """Both find the same spans, or the same lines, of the text."""
    wanted, body = text(expected, "expected"), text(context.get("text"), "context.text")
    if not isinstance(got, str):
        return Judged(False, "not a text")
    flavour = _flavour(said(context, "flavour") or said(context, "flavor"))
    how = said(context, "compare") or "matched spans"
    ignore = not flag(context, "case_sensitive", True) or "i" in str(context.get("flags") or "")
    try:
        one = _matches(wanted, body, flavour, how, ignore)
    except ValueError as problem:
        raise UnusableError(f"expected: {problem}") from problem
    try:
        other = _matches(got, body, flavour, how, ignore)
    except ValueError as problem:
        return Judged(False, f"no expression: {problem}")
    if one == other:
        return Judged(True)
    odd = next((pair for pair in (*one, *other) if (pair in one) != (pair in other)), None)
    return Judged(False, f"differ at {odd}")


def _flavour(told: str) -> _Flavour:
    if re.search(r"fixed|literal|grep f|fgrep", told):
        return _Flavour(fixed=True)
    if re.search(r"basic|\bbre\b", told) or told in ("grep", "sed", "posix grep", "gnu grep"):
        return _Flavour(basic=True, longest=True)
    if re.search(r"extended|\bere\b|posix|egrep|grep e|awk", told):
        return _Flavour(longest=True)
    return _Flavour(javascript=bool(re.search(r"javascript|ecmascript|\bjs\b", told)))


def _matches(pattern: str, body: str, flavour: _Flavour, how: str, ignore: bool) -> list[Any]:
    """What `compare` looks at. Raises ValueError for what is no expression, or one that takes too long."""
    engine = _compiled(pattern, flavour, ignore, by_line="line" in how)
    if "line" in how:
        lines = body.split("\n")[: -1 if body.endswith("\n") else None]
        return [number for number, line in enumerate(lines, 1) if engine.found(line)]
    if "group" in how:
        return engine.groups(body)
    if "whole" in how or "full" in how or "valid" in how:
        return [span == (0, len(body)) for span in engine.spans(body)[:1]]
    if "first" in how:
        return engine.spans(body)[:1]
    return engine.spans(body)


class _Engine:
    """re2 where it can, else an engine with a time limit (look-arounds and back-references)."""

    def __init__(self, pattern: str, longest: bool, ignore: bool) -> None:
        import re2

        options = re2.Options()
        options.log_errors = False
        options.longest_match, options.case_sensitive = longest, not ignore
        self.fast: Any = None
        self.slow: Any = None
        try:
            self.fast = re2.compile(pattern, options=options)
        except re2.error:
            import regex as backtracking

            try:
                self.slow = backtracking.compile(pattern, backtracking.IGNORECASE if ignore else 0)
            except backtracking.error as error:
                raise ValueError(str(error)) from error

    def _each(self, body: str) -> Any:
        if self.fast is not None:
            return self.fast.finditer(body)
        return self.slow.finditer(body, timeout=_SECONDS)

    def found(self, line: str) -> bool:
        """Whether there is a match."""
        try:
            return next(iter(self._each(line)), None) is not None
        except TimeoutError as error:
            raise ValueError("takes too long") from error

    def spans(self, body: str) -> list[Any]:
        """Start and end of every match."""
        try:
            return [match.span() for match in self._each(body)]
        except TimeoutError as error:
            raise ValueError("takes too long") from error

    def groups(self, body: str) -> list[Any]:
        """Span and groups of every match."""
        try:
            return [(match.span(), match.groups()) for match in self._each(body)]
        except TimeoutError as error:
            raise ValueError("takes too long") from error


def _compiled(pattern: str, flavour: _Flavour, ignore: bool, by_line: bool) -> _Engine:
    if len(pattern) > 10_000:
        raise ValueError("too long")
    if flavour.fixed:
        pattern = "|".join(map(re.escape, pattern.split("\n"))) if by_line else re.escape(pattern)
    elif flavour.basic:
        pattern = extended(pattern)
    if flavour.longest and not flavour.fixed:
        pattern = _posix(pattern)
    if flavour.javascript:
        pattern, ignore = _slashed(pattern, ignore)
    return _Engine(pattern, flavour.longest, ignore)


def _slashed(pattern: str, ignore: bool) -> tuple[str, bool]:
    """A JavaScript literal ``/…/flags`` as its expression; named groups as re2 spells them."""
    literal = re.fullmatch(r"/(.*)/([dgimsuvy]*)", pattern, re.DOTALL)
    if literal:
        flags = "".join(mark for mark in literal[2] if mark in "ims")
        pattern = f"(?{flags}){literal[1]}" if flags else literal[1]
    return pattern.replace(r"\/", "/"), ignore


def _posix(pattern: str) -> str:
    """GNU's word marks as re2's."""
    return re.sub(r"\\([<>])", r"\\b", pattern)


def extended(pattern: str) -> str:
    """A basic expression as an extended one: the marks that need a backslash and those that must not have one.

    >>> extended(r"a\\(b\\|c\\)+")
    'a(b|c)\\\\+'
    """
    out, place, special = [], 0, "|+?(){}"
    while place < len(pattern):
        char = pattern[place]
        if char == "[":
            end = pattern.find("]", place + 2 + pattern.startswith("^", place + 1))
            while end >= 0 and pattern[place:end].rfind("[:") > pattern[place:end].rfind(":]"):
                end = pattern.find("]", end + 1)
            if end > 0:
                out.append(pattern[place : end + 1])
                place = end + 1
                continue
        if char == "\\" and place + 1 < len(pattern):
            after = pattern[place + 1]
            out.append(after if after in special else char + after)
            place += 2
            continue
        leads = not out or out[-1] in ("(", "|", "^")
        out.append("\\" + char if char in special or (char == "*" and leads) else char)
        place += 1
    return "".join(out)
