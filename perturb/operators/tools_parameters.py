"""Perturbations of how arguments look: names, types, order, nesting, splitting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from perturb.core.draw import Draw
from perturb.core.registry import operator
from perturb.core.values import Case, Codec, Param, Tool, World
from perturb.operators.tools import params_renamed, renamed
from perturb.operators.words import SYNONYMS
from perturb.toolbox import codecs, schema_rest


def _with(case: Case, old: Tool, new: Tool) -> Case:
    return replace(case, tools=tuple(new if tool is old else tool for tool in case.tools))


def _usable(case: Case) -> list[Tool]:
    """Tools with parameters, those the right answer uses first. A fenced command has no visible parameter."""
    if case.surface.protocol == "fenced":
        return []
    actions = {p.action for p in case.expect.any_of[0]}
    return sorted((tool for tool in case.tools if tool.params), key=lambda tool: tool.action not in actions)


def _swap(tool: Tool, old: Param, new: Param) -> Tool:
    return replace(tool, params=tuple(new if param is old else param for param in tool.params))


@operator(part="tools", relation="invariant")
def rename_parameter(case: Case, draw: Draw) -> Case | None:
    """Give one parameter another name (T14)."""
    tool = draw.choice(_usable(case))
    param = draw.choice(tool.params)
    known = {p.name for p in tool.params}
    if schema_rest.names_count(tool):
        return None
    options = [
        *SYNONYMS.get(param.name.lower(), ()),
        f"the_{param.name.lstrip('-')}",
        f"{param.name.lstrip('-')}_value",
    ]
    name = draw.choice([option for option in options if option not in known])
    return _with(case, tool, params_renamed(tool, {param.name: name}))


@operator(part="tools", relation="invariant")
def permute_parameters(case: Case, draw: Draw) -> Case | None:
    """Let two text parameters of a tool exchange names; their descriptions stay (T15)."""
    texts = [(tool, [p for p in tool.params if p.schema.get("type") == "string"]) for tool in _usable(case)]
    tool, params = draw.choice([(t, found) for t, found in texts if len(found) >= 2 and not schema_rest.names_count(t)])
    one, other = params[0], draw.choice(params[1:])
    return _with(case, tool, params_renamed(tool, {one.name: other.name, other.name: one.name}))


@operator(part="tools", relation="invariant", control=True)
def reorder_parameters(case: Case, draw: Draw) -> Case | None:
    """List a tool's parameters in another order (T27)."""
    tool = draw.choice([tool for tool in _usable(case) if len(tool.params) > 1])
    turn = draw.choice(range(1, len(tool.params)))
    return _with(case, tool, replace(tool, params=(*tool.params[turn:], *tool.params[:turn])))


@operator(part="tools", relation="invariant")
def retype_parameter(case: Case, draw: Draw) -> Case | None:
    """Let a number be sent as text, or a yes/no as words (T18)."""
    found = [(t, p) for t in _usable(case) for p in _free(t) if p.schema.get("type") in _RETYPED and not _bounded(t, p)]
    tool, param = draw.choice(found)
    kind = str(param.schema["type"])
    return _with(case, tool, _swap(tool, param, _as_text(param, kind, draw)))


def _bounded(tool: Tool, param: Param) -> bool:
    """Whether a service's number has bounds, which text has not."""
    return tool.origin == "domain" and bool(set(param.schema) - {"type", "description", "default", "title"})


def _free(tool: Tool) -> list[Param]:
    """Parameters that carry a value which nothing else in the schema depends on."""
    pinned = schema_rest.pinned(tool)
    return [param for param in tool.params if param.field and param.field not in pinned]


def _coded(param: Param, schema: dict[str, Any], codec: Codec) -> Param:
    """`param` in another spelling, its declared default too."""
    if "default" in param.schema:
        schema = {**schema, "default": codecs.encode((codec,), param.schema["default"], {}, World())}
    return replace(param, schema=schema, codecs=(*param.codecs, codec))


_RETYPED = ("integer", "number", "boolean")


def _as_text(param: Param, kind: str, draw: Draw) -> Param:
    kept: dict[str, Any] = {"description": param.schema.get("description", "")}
    if kind == "boolean":
        yes, no = draw.choice([("yes", "no"), ("on", "off")])
        schema = {"type": "string", "enum": [yes, no], **kept}
        return _coded(param, schema, ("relabel", {"true": yes, "false": no}))
    draw.choice([kind])
    schema = {"type": "string", "description": f"{kept['description']} (digits, as text)".strip()}
    return _coded(param, schema, ("text", kind))


@operator(part="tools", relation="invariant")
def nest_arguments(case: Case, draw: Draw) -> Case | None:
    """Put all of a tool's arguments under one object (T26)."""
    tool = draw.choice([tool for tool in _usable(case) if not tool.envelope])
    return _with(case, tool, replace(tool, envelope=draw.choice(["input", "arguments", "request"])))


@operator(part="tools", relation="invariant")
def wrap_in_list(case: Case, draw: Draw) -> Case | None:
    """Let a single text be sent as a list of one (T18, batch-style tools)."""
    found = [(t, p) for t in _usable(case) for p in _free(t) if p.schema.get("type") == "string" and p.required]
    tool, param = draw.choice([(t, p) for t, p in found if "enum" not in p.schema])
    schema = {
        "type": "array",
        "items": {key: value for key, value in param.schema.items() if key not in ("description", "default")},
        "description": f"{param.schema.get('description', '')} (a list of one)",
    }
    draw.choice([None])
    return _with(case, tool, _swap(tool, param, _coded(param, schema, ("wrap",))))


@operator(part="tools", relation="invariant")
def version_suffix(case: Case, draw: Draw) -> Case | None:
    """Append a version to one tool's name, as after an API upgrade (T36)."""
    tool = draw.choice(sorted(case.tools, key=lambda t: t.action not in {p.action for p in case.expect.any_of[0]}))
    return renamed(case, {tool.name: tool.name + draw.choice(["_v2", "-2026", "_beta"])})
