"""What a parameter's schema says its text is: M2's format has no other type information."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from perturb.core.values import JsonObject

_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def typed(text: str, schema: Any, root: JsonObject | None = None) -> Any:
    """A parameter's text as the value its schema types it as; text that is none of its types stays text.

    A schema that also allows strings gets JSON only where the JSON is of one of its other types. `root` is where
    local references are looked up.

    >>> typed("5", {"type": "integer"}), typed("5", {"type": "string"}), typed("null", {"type": ["string", "null"]})
    (5, '5', None)
    """
    types = schema_types(schema, root or {})
    if not types or types == {"string"}:
        return text
    try:
        value = orjson.loads(text)
        orjson.dumps(value)  # refuses what is nested too deeply to be written down again
    except (orjson.JSONDecodeError, TypeError):
        return text
    if "string" not in types:
        return value
    return value if _type_of(value) & types - {"string"} else text


def _type_of(value: Any) -> set[str]:
    name = "null" if value is None else _NAMES[type(value)]
    whole = name == "integer" or (isinstance(value, float) and value.is_integer())
    return {name, "number", "integer"} if whole else {name}


def schema_types(schema: Any, root: JsonObject, depth: int = 8) -> set[str]:
    """The JSON types that a schema allows; empty when it names none (or nests combinations beyond `depth`)."""
    if not isinstance(schema, Mapping) or depth == 0:
        return set()
    if isinstance(schema.get("$ref"), str):
        return schema_types(_target(root, schema["$ref"]), root, depth - 1)
    found = schema.get("type")
    if isinstance(found, str):
        return {found}
    if isinstance(found, list):
        return {name for name in found if isinstance(name, str)}
    types: set[str] = set()
    for key in ("anyOf", "oneOf", "allOf"):
        options = schema.get(key)
        for option in options[:64] if isinstance(options, list) else ():
            types |= schema_types(option, root, depth - 1)
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if not types and isinstance(values, list):
        types = {"null" if value is None else _NAMES.get(type(value), "string") for value in values}
    return types


def _target(root: JsonObject, reference: str) -> Any:
    """What a local reference such as ``#/$defs/Item`` points to; None when nothing."""
    here: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        here = here.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(here, Mapping) else None
    return here
