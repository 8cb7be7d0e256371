"""What planted operators are written with: as any contributor's would be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from perturb.core.values import Case, Section, Tool, Turn


def said(case: Case, change: Callable[[str], str]) -> Case:
    """The user's first message changed."""
    first = replace(case.turns[0], text=change(case.turns[0].text))
    return replace(case, turns=(first, *case.turns[1:]))


def section(case: Case, title: str, text: str) -> Case:
    """A section at the end of the system prompt."""
    return replace(case, system=(*case.system, Section(title, text, "operator")))


def tools(case: Case, change: Callable[[Tool], Tool]) -> Case:
    """Every tool changed."""
    return replace(case, tools=tuple(map(change, case.tools)))


def turns(case: Case, change: Callable[[Turn], Turn]) -> Case | None:
    """Every turn changed; None when none is."""
    made = tuple(map(change, case.turns))
    return replace(case, turns=made) if made != case.turns else None


def needed(case: Case) -> Tool | None:
    """The tool that the right answer calls."""
    return next((tool for tool in case.tools if tool.action == case.expect.any_of[0][0].action), None)


def swap(case: Case, old: Tool, new: Tool) -> Case:
    """One tool in the place of another."""
    return replace(case, tools=tuple(new if tool is old else tool for tool in case.tools))
