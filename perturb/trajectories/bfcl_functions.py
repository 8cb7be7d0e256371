"""Functions of the Berkeley Function-Calling Leaderboard as tools: the type names of three languages as JSON Schema."""

from __future__ import annotations

from typing import Any

from perturb.core.values import JsonObject, Tool
from perturb.trajectories.episodes import domain_tool

_TYPES = {
    "dict": "object",
    "hashmap": "object",
    "float": "number",
    "double": "number",
    "long": "integer",
    "int": "integer",
    "str": "string",
    "bool": "boolean",
    "list": "array",
    "char": "string",
    "tuple": "array",
    "arraylist": "array",
}
_JSON_TYPES = {"string", "integer", "number", "boolean", "array", "object", "null"}
_KEPT = (
    "description", "enum", "minimum", "maximum", "default", "format", "pattern", "minItems", "maxItems", "minLength",
    "maxLength", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "uniqueItems", "additionalProperties",
)  # fmt: skip


def legal(name: str) -> str:
    """A function name as chat APIs allow it.

    >>> legal("math.add")
    'math_add'
    """
    return "".join(c if (c.isalnum() and c.isascii()) or c in "_-" else "_" for c in name)[:64]


def json_schema(source: JsonObject) -> dict[str, Any]:
    """A parameter description with Python, Java or JavaScript type names as JSON Schema.

    >>> json_schema({"type": "tuple", "items": {"type": "float"}})
    {'type': 'array', 'items': {'type': 'number'}}
    """
    name = str(source.get("type", "")).lower()
    name = _TYPES.get(name, name)
    made: dict[str, Any] = {"type": name} if name in _JSON_TYPES else {}
    made.update({key: source[key] for key in _KEPT if key in source})
    if isinstance(source.get("items"), dict):
        made["items"] = json_schema(source["items"])
    if isinstance(source.get("properties"), dict) and name == "object":
        made["properties"] = {key: json_schema(value) for key, value in source["properties"].items()}
        required = [key for key in source.get("required", []) if key in made["properties"]]
        if required:
            made["required"] = required
    return made


def function_tool(function: JsonObject) -> Tool:
    """A function's document as a tool. Raises what a document without name, description or parameters leads to."""
    parameters = json_schema(function["parameters"])
    parameters.setdefault("properties", {})
    spec = {"name": legal(function["name"]), "description": function["description"], "parameters": parameters}
    return domain_tool(spec)
