"""``context.codec``: how a parameter spells the canonical value of what is expected.

A codec is a list of steps or one step. A step is a name, a list ``[name, data…]``, or an object. Known: a factor
(``["scale", 1000]``, ``{"scale": 1000}``, ``{"unit": "ms"}`` beside ``context.unit``), an offset (``["shift", -1]``,
``"zero-based"``), labels (``["relabel", {canonical: visible}]``, ``{"labels": {…}}``), JSON as text (``"text"``), a
list as text (``{"separator": ","}``), a list of one (``"wrap"``).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from perturb.core.exact import exactly, is_number, loads
from perturb.judging.grading.kinds import Context, UnusableError
from perturb.judging.grading.units import convert, unit_in

_SHIFTS = ("zero", "0 based", "0based", "from 0")
_FACTORS = ("scale", "factor", "multiply", "times", "multiplier")
_LABELS = ("labels", "map", "mapping", "relabel", "enum", "values", "relabelling", "relabeling", "codes")
_SEPARATORS = {"comma": ",", "semicolon": ";", "space": " ", "blank": " ", "newline": "\n", "line": "\n", "pipe": "|"}


def canonical(context: Context, got: Any) -> Any:
    """What `got` stands for. Raises ValueError when it stands for nothing, UnusableError for an unknown codec."""
    for step in reversed(_steps(context.get("codec"))):
        got = _undo(step, got, context)
    return got


def _steps(codec: Any) -> list[Any]:
    if codec is None or codec in ("", "none", "identity"):
        return []
    if isinstance(codec, list) and codec and not isinstance(codec[0], str):
        return codec
    if isinstance(codec, list) and len(codec) > 1 and all(isinstance(step, str) for step in codec):
        known = codec[0] in ("unit", "units", "text", "join", "split", "separator")
        return [codec] if known else codec
    return [codec]


def _undo(step: Any, got: Any, context: Context) -> Any:
    if isinstance(step, str):
        return _by_words(step, got, context)
    if isinstance(step, list) and step:
        data = step[1] if len(step) == 2 else step[1:]
        return _by_name(str(step[0]), data, got, context)
    if isinstance(step, Mapping):
        return _by_object(dict(step), got, context)
    raise UnusableError(f"context.codec: {step!r} is no codec")


def _by_object(step: dict[str, Any], got: Any, context: Context) -> Any:
    """An object names its step by a key (`{"scale": 1000}`) or under `name`, `kind` or `type`."""
    name = next(
        (step.pop(key) for key in ("name", "kind", "codec", "type", "as") if isinstance(step.get(key), str)), ""
    )
    source = step.pop("canonical", step.pop("from", None))
    target = step.pop("visible", step.pop("to", step.pop("unit", step.pop("units", None))))
    if isinstance(target, str) and (isinstance(source, str) or context.get("unit")):
        return _unscaled(got, str(source or context["unit"]), target)
    for key, data in step.items():
        if key.replace("-", "_") in ("factor", "offset", "labels", "map", "separator", "data", "value") and name:
            inner = name if key in ("data", "value") else key
            return _by_name(inner, data, got, context)
    if name:
        return _by_words(name, got, context)
    if isinstance(source, dict | list):
        return _by_name("labels", source, got, context)
    for key, data in step.items():
        if data is not False:
            got = _by_words(key, got, context) if data is True else _by_name(key, data, got, context)
    return got


def _by_name(name: str, data: Any, got: Any, context: Context) -> Any:
    name = name.lower().replace("-", "_")
    if name in _FACTORS and is_number(data):
        return _quotient(_number(got), Fraction(exactly(data)))
    if name in ("divide", "divisor") and is_number(data):
        return _quotient(_number(got), 1 / Fraction(exactly(data)))
    if name in ("shift", "offset", "add", "base") and is_number(data):
        step = data if name != "base" else data - 1
        return _plain(Fraction(exactly(_number(got))) - Fraction(exactly(step)))
    if name in _LABELS and isinstance(data, Mapping):
        return _unlabelled(got, data)
    if name in ("separator", "join", "joined", "split", "delimiter", "sep") and isinstance(data, str):
        return _split(got, data)
    if name in ("unit", "units"):
        pair = data if isinstance(data, list) and len(data) == 2 else [context.get("unit"), data]
        return _unscaled(got, str(pair[0]), str(pair[1]))
    if name == "text":
        return _untext(got)
    if isinstance(data, str):
        return _by_words(f"{name} {data}", got, context)
    raise UnusableError(f"context.codec: {name!r} is no codec")


def _by_words(words: str, got: Any, context: Context) -> Any:
    """A codec told in words."""
    told = " ".join(words.lower().replace("_", " ").replace("-", " ").split())
    if any(mark in told for mark in _SHIFTS):
        return _number(got) + 1
    if "wrap" in told or "list of one" in told or "singleton" in told:
        if not isinstance(got, list) or len(got) != 1:
            raise ValueError("not a list of one")
        return got[0]
    separator = next((mark for word, mark in _SEPARATORS.items() if word in told), "")
    if separator and ("separat" in told or "join" in told or "list" in told or "per line" in told):
        return _split(got, separator)
    units = unit_in(told)
    if len(units) == 2:
        source, target = units if "instead of" not in told else reversed(units)
        return _unscaled(got, source, target)
    if len(units) == 1 and context.get("unit"):
        return _unscaled(got, str(context["unit"]), units[0])
    if "text" in told or "string" in told or "json" in told:
        return _untext(got)
    if "percent" in told:
        return _quotient(_number(got), Fraction(100))
    if "yes" in told and "no" in told:
        return _unlabelled(got, {"true": "yes", "false": "no"})
    if "on/off" in told:
        return _unlabelled(got, {"true": "on", "false": "off"})
    if "0/1" in told or "1/0" in told:
        return _unlabelled(got, {"true": 1, "false": 0})
    raise UnusableError(f"context.codec: {words!r} is no codec")


def _number(got: Any) -> Any:
    if not is_number(got):
        raise ValueError("not a number")
    return got


def _plain(value: Fraction) -> int | Decimal | Fraction:
    if value.denominator == 1:
        return value.numerator
    scaled = Decimal(value.numerator) / Decimal(value.denominator)
    return scaled if Fraction(scaled) == value else value


def _quotient(got: Any, factor: Fraction) -> Any:
    return _plain(Fraction(exactly(got)) / factor)


def _unscaled(got: Any, source: str, target: str) -> Any:
    return _plain(convert(Fraction(exactly(_number(got))), target, source))


def _unlabelled(got: Any, labels: Mapping[str, Any]) -> Any:
    """The canonical value whose label `got` is. Labels are JSON values; true and false are spelled as such."""
    constants = {"true": True, "false": False, "null": None}
    for name, label in labels.items():
        if type(label) is type(got) and label == got:
            if name.lower() in constants:
                return constants[name.lower()]
            return name
    raise ValueError("no label")


def _untext(got: Any) -> Any:
    if not isinstance(got, str):
        raise ValueError("not a text")
    try:
        return loads(got)
    except ValueError:
        return got


def _split(got: Any, separator: str) -> list[str]:
    if not isinstance(got, str):
        raise ValueError("not a text")
    return [item.strip() for item in got.split(separator)] if got.strip() else []
