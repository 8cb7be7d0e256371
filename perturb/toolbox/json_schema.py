"""The one place that validates JSON Schema: no network, no files, exact numbers, patterns in linear time."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import orjson

from perturb.core.errors import UserError
from perturb.core.exact import plain
from perturb.core.patterns import compile_pattern
from perturb.core.values import Json, JsonObject
from perturb.toolbox.json_schema_rules import RULES, format_problem

MAX_DEPTH = 16
MAX_VALUES = 20_000
# Keywords whose members are schemas by name, and those whose value is one schema or a list of schemas.
_BY_NAME = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
_DIRECT = (
    "items", "prefixItems", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else",
    "allOf", "anyOf", "oneOf", "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
# What is not there, or would ask the network or a table of schemas that is not here.
_UNKNOWN = ("$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor")


def first_violation(schema: JsonObject, value: Json, *, formats: bool = False) -> str | None:
    """Why `value` breaks `schema`, or None. A schema that cannot be used is itself the reason.

    `formats` asserts ``format`` too, for the formats that are known.
    """
    try:
        validator = _validator(_bounded(schema))
        error = next(iter(validator.iter_errors(value)), None)
        wrong = format_problem(orjson.loads(_bounded(schema)), value) if formats and error is None else None
    except Exception as problem:
        return f"schema cannot be applied: {type(problem).__name__}"
    if error is None:
        return wrong
    place = "/".join(str(part) for part in error.absolute_path)
    return f"{place + ': ' if place else ''}{error.message[:200]}"


def schema_problem(schema: JsonObject) -> str | None:
    """Why `schema` cannot be honoured, or None: no JSON Schema, a pattern that is none, a reference to nothing."""
    try:
        return _problem(_bounded(schema))
    except TypeError as error:
        return f"not JSON: {error}"
    except ValueError as error:
        return str(error)
    except RecursionError:
        return "schema has too long a chain of references"


def _bounded(schema: JsonObject) -> bytes:
    """`schema` as text. Raises ValueError before making a text that would not end: values may be shared, so that n of
    them in memory stand for 2^n in text."""
    waiting: list[tuple[Any, int]] = [(schema, 0)]
    seen = 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > MAX_DEPTH:
            raise ValueError("schema is nested too deep")
        if seen > MAX_VALUES:
            raise ValueError("schema is too large")
        if isinstance(value, dict):
            waiting.extend((item, depth + 1) for item in value.values())
        elif isinstance(value, (list, tuple)):
            waiting.extend((item, depth + 1) for item in value)
    try:
        return orjson.dumps(schema, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # Whole numbers beyond 64 bits, or decimals.
        return json.dumps(schema, sort_keys=True, default=plain).encode()


@lru_cache(maxsize=4096)
def _problem(schema: bytes) -> str | None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(_applicable(schema))
    except SchemaError as error:
        return str(error.message)[:200]
    return None


@lru_cache(maxsize=1024)
def _validator(schema: bytes) -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend
    from referencing import Registry

    # An empty registry: a $ref that is not local has nowhere to go.
    registry: Registry[Any] = Registry()
    made: Any = extend
    return made(Draft202012Validator, RULES)(_applicable(schema), registry=registry)


def _applicable(schema: bytes) -> Any:
    """The schema that is applied. Raises ValueError for one that cannot be honoured, and for one whose local
    references multiply: n `$defs`, each using the next one twice, take 2^n steps to apply."""
    read = json.loads(schema)
    _honoured(read, read)
    if _steps(read, read, {}) > MAX_VALUES:
        raise ValueError("schema is too large")
    return read


def _steps(schema: Any, root: Any, known: dict[str, int]) -> int:
    """How many values `schema` has with every local reference written out; a reference to itself counts once."""
    if isinstance(schema, list):
        return 1 + sum(_steps(item, root, known) for item in schema)
    if not isinstance(schema, dict):
        return 1
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in known:
        known[reference] = 0
        known[reference] = _steps(target(reference, root), root, known)
    own = sum(_steps(item, root, known) for key, item in schema.items() if key not in ("$defs", "definitions"))
    return 1 + own + (known[reference] if isinstance(reference, str) else 0)


def target(reference: str, root: Any) -> Any:
    """What a local reference such as ``#/$defs/Item`` points to; None when nothing."""
    for part in reference.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(root, list) and key.isdecimal() and int(key) < len(root):
            root = root[int(key)]
        else:
            root = root.get(key) if isinstance(root, dict) else None
    return root


def subschemas(schema: Any) -> list[Any]:
    """The schemas directly inside `schema`."""
    if not isinstance(schema, dict):
        return []
    found: list[Any] = []
    for key in _BY_NAME:
        inner = schema.get(key)
        found += inner.values() if isinstance(inner, dict) else ()
    for key in _DIRECT:
        inner = schema.get(key)
        found += inner if isinstance(inner, list) else [inner] if inner is not None else []
    return found


def _honoured(schema: Any, root: Any) -> None:
    """Raises ValueError for a keyword that cannot be honoured, here or further in."""
    if not isinstance(schema, dict):
        return
    reference = schema.get("$ref")
    if isinstance(reference, str):
        if not reference.startswith("#/") or reference == "#/":
            raise ValueError("schema has a reference that is not local")
        if not isinstance(target(reference, root), dict | bool):
            raise ValueError(f"schema has a reference to nothing: {reference}")
    unknown = next((key for key in _UNKNOWN if key in schema), None)
    if unknown or ("$id" in schema and schema is not root):
        raise ValueError(f"schema uses {unknown or '$id'}, which is not supported")
    if "unevaluatedProperties" in schema and "patternProperties" in schema:
        raise ValueError("schema uses unevaluatedProperties beside patternProperties, which is not supported")
    named = schema.get("patternProperties")
    for pattern in [schema.get("pattern"), *(named if isinstance(named, dict) else ())]:
        if isinstance(pattern, str):
            try:
                compile_pattern(pattern)
            except UserError as error:
                raise ValueError(str(error)) from error
    for inner in subschemas(schema):
        _honoured(inner, root)
