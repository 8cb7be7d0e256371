"""Exposure: whether what an operator changed is what the right answer needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from perturb.campaign.exposure import exposed
from perturb.campaign.plan import Selection, bound_cases
from perturb.core.values import Case, Instruction, TextEdit, Turn


def in_user(case: Case, old: str, new: str) -> Case:
    return replace(case, turns=tuple(t if t.role != "user" else _with(t, old, new) for t in case.turns))


def _with(turn: Turn, old: str, new: str) -> Turn:
    return replace(turn, text=turn.text.replace(old, new))


def in_results(case: Case, change: Callable[[str], str]) -> Case:
    turn = case.turns[-1]
    results = tuple(replace(r, data={**r.data, "text": change(r.data["text"])}) for r in turn.results)
    return replace(case, turns=(*case.turns[:-1], replace(turn, results=results)))


def edited(case: Case, edit: TextEdit) -> Case:
    turn = case.turns[-1]
    return replace(case, turns=(*case.turns[:-1], replace(turn, results=(replace(turn.results[0], edits=(edit,)),))))


def ruled(case: Case) -> Case:
    rule = Instruction("Write [x].", "system", "text.contains", {"value": "[x]"})
    return replace(case, instructions=(*case.instructions, rule))


TABLE: list[tuple[str, Callable[[Case], Case], bool]] = [
    ("user", lambda c: in_user(c, "early", "erly"), False),
    ("user", lambda c: in_user(c, "5", "five"), True),
    ("user", lambda c: in_user(c, "", ""), False),
    ("results", lambda c: in_results(c, lambda text: text.upper()), True),
    ("results", lambda c: edited(c, TextEdit("suffix", "\nThat was all.")), False),
    ("results", lambda c: edited(c, TextEdit("head", "[cut]", 10)), True),
    ("history", lambda c: replace(c, turns=c.turns[:1]), True),
    ("thinking", lambda c: replace(c, turns=tuple(replace(t, thinking="") for t in c.turns)), False),
    ("system", lambda c: replace(c, system=c.system[::-1]), False),
    ("system", ruled, True),
    ("environment", lambda c: replace(c, world=replace(c.world, home="/elsewhere")), False),
]


@pytest.mark.parametrize(("part", "change", "touched"), TABLE)
def test_what_the_answer_needs(part: str, change: Callable[[Case], Case], touched: bool) -> None:
    base = next(
        one
        for one in bound_cases(Selection(scaffolds=("claude_code_like",), fixtures=("cli-retry-budget",)))
        if one.expect.any_of[0][0].action == "fs.edit"
    )
    assert exposed(base, change(base), part) is touched


def test_an_element_numbered_anew_is_touched_and_another_scaffold_is_no_answer() -> None:
    base = next(
        one
        for one in bound_cases(Selection(scaffolds=("playwright_mcp_like",), fixtures=("browser-form",)))
        if one.expect.any_of[0][0].action == "el.click"
    )
    target = str(base.expect.any_of[0][0].args["target"])
    for name in (target, next(name for name in base.world.refs if name != target)):
        moved = replace(base, world=replace(base.world, refs={**base.world.refs, name: 900}))
        assert exposed(base, moved, "environment") is (name == target)
    assert exposed(base, base, "scaffold") is None
    assert exposed(base, base, "") is None
