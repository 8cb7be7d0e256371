"""Tool schemas as tools have them, and arguments that fit a given one.

(hypothesis-jsonschema, which covers all of JSON Schema, does not work with current Hypothesis; tools use a small part.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from perturb.core.values import Json, JsonObject
from perturb.strategies.text import hostile_text

_LARGEST = 2**53 - 1


def arguments(schema: JsonObject, *, text: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Json]:
    """Values that `schema` accepts; strings come from `text` (default: any text).

    Understood: ``type`` (one or several), ``enum``, ``const``, ``properties``, ``required``, ``items``, ``anyOf``,
    ``oneOf`` with disjoint types, local ``$ref``, ``nullable``, lengths and bounds. Not understood, and refused when
    the strategy is drawn from: ``allOf``, ``not``, ``pattern``, ``if``.
    """
    return _value(schema, schema, st.text() if text is None else text, 0)


def _value(schema: JsonObject, root: JsonObject, text: st.SearchStrategy[str], depth: int) -> st.SearchStrategy[Any]:
    refused = sorted({"allOf", "not", "pattern", "patternProperties", "if"} & schema.keys())
    if refused:
        raise ValueError(f"arguments() does not understand {', '.join(refused)}")
    if depth > 8:
        raise ValueError("the schema is nested too deep")
    if "$ref" in schema:
        return _value(_resolved(str(schema["$ref"]), root), root, text, depth + 1)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        return st.one_of([_value(option, root, text, depth + 1) for option in options])
    kinds = schema.get("type", ["null", "boolean", "integer", "string"])
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if schema.get("nullable"):
        kinds.append("null")
    return st.one_of([_of_type(kind, schema, root, text, depth) for kind in kinds])


def _resolved(reference: str, root: JsonObject) -> JsonObject:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return dict(found)


def _of_type(
    kind: str, schema: JsonObject, root: JsonObject, text: st.SearchStrategy[str], depth: int
) -> st.SearchStrategy[Any]:
    if kind == "object":
        return _object(schema, root, text, depth)
    if kind == "array":
        items = _value(schema.get("items") or {}, root, text, depth + 1)
        unique = repr if schema.get("uniqueItems") else None
        return st.lists(items, min_size=schema.get("minItems", 0), max_size=schema.get("maxItems", 4), unique_by=unique)
    if kind == "string":
        low, high = schema.get("minLength", 0), schema.get("maxLength")
        return text if not low and high is None else st.text(min_size=low, max_size=high)
    return _scalar(kind, schema)


def _scalar(kind: str, schema: JsonObject) -> st.SearchStrategy[Any]:
    if kind == "null":
        return st.none()
    if kind == "boolean":
        return st.booleans()
    low, high = schema.get("minimum", -_LARGEST), schema.get("maximum", _LARGEST)
    if "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + 1
    if "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - 1
    if kind == "integer":
        step = schema.get("multipleOf", 1)
        return st.integers(-(-low // step), high // step).map(lambda n: n * step)
    if kind == "number":
        return st.floats(low, high, allow_nan=False, allow_infinity=False)
    raise ValueError(f"unknown type {kind!r}")


def _object(schema: JsonObject, root: JsonObject, text: st.SearchStrategy[str], depth: int) -> st.SearchStrategy[Any]:
    properties = schema.get("properties", {})
    required = set(schema.get("required", ()))
    made = {name: _value(part, root, text, depth + 1) for name, part in properties.items()}
    fixed = {name: made.get(name, text) for name in sorted(required)}
    return st.fixed_dictionaries(fixed, optional={n: s for n, s in made.items() if n not in required})


_NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True)


@st.composite
def tool_schemas(draw: Callable[[st.SearchStrategy[Any]], Any], *, max_parameters: int = 4) -> dict[str, Any]:
    """OpenAI-style function tools with the kinds of parameters that real tools have."""
    names = draw(st.lists(_NAMES, max_size=max_parameters, unique=True))
    properties = {name: draw(_parameter()) for name in names}
    required = [name for name in names if draw(st.booleans())]
    parameters = {"type": "object", "properties": properties, "required": required}
    described = {"name": draw(_NAMES), "description": draw(hostile_text(max_size=3)), "parameters": parameters}
    return {"type": "function", "function": described}


def _parameter() -> st.SearchStrategy[dict[str, Any]]:
    described = st.fixed_dictionaries({}, optional={"description": hostile_text(max_size=2)})
    shape = st.recursive(_LEAF, lambda inner: _array(inner) | _nested(inner), max_leaves=4)
    return st.tuples(shape, described).map(lambda pair: {**pair[0], **pair[1]})


def _array(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return inner.map(lambda items: {"type": "array", "items": items})


def _nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    fields = st.dictionaries(_NAMES, inner, max_size=3)
    return fields.map(lambda found: {"type": "object", "properties": found, "required": sorted(found)})


_LEAF: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.sampled_from(["string", "integer", "number", "boolean"]).map(lambda kind: {"type": kind}),
    st.lists(_NAMES, min_size=1, max_size=4, unique=True).map(lambda names: {"type": "string", "enum": names}),
    st.tuples(st.integers(-9, 9), st.integers(0, 90)).map(
        lambda pair: {"type": "integer", "minimum": pair[0], "maximum": pair[0] + pair[1]}
    ),
    st.just({"type": ["string", "null"]}),
)
