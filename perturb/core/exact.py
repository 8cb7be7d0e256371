"""JSON without loss: numbers keep every digit, and two values are the same when JSON Schema says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

# JSON data ready to be written down.
Plain: TypeAlias = Any
_MAX_DIGITS = 4_000


def loads(text: str | bytes) -> Any:
    """JSON with every digit kept: whole numbers as int, others as Decimal. Raises ValueError, also for NaN.

    >>> loads("[1.0, 0.10, 9007199254740993]")
    [1, Decimal('0.10'), 9007199254740993]
    """
    try:
        return json.loads(text, parse_float=_number, parse_int=_whole, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _whole(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError("a number of too many digits")
    return int(digits)


def _number(digits: str) -> int | Decimal:
    try:
        value = Decimal(digits[:_MAX_DIGITS])
    except InvalidOperation as error:
        raise ValueError("a number whose exponent is out of all bounds") from error
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    small = abs(exponent) < 400
    return int(value) if small and value == value.to_integral_value() else value


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def is_number(value: Any) -> bool:
    """Whether JSON Schema calls `value` a number: true is none."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def exactly(value: int | float | Decimal) -> int | Decimal:
    """A number as written: a float is what its shortest spelling says.

    >>> exactly(0.1) == Decimal("0.1")
    True
    """
    return Decimal(repr(value)) if isinstance(value, float) else value


def same(one: Any, other: Any) -> bool:
    """Equality of JSON Schema: 1 is 1.0, true is not 1, a list keeps its order, an object does not.

    >>> same({"a": [1, None]}, {"a": [1.0, None]}), same(True, 1), same(2**53 + 1, 2**53)
    (True, False, False)
    """
    if is_number(one) and is_number(other):
        return exactly(one) == exactly(other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def plain(value: Any) -> Plain:
    """`value` with numbers that every JSON writer takes; digits that none keeps become a text."""
    if isinstance(value, Decimal):
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def brief(value: Any) -> str:
    """A value for a reason, never long."""
    shown = repr(plain(value))
    return shown if len(shown) <= 100 else shown[:97] + "..."
