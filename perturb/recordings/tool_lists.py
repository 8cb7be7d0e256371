"""Tool lists of every dialect as function specs ``{name, description, parameters}``; MCP tool lists as toolsets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perturb.core.errors import UserError
from perturb.core.reading import parsed, read_json
from perturb.core.values import JsonObject
from perturb.recordings.fields import UnreadableError, a_list, a_name, a_text, an_object

_SCHEMAS = ("parameters", "input_schema", "inputSchema")
_EMPTY = {"type": "object", "properties": {}}


def tool_specs(value: Any, field: str = "tools") -> tuple[JsonObject, ...] | None:
    """The function tools of a list (or of the JSON text of one); None when none were recorded.

    What a provider runs itself (web search, code execution) has no schema and stays out. Raises UnreadableError.

    >>> tool_specs([{"type": "function", "function": {"name": "f"}}])
    ({'name': 'f', 'description': '', 'parameters': {'type': 'object', 'properties': {}}},)
    """
    if isinstance(value, str):
        try:
            value = parsed(value.encode(), field)
        except UserError as error:
            raise UnreadableError(str(error)) from error
    if value is None:
        return None
    found: dict[str, JsonObject] = {}
    for number, tool in enumerate(a_list(value, field)):
        spec = _spec(an_object(tool, f"{field}.{number}"), f"{field}.{number}")
        if spec:
            found.setdefault(spec["name"], spec)
    return tuple(found.values())


def _spec(tool: dict[str, Any], field: str) -> JsonObject:
    if isinstance(tool.get("function"), dict):
        tool, field = tool["function"], f"{field}.function"
    elif tool.get("type") not in (None, "function", "custom", "ToolDefinition") or "format" in tool:
        return {}
    name = tool.get("name", tool.get("name_for_model"))
    schema = next((tool[key] for key in _SCHEMAS if tool.get(key) is not None), None)
    if schema is None and tool.get("type") == "custom":
        schema = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
    return {
        "name": a_name(name, f"{field}.name"),
        "description": a_text(tool.get("description", tool.get("description_for_model")), f"{field}.description"),
        "parameters": _EMPTY if schema is None else an_object(schema, f"{field}.parameters"),
    }


def read_toolset(path: Path) -> tuple[JsonObject, ...]:
    """The tools of a file: an MCP ``tools/list`` answer, a list of tools in any dialect, one tool, a list of servers.

    Raises UserError naming the file and the field.
    """
    try:
        found = [spec for tools in _lists(read_json(path)) for spec in tool_specs(tools) or ()]
    except UnreadableError as error:
        raise UserError(f"{path}: {error}") from error
    if not found:
        raise UserError(f"{path}: holds no tool list (an MCP tools/list answer, or a list of tools)")
    return tuple({spec["name"]: spec for spec in reversed(found)}.values())[::-1]


def _lists(value: Any) -> Iterator[Any]:
    """Every tool list within: servers hold them under `tools`, answers under `result`."""
    if isinstance(value, list):
        if any(isinstance(one, dict) and "tools" in one for one in value):
            for one in value:
                yield from _lists(one)
        else:
            yield value
    elif isinstance(value, dict):
        inner = value.get("tools", value.get("result"))
        if isinstance(inner, dict):
            for one in (inner, *inner.values()) if "tools" not in inner else (inner,):
                yield from _lists(one) if isinstance(one, dict) and "tools" in one else ()
        elif inner is not None:
            yield inner
        elif "name" in value:
            yield [value]
