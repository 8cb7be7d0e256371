"""The tools of a recording: as they were recorded, or inferred from the calls that were made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from perturb.core.values import Json, JsonObject, Tool
from perturb.recordings.values import Recording, ToolCall
from perturb.toolbox import toolbox
from perturb.toolbox.json_schema import schema_problem
from perturb.trajectories.bfcl_functions import json_schema
from perturb.trajectories.episodes import domain_tool

_LEGAL = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


@dataclass(frozen=True, slots=True)
class Toolset:
    """The tools of a recording by their recorded names, and what is to be said of them (`notes`)."""

    tools: dict[str, Tool]
    notes: tuple[str, ...] = ()


class UnusableError(Exception):
    """A recording of which no case can be made. The text says why."""


def toolset(recording: Recording) -> Toolset:
    """The tools of `recording`. Raises UnusableError for a schema that is none."""
    if recording.tools is not None:
        tools = {str(spec["name"]): _tool(spec) for spec in recording.tools}
        notes: tuple[str, ...] = ()
    else:
        tools = {str(spec["name"]): _tool(spec) for spec in inferred(c for m in recording.messages for c in m.calls)}
        notes = (f"tools inferred from the calls: {', '.join(sorted(tools))}",) if tools else ()
    names = {name: tool.name for name, tool in tools.items() if name != tool.name}
    if len({tool.name for tool in tools.values()}) < len(tools):
        raise UnusableError("two of its tools have the same name once they are spelled as APIs allow")
    renamed = tuple(f"the tool {old!r} is called {new}" for old, new in names.items())
    return Toolset(tools, (*notes, *renamed))


def legal(name: str) -> str:
    """A tool name as chat APIs allow it.

    >>> legal("math.add")
    'math_add'
    """
    return name if _LEGAL.match(name) else re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64] or "_"


def _tool(spec: JsonObject) -> Tool:
    """The tool of a spec; one with type names of Python or Java is spelled as JSON Schema."""
    parameters = dict(spec.get("parameters") or {"type": "object", "properties": {}})
    made = _checked(spec, parameters)
    if isinstance(made, str) and isinstance(parameters.get("properties"), dict):
        described = {k: v for k, v in parameters["properties"].items() if isinstance(v, dict)}
        spelled = json_schema({**parameters, "type": "object", "properties": described})
        again = _checked(spec, spelled)
        made = again if isinstance(again, Tool) else made
    if isinstance(made, str):
        raise UnusableError(f"the schema of the tool {spec['name']!r} is not valid: {made}")
    return made


def _checked(spec: JsonObject, parameters: JsonObject) -> Tool | str:
    """The tool, or what is wrong with its schema."""
    try:
        named = {"name": legal(str(spec["name"])), "description": spec.get("description", "")}
        made = domain_tool({**named, "parameters": parameters})
        return schema_problem(toolbox.schema(made)) or made
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        return f"{type(error).__name__}: {error}"


def inferred(calls: Iterable[ToolCall]) -> tuple[JsonObject, ...]:
    """Tool specs that allow exactly the kinds of calls that were made.

    >>> inferred([ToolCall("1", "f", {"a": 1}), ToolCall("2", "f", {"a": 2, "b": "x"})])[0]["parameters"]["required"]
    ['a']
    """
    made: dict[str, list[JsonObject]] = {}
    for call in calls:
        if call.args is not None:
            made.setdefault(call.name, []).append(call.args)
    return tuple(
        {"name": name, "description": "", "parameters": _parameters(given)} for name, given in sorted(made.items())
    )


def _parameters(given: list[JsonObject]) -> JsonObject:
    names = dict.fromkeys(name for args in given for name in args)
    properties = {name: _schema([args[name] for args in given if name in args]) for name in names}
    required = [name for name in names if all(name in args for args in given)]
    return {"type": "object", "properties": properties, "required": required}


_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"), (dict, "object"),
)  # fmt: skip


def _schema(values: list[Json]) -> dict[str, Any]:
    kinds = list(dict.fromkeys(_type(value) for value in values))
    if set(kinds) == {"integer", "number"}:
        kinds = ["number"]
    return {"type": kinds[0] if len(kinds) == 1 else kinds}


def _type(value: Json) -> str:
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "null")
