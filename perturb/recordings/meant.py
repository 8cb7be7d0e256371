"""What recorded calls mean: intents that a scaffold can say again, letter by letter."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from perturb.core.actions import SAID
from perturb.core.errors import UnrepresentableError
from perturb.core.values import Call, Intent, Tool, World
from perturb.recordings.dialects import dialect, likely_product, meaning, paths
from perturb.recordings.tools import Toolset
from perturb.recordings.values import Recording, ToolCall
from perturb.toolbox import toolbox


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tools of a recording, with canonical meanings where they have one, by their recorded names."""

    tools: dict[str, Tool]
    world: World
    product: str = ""

    def visible(self) -> tuple[Tool, ...]:
        """The tools of its cases."""
        return tuple(self.tools.values())

    def intent(self, call: ToolCall) -> Intent | str:
        """What a call means, said so that it is spelled again as it was; or why it cannot be said."""
        tool = self.tools.get(call.name)
        if call.args is None:
            return f"the arguments of {call.name} are no JSON object"
        if tool is None:
            return f"{call.name} is not among its tools"
        found = said(tool, dict(call.args), self.world)
        return found if found is not None else f"{call.name} has no parameter for what it was given"


def vocabulary(recording: Recording, tools: Toolset, world: World) -> Vocabulary:
    """The tools of `recording`, those of a known product with their meanings.

    A tool that was called in a way that its meaning does not hold stays what it is.
    """
    product = recording.scaffold or likely_product(set(tools.tools))
    known = {tool.name: tool for tool in dialect(product)}
    calls = defaultdict(list)
    for call in (call for message in recording.messages for call in message.calls):
        if call.name in known and call.args is not None:
            calls[call.name].append(dict(call.args))
    found = {
        name: _meant(tool, known[name], calls[name], world) if name in known else tool
        for name, tool in tools.tools.items()
    }
    return Vocabulary(found, world, product if found != tools.tools else "")


def _meant(tool: Tool, known: Tool, calls: Iterable[dict[str, Any]], world: World) -> Tool:
    """`tool` with the meaning of `known`, if every call can be said with it as it was."""
    made = meaning(tool, known)
    if made is None:
        return tool
    for form in ("absolute", "relative"):
        spelled = paths(made, form)
        if all(said(spelled, args, world) is not None for args in calls):
            return spelled
    return tool


def said(tool: Tool, args: dict[str, Any], world: World) -> Intent | None:
    """What a call of `tool` means; None where it would not be spelled again as it was."""
    call = Call(tool.name, args)
    if tool.origin == "domain":
        fields = {param.name: param.field for param in tool.params}
        if not args.keys() <= fields.keys():
            return None
        plain = Intent(tool.action, {fields[name]: value for name, value in args.items()})
    else:
        literal = toolbox.literal((tool,), call, world)
        if not isinstance(literal, Intent):
            return None
        plain = literal
    names = {param.name: param.field for param in tool.params}
    exact = replace(plain, args={**plain.args, SAID: [names[name] for name in args]})
    return next((one for one in (plain, exact) if _spelled_so(tool, one, args, world)), None)


def _spelled_so(tool: Tool, intent: Intent, args: dict[str, Any], world: World) -> bool:
    try:
        again = toolbox.encode((tool,), intent, world).args
    except (UnrepresentableError, TypeError, ValueError):
        return False
    return again == args and list(again) == list(args)


def working_directory(recording: Recording) -> str:
    """The directory that a recording's paths lie in, as far as they tell; "" where they do not."""
    found = [
        value
        for message in recording.messages
        for call in message.calls
        for name, value in (call.args or {}).items()
        if "path" in name.lower() or name.lower() in ("cwd", "workdir")
        if isinstance(value, str) and value.startswith("/") and "\0" not in value and "\n" not in value
    ]
    if not found:
        return ""
    common = posixpath.commonpath([posixpath.normpath(path) for path in found])
    if common in found and len(set(found)) == 1:
        common = posixpath.dirname(common)
    return common if common.count("/") >= 1 and len(common) > 1 else ""
