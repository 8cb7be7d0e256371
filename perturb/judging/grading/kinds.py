"""The table of kinds, what a kind answers, and the one way to have two values of a kind compared."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from perturb.core.exact import Plain
from perturb.core.registry import nearest
from perturb.toolbox.json_schema import first_violation

Reading = Literal["strict", "bfcl"]
READINGS: tuple[Reading, ...] = ("strict", "bfcl")
Context = Mapping[str, Any]


class UnusableError(Exception):
    """The line cannot be judged: its context or its expected value is not what the kind needs."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether two values are the same, why not, and per argument where there are arguments."""

    equal: bool
    reason: str = ""
    arguments: tuple[Plain, ...] = field(default=())
    outcome: str = ""


Compare = Callable[[Context, Any, Any, Reading], Judged]
KINDS: dict[str, Compare] = {}
# Kinds whose `schema` in the context is no JSON Schema of the value.
_OWN_SCHEMA = frozenset({"sql", "call", "parallel_calls", "reply"})


def kind(*names: str) -> Callable[[Compare], Compare]:
    """Register ``(context, expected, got, reading) -> Judged`` as what decides values of these kinds."""

    def register(function: Compare) -> Compare:
        for name in names:
            if name in KINDS:
                raise ValueError(f"kind {name!r} is registered twice")
            KINDS[name] = function
        return function

    return register


def compare(name: str, context: Context, expected: Any, got: Any, reading: Reading = "strict") -> Judged:
    """Whether `got` is `expected`, as values of kind `name`. Raises UnusableError when that cannot be said."""
    _load()
    if name not in KINDS:
        raise UnusableError(f"kind: {name!r} is no kind{nearest(str(name), KINDS)}")
    schema = context.get("schema")
    if isinstance(schema, dict) and name not in _OWN_SCHEMA:
        broken = first_violation(schema, got, formats=bool(context.get("format_asserted")))
        if broken:
            return Judged(False, f"breaks the schema: {broken}")
    return KINDS[name](context, expected, got, reading)


@cache
def _load() -> None:
    """Import every file of this room once."""
    package = importlib.import_module(__package__)
    for found in pkgutil.iter_modules(package.__path__, __package__ + "."):
        importlib.import_module(found.name)


def said(context: Context, key: str) -> str:
    """A setting of the context as words to look into: lower case, dashes and underscores as blanks."""
    value = context.get(key)
    return "" if value is None else " ".join(str(value).lower().replace("_", " ").replace("-", " ").split())


def flag(context: Context, key: str, default: bool) -> bool:
    """A yes/no of the context. Raises UnusableError for what is neither.

    >>> flag({"case_sensitive": "no"}, "case_sensitive", True)
    False
    """
    value = context.get(key)
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise UnusableError(f"context.{key}: {value!r} is neither true nor false")


def text(value: Any, where: str) -> str:
    """`value` where a text is needed. Raises UnusableError."""
    if not isinstance(value, str):
        raise UnusableError(f"{where}: not a text")
    return value
