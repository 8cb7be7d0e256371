"""JSON values: structure decides; JSON inside a text counts only where that is said."""

from __future__ import annotations

from typing import Any

from perturb.core.exact import brief, is_number, loads, same
from perturb.judging.grading.kinds import Context, Judged, Reading, kind, said
from perturb.judging.grading.spelling import canonical


@kind("json")
def document(context: Context, expected: Any, got: Any, _reading: Reading) -> Judged:
    """One structure."""
    how = said(context, "compare")
    try:
        value = canonical(context, got)
    except ValueError as problem:
        return Judged(False, str(problem))
    if "document" in how or "parsed" in how or "inside text" in how:
        try:
            expected, value = _opened(expected), _opened(value)
        except ValueError:
            return Judged(False, "the text is no JSON")
    if _any_order(how):
        return Judged(True) if unordered(expected, value) else Judged(False, _first(expected, value))
    return Judged(True) if same(expected, value) else Judged(False, _first(expected, value))


def _any_order(how: str) -> bool:
    """Whether the order of lists is said not to count; the order of keys never does."""
    free = "order" in how and ("ignor" in how or "not" in how or "any" in how)
    return (free or "as sets" in how or "unordered" in how) and "key" not in how


def _opened(value: Any) -> Any:
    return loads(value) if isinstance(value, str) else value


def unordered(one: Any, other: Any) -> bool:
    """Equality where no list has an order. Elements are matched one to one."""
    if isinstance(one, list) and isinstance(other, list):
        left = list(other)
        for item in one:
            place = next((n for n, candidate in enumerate(left) if unordered(item, candidate)), None)
            if place is None:
                return False
            left.pop(place)
        return not left
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(unordered(one[key], other[key]) for key in one)
    return same(one, other)


def _first(one: Any, other: Any, place: str = "") -> str:
    """The first place where two values differ, in words."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one:
            if key not in other:
                return f"{place}/{key} is missing"
            if not same(one[key], other[key]):
                return _first(one[key], other[key], f"{place}/{key}")
        odd = next((key for key in other if key not in one), "")
        return f"{place}/{odd} is not expected"
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return f"{place or '/'} has {len(other)} elements, not {len(one)}"
        for number, pair in enumerate(zip(one, other, strict=True)):
            if not same(*pair):
                return _first(*pair, f"{place}/{number}")
    if type(one) is not type(other) and not (is_number(one) and is_number(other)):
        return f"{place or 'value'}: {brief(other)} is of another type than {brief(one)}"
    return f"{place or 'value'}: {brief(other)} is not {brief(one)}"
