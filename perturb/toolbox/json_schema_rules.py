"""Keywords of JSON Schema decided here: numbers digit by digit, patterns in linear time, formats where asserted."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from perturb.core.exact import exactly, is_number, same
from perturb.core.patterns import compile_pattern

Rule = Callable[[Any, Any, Any, Any], Iterator[Any]]


def _error(message: str) -> Any:
    from jsonschema.exceptions import ValidationError

    return ValidationError(message)


def _limit(holds: Callable[[Any, Any], bool], words: str) -> Rule:
    def rule(_validator: Any, limit: Any, value: Any, _schema: Any) -> Iterator[Any]:
        if is_number(value) and not holds(exactly(value), exactly(limit)):
            yield _error(f"{value!r} is {words} {limit!r}")

    return rule


def _multiple(_validator: Any, step: Any, value: Any, _schema: Any) -> Iterator[Any]:
    if is_number(value) and Fraction(exactly(value)) % Fraction(exactly(step)):
        yield _error(f"{value!r} is not a multiple of {step!r}")


def _const(_validator: Any, wanted: Any, value: Any, _schema: Any) -> Iterator[Any]:
    if not same(wanted, value):
        yield _error(f"{wanted!r} was expected")


def _enum(_validator: Any, options: Any, value: Any, _schema: Any) -> Iterator[Any]:
    if not any(same(option, value) for option in options):
        yield _error(f"{value!r} is not one of {options!r}")


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[Any]:
    if isinstance(value, str) and not compile_pattern(pattern).search(value):
        yield _error(f"{value!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, value: Any, _schema: Any) -> Iterator[Any]:
    for pattern, inner in patterns.items() if isinstance(value, dict) else ():
        compiled = compile_pattern(pattern)
        for name, item in value.items():
            if compiled.search(name):
                yield from validator.descend(item, inner, path=name, schema_path=pattern)


def _additional(validator: Any, allowed: Any, value: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(value, dict):
        return
    patterns = [compile_pattern(pattern) for pattern in schema.get("patternProperties", ())]
    for name, item in value.items():
        if name in schema.get("properties", {}) or any(pattern.search(name) for pattern in patterns):
            continue
        if allowed is False:
            yield _error(f"{name!r} is not among the properties")
        elif isinstance(allowed, dict):
            yield from validator.descend(item, allowed, path=name)


RULES: dict[str, Rule] = {
    "minimum": _limit(lambda value, limit: bool(value >= limit), "less than"),
    "maximum": _limit(lambda value, limit: bool(value <= limit), "greater than"),
    "exclusiveMinimum": _limit(lambda value, limit: bool(value > limit), "not greater than"),
    "exclusiveMaximum": _limit(lambda value, limit: bool(value < limit), "not less than"),
    "multipleOf": _multiple,
    "const": _const,
    "enum": _enum,
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
}


def _is_date(text: str) -> bool:
    return re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is not None and _reads(date.fromisoformat, text)


def _reads(reader: Callable[[str], Any], text: str) -> bool:
    try:
        reader(text)
    except ValueError:
        return False
    return True


_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"


def _is_time(text: str) -> bool:
    match = re.fullmatch(_TIME, text)
    if match is None or match[2] != "60":
        return match is not None
    # A leap second is the last of a day in UTC.
    shifted = re.sub(r":60(\.\d+)?", ":59", text.upper().replace("Z", "+00:00"))
    moment = datetime.fromisoformat(f"2000-01-02T{shifted}")
    minutes = moment.hour * 60 + moment.minute - int((moment.utcoffset() or moment - moment).total_seconds() // 60)
    return minutes % 1440 == 1439


def _is_date_time(text: str) -> bool:
    return len(text) > 11 and text[10] in "Tt" and _is_date(text[:10]) and _is_time(text[11:])


_DURATION = r"P(?!$)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_FORMATS: dict[str, Callable[[str], bool]] = {
    "date": _is_date,
    "time": _is_time,
    "date-time": _is_date_time,
    "duration": lambda text: re.fullmatch(_DURATION, text, re.ASCII) is not None,
    "email": lambda text: re.fullmatch(rf"[^@\s]{{1,64}}@{_LABEL}(\.{_LABEL})*", text) is not None and ".." not in text,
    "hostname": lambda text: len(text) <= 253 and re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", text) is not None,
    "ipv4": lambda text: _reads(ipaddress.IPv4Address, text),
    "ipv6": lambda text: "%" not in text and _reads(ipaddress.IPv6Address, text),
    "uuid": lambda text: re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text) is not None,
    "uri": lambda text: re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*", text) is not None and text.isascii(),
    "uri-reference": lambda text: re.fullmatch(r"[^\s<>\"{}|\\^`]*", text) is not None and text.isascii(),
    "json-pointer": lambda text: re.fullmatch(r"(/([^~]|~[01])*)*", text) is not None,
    "regex": lambda text: _reads(re.compile, text) if len(text) < 10_000 else False,
}


def format_problem(schema: Any, value: Any) -> str | None:
    """The first text in `value` that is not of the format that `schema` asserts, or None."""
    import jsonschema

    checker = jsonschema.FormatChecker(formats=())
    for name, holds in _FORMATS.items():
        checker.checks(name)(lambda text, holds=holds: not isinstance(text, str) or holds(text))
    extend: Any = jsonschema.validators.extend
    errors = extend(jsonschema.Draft202012Validator, RULES)(schema, format_checker=checker).iter_errors(value)
    error = next(errors, None)
    return None if error is None else str(error.message)[:200]
