"""Tool descriptions as text, for protocols that cannot use the request's tools field."""

from __future__ import annotations

import json

from perturb.core.values import JsonObject


def parameter_lines(function: JsonObject) -> str:
    """One line per parameter: name, type, whether it may be left out, description."""
    schema = function["parameters"]
    required = schema.get("required", [])
    lines = []
    for name, value in schema.get("properties", {}).items():
        kind = value.get("type", "any")
        choices = f", one of {json.dumps(value['enum'], ensure_ascii=False)}" if "enum" in value else ""
        need = "required" if name in required else "optional"
        lines.append(f"- {name} ({kind}{choices}, {need}): {value.get('description', '')}".rstrip(": "))
        if kind == "object" and value.get("properties"):
            inner = parameter_lines({"parameters": value})
            lines += [f"  {line}" for line in inner.splitlines()]
    return "\n".join(lines)


def property_types(tools: tuple[JsonObject, ...], name: str) -> JsonObject:
    """The properties of the tool called `name`; empty when there is none."""
    for tool in tools:
        if tool["function"]["name"] == name:
            found: JsonObject = tool["function"]["parameters"].get("properties", {})
            return found
    return {}
