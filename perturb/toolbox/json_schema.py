"""The one place that validates JSON Schema: no network, no files, no regular expressions from outside."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson

from perturb.core.canonical import canonical
from perturb.core.values import Json, JsonObject

MAX_DEPTH = 16
MAX_VALUES = 20_000


def first_violation(schema: JsonObject, value: Json) -> str | None:
    """Why `value` breaks `schema`, or None. A schema that cannot be used is itself the reason."""
    try:
        validator = _validator(_bounded(schema))
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
    return canonical(schema)


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
    from referencing import Registry

    # An empty registry: a $ref that is not local has nowhere to go.
    registry: Registry[Any] = Registry()
    return Draft202012Validator(_applicable(schema), registry=registry)


def _applicable(schema: bytes) -> Any:
    """The schema that is applied. Raises ValueError for one whose local references multiply: n `$defs`, each using the
    next one twice, take 2^n steps to apply."""
    safe = _safe(orjson.loads(schema))
    if _steps(safe, safe, {}) > MAX_VALUES:
        raise ValueError("schema is too large")
    return safe


def _steps(schema: Any, root: Any, known: dict[str, int]) -> int:
    """How many values `schema` has with every local reference written out; a reference to itself counts once."""
    if isinstance(schema, list):
        return 1 + sum(_steps(item, root, known) for item in schema)
    if not isinstance(schema, dict):
        return 1
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in known:
        known[reference] = 0
        known[reference] = _steps(_target(reference, root), root, known)
    own = sum(_steps(item, root, known) for key, item in schema.items() if key not in ("$defs", "definitions"))
    return 1 + own + (known[reference] if isinstance(reference, str) else 0)


def _target(reference: str, root: Any) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        root = root.get(key) if isinstance(root, dict) else None
    return root


def _safe(schema: Any) -> Any:
    """`schema` without `pattern`s: a regular expression from outside can run for ever. Raises ValueError for a
    reference that is not local."""
    if isinstance(schema, list):
        return [_safe(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str) and (not reference.startswith("#/") or reference == "#/"):
        raise ValueError("schema has a reference that is not local")
    return {
        key: (
            {name: _safe(item) for name, item in value.items()}
            if key in ("properties", "$defs", "definitions") and isinstance(value, dict)
            else _safe(value)
        )
        for key, value in schema.items()
        if key not in ("pattern", "patternProperties")
    }
