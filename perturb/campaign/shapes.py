"""What the fields of a stored object must be, said as data; the first thing that is wrong with one, in words.

A shape is a type (`object` is anything), a frozenset (one of these values), a range (a whole number in it), a tuple of
shapes (any of them), a list of one shape (a list of such), `{...}` with names (an object that has at least those
fields; a name that ends in ``?`` may be missing) or ``{str: shape}`` (an object of such values).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import reduce
from math import isfinite
from operator import or_
from typing import Annotated, Any, Literal, TypeAlias

import orjson

Shape: TypeAlias = Any
_WORDS: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    object: "anything",
    dict: "an object",
    list: "a list",
    None: "null",
}
_LARGEST = 2**63 - 1


def problem(value: Any, shape: Shape, where: str = "") -> str:
    """What is wrong with `value`, with the field's path first; "" when it is as `shape` says.

    >>> problem({"a": {"b": [1, "x"]}}, {"a": {"b": [int]}})
    'a.b.1: is not a whole number but a text'
    >>> problem({"a": 1}, {"a": (int, None), "b?": str})
    ''
    """
    if not where and _fits(value, shape):
        return ""
    if isinstance(shape, tuple):
        return "" if any(not problem(value, one, where) for one in shape) else _wrong(value, shape, where)
    if isinstance(shape, list):
        return _list_problem(value, shape[0], where)
    if isinstance(shape, Mapping):
        return _object_problem(value, shape, where)
    return "" if _is(value, shape) else _wrong(value, shape, where)


# By the shape's identity.
_COMPILED: dict[int, tuple[Shape, Any]] = {}


def _fits(value: Any, shape: Shape) -> bool:
    """Whether a value is as `shape` says, in one pass of compiled code: journals have hundreds of thousands of records.

    "No" may be wrong, "yes" never is.
    """
    import msgspec

    if id(shape) not in _COMPILED:
        # The shape is kept, so that no other one gets its id.
        _COMPILED[id(shape)] = shape, _compiled(shape)
    kind = _COMPILED[id(shape)][1]
    if kind is None:
        return False
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError):
        return False
    return True


def _compiled(shape: Shape) -> Any:
    """The type of a shape; None for one that compiled code cannot tell, such as either of two objects."""
    import msgspec

    kind = _type(shape)
    try:
        msgspec.convert(None, kind)
    except msgspec.ValidationError:
        return kind
    except TypeError:
        return None
    return kind


def _type(shape: Shape) -> Any:
    """The type whose values are those of `shape`."""
    import msgspec

    if isinstance(shape, tuple):
        return reduce(or_, map(_type, shape))
    if isinstance(shape, list):
        return list[_type(shape[0])]  # type: ignore[misc]  # made while running
    if isinstance(shape, Mapping):
        if str in shape:
            return dict[str, _type(shape[str])]  # type: ignore[misc]  # likewise
        must = [(name, _type(inner)) for name, inner in shape.items() if not name.endswith("?")]
        may = [(name[:-1], _type(inner), None) for name, inner in shape.items() if name.endswith("?")]
        return msgspec.defstruct("Fields", [*must, *may], kw_only=True)
    if isinstance(shape, range):
        return Annotated[int, msgspec.Meta(ge=shape.start, lt=shape.stop)]
    if isinstance(shape, frozenset):
        return Literal[tuple(sorted(shape))]
    if shape is int or shape is float:
        most = _LARGEST if shape is int else sys.float_info.max
        return Annotated[shape, msgspec.Meta(ge=-most, le=most)]
    return Any if shape is object else shape


def _is(value: Any, kind: Any) -> bool:
    if kind is None:
        return value is None
    if kind is int:
        return type(value) is int and -_LARGEST <= value <= _LARGEST
    if kind is float:
        return type(value) in (int, float) and isfinite(value)
    if isinstance(kind, range):
        return type(value) is int and value in kind
    if isinstance(kind, frozenset):
        return isinstance(value, str) and value in kind
    return isinstance(value, kind)


def _list_problem(value: Any, shape: Shape, where: str) -> str:
    if not isinstance(value, list):
        return _wrong(value, list, where)
    found = (problem(one, shape, _at(where, str(place))) for place, one in enumerate(value))
    return next(filter(None, found), "")


def _object_problem(value: Any, shape: Mapping[Any, Shape], where: str) -> str:
    if not isinstance(value, dict):
        return _wrong(value, dict, where)
    if str in shape:
        found = (problem(one, shape[str], _at(where, str(name))) for name, one in value.items())
        return next(filter(None, found), "")
    for name, inner in shape.items():
        plain = name.removesuffix("?")
        if plain not in value:
            if name == plain:
                return f"{_at(where, plain)}: is missing"
            continue
        if wrong := problem(value[plain], inner, _at(where, plain)):
            return wrong
    return ""


def _wrong(value: Any, shape: Shape, where: str) -> str:
    kinds = shape if isinstance(shape, tuple) else (shape,)
    names = dict.fromkeys(_named(kind) for kind in kinds)
    return f"{where}{': ' if where else ''}is not {' or '.join(names)} but {_shown(value)}"


def _named(shape: Shape) -> str:
    if isinstance(shape, range):
        return f"a whole number from {shape.start} to {shape.stop - 1}"
    if isinstance(shape, frozenset):
        return f"one of {', '.join(sorted(shape))}"
    return _WORDS[dict if isinstance(shape, Mapping) else list if isinstance(shape, list) else shape]


def _shown(value: Any) -> str:
    """Numbers as they are, the rest by its kind: a file can hold a secret where another thing belongs."""
    return _WORDS[type(value)] if isinstance(value, dict | list | str) else orjson.dumps(value).decode()


def _at(where: str, name: str) -> str:
    return f"{where}.{name[:40]}" if where else name[:40]
