"""What a tool's schema says beside its properties: kept whole, and spelled in whatever names the tool has now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perturb.core.values import Json, JsonObject, Param, Tool
from perturb.toolbox.json_schema import target

_DEFINITIONS = ("$defs", "definitions")
# Keywords that apply to the same object again.
_LISTS = ("allOf", "anyOf", "oneOf")
_ONES = ("not", "if", "then", "else")
# With these a name itself is constrained, so none can be changed.
_NAMES = ("propertyNames", "patternProperties", "unevaluatedProperties")


def params_and_rest(parameters: JsonObject) -> tuple[tuple[Param, ...], JsonObject]:
    """A declared schema of arguments as parameters and everything else that it demands.

    A root that is a reference or a conjunction is written out; references into properties become definitions. Raises
    ValueError for a reference that is not local.
    """
    root = _written_out(dict(parameters), dict(parameters), 8)
    moved: dict[str, Json] = {}
    root = _moved(root, root, moved)
    if moved:
        root = {**root, "$defs": {**root.get("$defs", {}), **moved}}
    declared = {str(k): v for k, v in dict(root.get("properties", {})).items()}
    for name in sorted(_mentioned(root) - set(declared)):
        declared[name] = {}
    required = root.get("required", [])
    params = tuple(
        Param(
            name, schema if isinstance(schema, dict) else {} if schema is True else {"not": {}}, name, name in required
        )
        for name, schema in declared.items()
    )
    rest = {k: v for k, v in root.items() if k not in ("type", "properties", "required", "$schema", "$id", "title")}
    return params, rest


def _written_out(schema: dict[str, Any], root: dict[str, Any], depth: int) -> dict[str, Any]:
    """`schema` with a reference of its own, and the members of its ``allOf``, merged into it."""
    if depth == 0:
        raise ValueError("schema has too long a chain of references")
    merged = schema
    reference = merged.pop("$ref", None) if "$ref" in merged else None
    parts = [target(reference, root)] if isinstance(reference, str) else []
    rest = []
    for part in [*parts, *(merged.get("allOf") or [])]:
        inner = _written_out(dict(part), root, depth - 1) if isinstance(part, dict) else part
        if isinstance(inner, dict) and set(inner) <= {"type", "properties", "required", "description", "title"}:
            both = {**dict(inner.get("properties", {})), **dict(merged.get("properties", {}))}
            for name in set(inner.get("properties", {})) & set(merged.get("properties", {})):
                one, other = inner["properties"][name], merged["properties"][name]
                both[name] = one if one == other else {"allOf": [one, other]}
            merged = {**merged, "properties": both}
            needed = [*merged.get("required", []), *inner.get("required", [])]
            if needed:
                merged["required"] = list(dict.fromkeys(needed))
        else:
            rest.append(inner)
    merged = {key: value for key, value in merged.items() if key != "allOf"}
    return {**merged, "allOf": rest} if rest else merged


def _moved(schema: Any, root: dict[str, Any], moved: dict[str, Json]) -> Any:
    """`schema` with references into properties pointing to definitions of their own, which `moved` collects."""
    if isinstance(schema, list):
        return [_moved(item, root, moved) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: _moved(value, root, moved) for key, value in schema.items()}
    reference = schema.get("$ref")
    if isinstance(reference, str) and not reference.startswith(("#/$defs/", "#/definitions/")):
        name = "at_" + reference.removeprefix("#/").replace("/", "_")
        if name not in moved:
            moved[name] = None
            moved[name] = _moved(target(reference, root), root, moved)
        out["$ref"] = f"#/$defs/{name}"
    return out


def _again(rest: JsonObject) -> list[Any]:
    """The schemas in `rest` that apply to the same object."""
    found = [inner for key in _LISTS for inner in rest.get(key) or ()]
    found += [rest[key] for key in _ONES if key in rest]
    return [*found, *dict(rest.get("dependentSchemas") or {}).values()]


def _mentioned(rest: JsonObject) -> set[str]:
    """Names of properties that inner schemas of the same object speak of."""
    names: set[str] = set()
    for inner in _again(rest):
        if isinstance(inner, dict):
            names |= set(inner.get("properties", {})) | _mentioned(inner)
    return names


def pinned(tool: Tool) -> frozenset[str]:
    """Fields whose values or names the rest of the schema constrains: they keep their type, and some their name."""
    if names_count(tool):
        return frozenset(param.field for param in tool.params)
    return frozenset(_mentioned(tool.rest))


def names_count(tool: Tool) -> bool:
    """Whether the schema constrains names as such, so that none can be changed."""
    inner = [tool.rest, *_again(tool.rest)]
    return any(key in one for one in inner if isinstance(one, dict) for key in _NAMES)


def renamed(rest: JsonObject, names: Mapping[str, str]) -> JsonObject:
    """`rest`, told about fields, as it reads for properties called `names[field]`."""

    def name(field: Any) -> Any:
        return names.get(field, field)

    out: dict[str, Json] = {}
    for key, value in rest.items():
        if key in _LISTS:
            out[key] = [_inner(item, names) for item in value]
        elif key in _ONES:
            out[key] = _inner(value, names)
        elif key == "dependentRequired":
            out[key] = {name(one): [name(other) for other in needed] for one, needed in value.items()}
        elif key == "dependentSchemas":
            out[key] = {name(one): _inner(inner, names) for one, inner in value.items()}
        else:
            out[key] = value
    return out


def _inner(schema: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(schema, dict):
        return schema
    out = dict(renamed({k: v for k, v in schema.items() if k not in ("properties", "required")}, names))
    if "properties" in schema:
        out["properties"] = {names.get(field, field): inner for field, inner in schema["properties"].items()}
    if "required" in schema:
        out["required"] = [names.get(field, field) for field in schema["required"]]
    return out


def split(rest: JsonObject) -> tuple[JsonObject, JsonObject]:
    """`rest` as what belongs beside the properties and the definitions, which belong to the top."""
    inner = {key: value for key, value in rest.items() if key not in _DEFINITIONS}
    return inner, {key: value for key, value in rest.items() if key in _DEFINITIONS}
