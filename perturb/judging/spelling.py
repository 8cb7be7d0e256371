"""Other spellings of a call that mean the same: defaults written out, paths in other words."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import replace

from perturb.core.actions import REQUIRED, fields
from perturb.core.values import Call, Case, Json, JsonObject, Param, Tool
from perturb.toolbox import codecs


def _tool(case: Case, call: Call) -> tuple[Tool, JsonObject]:
    """A call's tool, and the arguments inside its envelope."""
    tool = next(tool for tool in case.tools if tool.name == call.tool)
    return tool, call.args.get(tool.envelope, {}) if tool.envelope else call.args


def with_args(case: Case, call: Call, args: JsonObject) -> Call:
    """`call` with other arguments."""
    tool, _ = _tool(case, call)
    return replace(call, args={tool.envelope: args} if tool.envelope else args)


def with_defaults(case: Case, call: Call) -> Call:
    """`call` with every optional argument given at its default."""
    tool, given = _tool(case, call)
    found = dict(given)
    for param in tool.params:
        value = _default_of(tool.action, param)
        if param.name not in found and value is not REQUIRED:
            visible = codecs.encode(param.codecs, value, {}, case.world)
            if visible is not codecs.OMIT and isinstance(visible, bool | int | float):
                found[param.name] = visible
    return with_args(case, call, found)


def _default_of(action: str, param: Param) -> Json:
    """A default that can be written; an end that is counted from a start has none by itself."""
    known = fields(action).get(param.field)
    counted = any(codec[0] == "count_from" for codec in param.codecs)
    return REQUIRED if known is None or counted or known.default == -1 else known.default


def paths_spelled(case: Case, call: Call) -> Iterator[Call]:
    """`call` with its paths relative, with `./`, and by way of `..`."""
    root = case.world.cwd.rstrip("/") + "/"
    for spell in (_relative, _dotted, _round_about):
        yield _respelled(case, call, spell, root)


def _respelled(case: Case, call: Call, spell: Callable[[str, str], str], root: str) -> Call:
    tool, given = _tool(case, call)
    found = dict(given)
    for param in tool.params:
        known = fields(tool.action).get(param.field)
        value = found.get(param.name)
        if known and known.kind == "path" and isinstance(value, str):
            found[param.name] = spell(value, root)
    return with_args(case, call, found)


def _relative(path: str, root: str) -> str:
    return path.removeprefix(root)


def _dotted(path: str, root: str) -> str:
    return "./" + path.removeprefix(root) if path.startswith(root) else path


def _round_about(path: str, root: str) -> str:
    folder, name = posixpath.split(path)
    return f"{folder}/../{posixpath.basename(folder)}/{name}" if path.startswith(root) and folder else path


def without(case: Case, call: Call) -> Iterator[Call]:
    """`call` without one of the arguments that it needs and that carry something."""
    tool, given = _tool(case, call)
    for param in tool.params:
        if param.required and param.field and param.name in given:
            yield with_args(case, call, {name: value for name, value in given.items() if name != param.name})
