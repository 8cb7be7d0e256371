"""What a tool declares as the default is not said: in expectations and in histories alike."""

from __future__ import annotations

from dataclasses import replace

from perturb.core.values import Case, Intent, Pattern, Tool
from perturb.toolbox.toolbox import without_defaults


def unsaid(case: Case) -> Case:
    """`case` with every argument left out that is at its tool's declared default. Most cases come back as they are."""
    tools = {tool.action: tool for tool in case.tools if any("default" in param.schema for param in tool.params)}
    if not tools:
        return case
    expect = replace(
        case.expect,
        any_of=tuple(_all(several, tools) for several in case.expect.any_of),
        never=_all(case.expect.never, tools),
        ahead=tuple(_all(several, tools) for several in case.expect.ahead),
    )
    turns = tuple(replace(turn, calls=tuple(_intent(call, tools) for call in turn.calls)) for turn in case.turns)
    return replace(case, expect=expect, turns=turns)


def _all(patterns: tuple[Pattern, ...], tools: dict[str, Tool]) -> tuple[Pattern, ...]:
    return tuple(
        replace(one, args=without_defaults(tools[one.action], one.args)) if one.action in tools else one
        for one in patterns
    )


def _intent(intent: Intent, tools: dict[str, Tool]) -> Intent:
    tool = tools.get(intent.action)
    return intent if tool is None else Intent(intent.action, without_defaults(tool, intent.args))
