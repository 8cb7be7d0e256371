"""Single values: numbers, whole numbers, yes or no, one of a list."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

from perturb.core.exact import brief, exactly, is_number, same
from perturb.judging.grading.kinds import Context, Judged, Reading, UnusableError, kind
from perturb.judging.grading.spelling import canonical
from perturb.judging.grading.units import convert, quantity


def _understood(context: Context, got: Any) -> Any:
    """`got` in canonical spelling. Raises ValueError when it stands for nothing."""
    if isinstance(got, str) and context.get("unit") and not context.get("codec"):
        measured = quantity(got)
        if measured:
            return convert(measured[0], measured[1], str(context["unit"]))
    return canonical(context, got)


def _differs(expected: Any, got: Any) -> Judged:
    return Judged(False, f"{brief(got)} is not {brief(expected)}")


@kind("number", "integer")
def number(context: Context, expected: Any, got: Any, _reading: Reading) -> Judged:
    """One number, digit by digit; a tolerance only where one is declared."""
    if not is_number(expected):
        return enum(context, expected, got, _reading)
    try:
        value = _understood(context, got)
    except ValueError as problem:
        return Judged(False, str(problem))
    if not (is_number(value) or isinstance(value, Fraction)):
        return Judged(False, f"{brief(got)} is no number")
    if _beyond(expected) or _beyond(value):
        return Judged(True) if same(expected, value) else _differs(expected, got)
    one, other = Fraction(exactly(expected)), Fraction(value if isinstance(value, Fraction) else exactly(value))
    near = abs(one - other) <= _tolerance(context.get("tolerance"), one)
    return Judged(True) if near else _differs(expected, got)


def _beyond(value: Any) -> bool:
    """Whether a number is too long to be written out."""
    return isinstance(value, Decimal) and (not value.is_finite() or abs(value.adjusted()) > 4_000)


def _tolerance(declared: Any, about: Fraction) -> Fraction:
    """The largest difference that does not count. A number is absolute; a share is of the expected value."""
    if declared is None:
        return Fraction(0)
    if is_number(declared):
        return Fraction(exactly(declared))
    if isinstance(declared, dict):
        found = Fraction(0)
        for name, value in declared.items():
            if not is_number(value):
                continue
            size = Fraction(exactly(value))
            if name.startswith(("rel", "percent", "pct")):
                found = max(found, abs(about) * size / (100 if name.startswith(("percent", "pct")) else 1))
            elif name.startswith(("abs", "value", "max", "plus", "delta")):
                found = max(found, size)
        kind_of = str(declared.get("kind", declared.get("type", "")))
        if kind_of.startswith("rel") and is_number(declared.get("value")):
            return abs(about) * Fraction(exactly(declared["value"]))
        return found
    match = re.search(r"(\d+(?:\.\d+)?(?:e-?\d{1,3})?)\s*(%|percent)?", str(declared).lower())
    if not match:
        if re.search(r"none|exact|no ", str(declared).lower()):
            return Fraction(0)
        raise UnusableError(f"context.tolerance: {declared!r} is no tolerance")
    size = Fraction(match[1])
    if match[2]:
        return abs(about) * size / 100
    return abs(about) * size if "relativ" in str(declared).lower() else size


@kind("boolean")
def boolean(context: Context, expected: Any, got: Any, _reading: Reading) -> Judged:
    """One yes or no; a word or a number is one only where the codec says so."""
    return enum(context, expected, got, _reading)


@kind("enum")
def enum(context: Context, expected: Any, got: Any, _reading: Reading) -> Judged:
    """One value of the list, spelled as the codec says."""
    try:
        value = canonical(context, got)
    except ValueError as problem:
        return Judged(False, f"{brief(got)}: {problem}")
    if same(expected, value) or (
        isinstance(expected, bool | int) and value == _name(expected) and context.get("codec")
    ):
        return Judged(True)
    return _differs(expected, got)


def _name(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
