"""The one place that validates JSON Schema: no network, no files, no regular expressions from outside."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson

from perturb.canonical import canonical
from perturb.values import Json, JsonObject

MAX_DEPTH = 16
MAX_BYTES = 256_000


def first_violation(schema: JsonObject, value: Json) -> str | None:
    """Why `value` breaks `schema`, or None. A schema that cannot be used is itself the reason."""
    try:
        validator = _validator(canonical(schema))
        error = next(iter(validator.iter_errors(value)), None)
    except Exception as problem:
        return f"schema cannot be applied: {type(problem).__name__}"
    if error is None:
        return None
    place = "/".join(str(part) for part in error.absolute_path)
    return f"{place + ': ' if place else ''}{error.message[:200]}"


def schema_problem(schema: JsonObject) -> str | None:
    """Why `schema` is not a usable JSON Schema, or None."""
    try:
        return _problem(canonical(schema))
    except TypeError as error:
        return f"not JSON: {error}"


@lru_cache(maxsize=4096)
def _problem(schema: bytes) -> str | None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        safe = _safe(orjson.loads(schema), 0)
        Draft202012Validator.check_schema(safe)
    except SchemaError as error:
        return str(error.message)[:200]
    except ValueError as error:
        return str(error)
    return None


@lru_cache(maxsize=1024)
def _validator(schema: bytes) -> Any:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    if len(schema) > MAX_BYTES:
        raise ValueError("schema is too large")
    # An empty registry: a $ref that is not local has nowhere to go.
    registry: Registry[Any] = Registry()
    return Draft202012Validator(_safe(orjson.loads(schema), 0), registry=registry)


def _safe(schema: Any, depth: int) -> Any:
    """`schema` without `pattern`s (a regular expression from outside can run for ever) and without deep nesting."""
    if depth > MAX_DEPTH:
        raise ValueError("schema is nested too deep")
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str) and (not reference.startswith("#/") or reference == "#/"):
            raise ValueError("schema has a reference that is not local")
        is_map = {"properties", "$defs", "definitions"}
        return {
            key: (
                {k: _safe(v, depth + 1) for k, v in item.items()}
                if key in is_map and isinstance(item, dict)
                else _safe(item, depth + 1)
            )
            for key, item in schema.items()
            if key not in ("pattern", "patternProperties")
        }
    if isinstance(schema, list):
        return [_safe(item, depth + 1) for item in schema]
    return schema
