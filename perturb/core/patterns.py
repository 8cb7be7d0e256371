"""The one door for patterns from outside: a regular expression that answers in time linear in the text.

RE2 (Russ Cox, "Regular Expression Matching Can Be Simple And Fast", 2007) runs an automaton, so no pattern makes it
back off and try again. What only backtracking can do (back-references, lookaround, possessive repeats) it refuses.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from perturb.core.errors import UserError

MAX_PATTERN = 1_000
# Steps of a pattern's automaton: each byte of text may cost as many (measured: 12 microseconds at most).
MAX_STEPS = 2_000


class Pattern:
    """A compiled regular expression. `text` is how it was written."""

    def __init__(self, text: str, compiled: Any) -> None:
        self.text = text
        self._compiled = compiled

    def search(self, text: str) -> bool:
        """Whether it occurs anywhere in `text`. Characters that UTF-8 cannot hold stand for ``?``."""
        return bool(self._compiled.search(text.encode("utf-8", "replace")))

    def fullmatch(self, text: str) -> bool:
        """Whether it is the whole of `text`."""
        return bool(self._compiled.fullmatch(text.encode("utf-8", "replace")))


@lru_cache(maxsize=512)
def compile_pattern(text: str, *, ignore_case: bool = False, literal: bool = False) -> Pattern:
    r"""`text` as a pattern; `literal` takes every character for itself. `.` matches no line end, `^` and `$` are the
    ends of the text, and classes such as ``\d`` are ASCII, as JSON Schema has them.

    Raises UserError for what is no pattern, is longer than `MAX_PATTERN`, is too large once its repeats are
    written out, or needs backtracking.

    >>> compile_pattern(r"^(a|b)+$").search("abba")
    True
    >>> compile_pattern(r"(a)\1")
    Traceback (most recent call last):
    ...
    perturb.core.errors.UserError: bad pattern '(a)\\1': invalid escape sequence: \1 (back-references are not supported)
    """
    import re2

    shown = text if len(text) <= 60 else text[:60] + "…"
    if len(text) > MAX_PATTERN:
        raise UserError(f"bad pattern {shown!r}: longer than {MAX_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignore_case
    options.literal = literal
    try:
        compiled = re2.compile(text.encode("utf-8"), options)
    except UnicodeEncodeError as error:
        raise UserError(f"bad pattern {shown!r}: holds a lone surrogate") from error
    except re2.error as error:
        said = error.args[0] if error.args else ""
        reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise UserError(f"bad pattern {shown!r}: {reason}{_hint(reason)}") from error
    if compiled.programsize > MAX_STEPS:
        raise UserError(f"bad pattern {shown!r}: its repeats make it too large")
    return Pattern(text, compiled)


def _hint(reason: str) -> str:
    if reason.startswith("invalid escape sequence") and reason[-1:].isdigit():
        return " (back-references are not supported)"
    if reason.startswith("invalid perl operator: (?") and reason[-1:] in "=!<":
        return " (lookaround is not supported)"
    return ""
