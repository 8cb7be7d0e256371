"""Lists: a sequence, a multiset or a set, as is said."""

from __future__ import annotations

import re
from typing import Any

from perturb.core.exact import brief, same
from perturb.judging.grading.kinds import KINDS, Context, Judged, Reading, UnusableError, kind, said
from perturb.judging.grading.spelling import canonical


@kind("list_ordered")
def ordered(context: Context, expected: Any, got: Any, reading: Reading) -> Judged:
    """The same elements in the same order."""
    return _compared({**context, "semantics": context.get("semantics") or "a sequence"}, expected, got, reading)


@kind("list_unordered")
def unordered(context: Context, expected: Any, got: Any, reading: Reading) -> Judged:
    """The same elements, each as often; a set where `semantics` says so."""
    return _compared(context, expected, got, reading)


def _compared(context: Context, expected: Any, got: Any, reading: Reading) -> Judged:
    if not isinstance(expected, list):
        raise UnusableError("expected: not a list")
    try:
        value = canonical(context, got)
    except ValueError as problem:
        return Judged(False, str(problem))
    if not isinstance(value, list):
        return Judged(False, "not a list")
    how = said(context, "semantics")
    alike = _alike(context, reading)
    if re.search(r"sequence|ordered(?! set)|order (matters|counts)", how) and not re.search(
        r"unordered|not ordered|not a sequence|does not matter", how
    ):
        equal = len(expected) == len(value) and all(map(alike, expected, value))
        return Judged(equal, "" if equal else "another sequence")
    if re.search(r"\bset\b", how) and "multi" not in how:
        odd = _odd(expected, value, alike) or _odd(value, expected, alike)
        return Judged(not odd, f"{brief(odd[0])} is in one only" if odd else "")
    left = list(value)
    for item in expected:
        place = next((n for n, candidate in enumerate(left) if alike(item, candidate)), None)
        if place is None:
            return Judged(False, f"{brief(item)} is missing")
        left.pop(place)
    return Judged(not left, f"{brief(left[0])} is too much" if left else "")


def _odd(one: list[Any], other: list[Any], alike: Any) -> list[Any]:
    return [item for item in one if not any(alike(item, candidate) for candidate in other)]


def _alike(context: Context, reading: Reading) -> Any:
    """How elements compare: as values of a kind where one is named, else as JSON."""
    name = next(
        (context[k] for k in ("element_kind", "item_kind", "items", "of") if isinstance(context.get(k), str)), ""
    )
    if name in KINDS:
        inner = {key: value for key, value in context.items() if key not in ("semantics", "schema", "codec")}
        return lambda one, other: KINDS[name](inner, one, other, reading).equal
    return same
