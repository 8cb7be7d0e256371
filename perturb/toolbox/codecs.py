"""Value codecs: how one canonical argument is spelled in a visible parameter, and back.

A codec is data, ``(name, *data)``, so that a perturbed tool stays a printable value. Encoding raises
:class:`~perturb.core.errors.UnrepresentableError` rather than lose anything; decoding raises ValueError for a
visible value that stands for nothing.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from perturb.core.errors import UnrepresentableError
from perturb.core.values import Codec, Json, JsonObject, World


class Omit:
    """What an encoder returns when the parameter is to be left out."""


OMIT = Omit()
Coder = Callable[[Json, Codec, JsonObject, World], Json]


@dataclass(frozen=True, slots=True)
class Pair:
    """An encoder and its inverse. Both get (value, codec, the other canonical arguments, world)."""

    encode: Coder
    decode: Coder


def _same(value: Json, _codec: Codec, _args: JsonObject, _world: World) -> Json:
    return value


def _text(value: Json, _codec: Codec, _args: JsonObject, _world: World) -> Json:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _untext(value: Json, codec: Codec, _args: JsonObject, _world: World) -> Json:
    if not isinstance(value, str):
        raise ValueError("expected text")
    if codec[1] == "string":
        return value
    parsed = orjson.loads(value)
    if not _is_type(parsed, str(codec[1])):
        raise ValueError(f"expected text of a {codec[1]}")
    return parsed


def _is_type(value: Json, name: str) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    known: dict[str, bool] = {
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": number,
        "boolean": isinstance(value, bool),
        "array": isinstance(value, list),
        "object": isinstance(value, dict),
    }
    return known.get(name, True)


def _relabel(value: Json, codec: Codec, _args: JsonObject, _world: World) -> Json:
    key = _key(value)
    if key not in codec[1]:
        raise UnrepresentableError(f"no label for {value!r}")
    return codec[1][key]


def _unrelabel(value: Json, codec: Codec, _args: JsonObject, _world: World) -> Json:
    for canonical, label in codec[1].items():
        if label == value:
            return {"true": True, "false": False}.get(canonical, canonical)
    raise ValueError(f"{value!r} is none of {sorted(codec[1].values())}")


def _key(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: Json) -> Json:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("expected a number")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _scale(value: Json, codec: Codec, _args: JsonObject, _world: World) -> Json:
    return _number(value * codec[1])


def _unscale(value: Json, codec: Codec, _args: JsonObject, _world: World) -> Json:
    return _number(_number(value) / codec[1])


def _shift(value: Json, codec: Codec, _args: JsonObject, _world: World) -> Json:
    return value + codec[1]


def _unshift(value: Json, codec: Codec, _args: JsonObject, _world: World) -> Json:
    return _number(value) - codec[1]


def _count_from(value: Json, codec: Codec, args: JsonObject, _world: World) -> Json:
    """An inclusive end as a number of lines from another field; -1 (to the end) is left out."""
    return OMIT if value == -1 else value - args.get(codec[1], 1) + 1


def _end_from(value: Json, codec: Codec, args: JsonObject, _world: World) -> Json:
    return args.get(codec[1], 1) + _number(value) - 1


def _wrap(value: Json, _codec: Codec, _args: JsonObject, _world: World) -> Json:
    return [value]


def _unwrap(value: Json, _codec: Codec, _args: JsonObject, _world: World) -> Json:
    if not isinstance(value, list) or len(value) != 1:
        raise ValueError("expected a list of one")
    return value[0]


def _path(value: Json, codec: Codec, _args: JsonObject, world: World) -> Json:
    if value == "":
        return OMIT
    if codec[1] == "relative" and (value + "/").startswith(world.cwd.rstrip("/") + "/"):
        return posixpath.relpath(value, world.cwd)
    return value


def _unpath(value: Json, _codec: Codec, _args: JsonObject, world: World) -> Json:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("expected a path")
    return absolute(value, world)


def absolute(path: str, world: World) -> str:
    """`path` as a normal absolute POSIX path, resolved against the world's working directory.

    >>> absolute("src/../a.py", World(cwd="/app"))
    '/app/a.py'
    """
    if path == "~" or path.startswith("~/"):
        path = world.home + path[1:]
    joined = posixpath.normpath(posixpath.join(world.cwd, path))
    return "/" + joined.lstrip("/")


def _ref(value: Json, codec: Codec, _args: JsonObject, world: World) -> Json:
    number = world.refs.get(value)
    if number is None:
        raise UnrepresentableError(f"no reference number for element {value!r}")
    return f"{codec[1]}{number}" if codec[1] else number


def _unref(value: Json, codec: Codec, _args: JsonObject, world: World) -> Json:
    for element, number in world.refs.items():
        if value == (f"{codec[1]}{number}" if codec[1] else number):
            return element
    raise ValueError(f"{value!r} refers to no element")


def _meta(_value: Json, codec: Codec, _args: JsonObject, _world: World) -> Json:
    return codec[1]


CODECS: dict[str, Pair] = {
    "text": Pair(_text, _untext),
    "relabel": Pair(_relabel, _unrelabel),
    "scale": Pair(_scale, _unscale),
    "shift": Pair(_shift, _unshift),
    "count_from": Pair(_count_from, _end_from),
    "wrap": Pair(_wrap, _unwrap),
    "path": Pair(_path, _unpath),
    "ref": Pair(_ref, _unref),
    "meta": Pair(_meta, _same),
}


def encode(codecs: tuple[Codec, ...], value: Json, args: JsonObject, world: World) -> Json:
    """The visible value, or :data:`OMIT`. `args` are the canonical arguments of the same intent."""
    for codec in codecs:
        value = CODECS[codec[0]].encode(value, codec, args, world)
        if value is OMIT:
            return OMIT
    return value


def decode(codecs: tuple[Codec, ...], value: Json, args: JsonObject, world: World) -> Json:
    """The canonical value. `args` are the canonical arguments decoded before it. Raises ValueError."""
    for codec in reversed(codecs):
        try:
            value = CODECS[codec[0]].decode(value, codec, args, world)
        except (TypeError, KeyError) as error:
            raise ValueError(f"not a value for codec {codec[0]}: {error}") from error
    return value
