"""Operators with planted bugs: the generic laws must catch every one, with no test written for it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from perturb.core.draw import Draw
from perturb.core.registry import Operator
from perturb.core.rewrite import rewritten
from perturb.core.values import Case, Expect, Part, Pattern, Relation, Rewrite, Section, Tool
from perturb.laws.check import spread
from perturb.laws.operators import operator_breaches

Perturb = Callable[[Case, Draw], Case | None]


def forgets_the_expectation(case: Case, _draw: Draw) -> Case | None:
    out = rewritten(case, Rewrite(((case.world.cwd, "/elsewhere/x"),)))
    return replace(out, expect=case.expect)


def mutates_its_input(case: Case, _draw: Draw) -> Case | None:
    case.world.files["/code/planted"] = "x"  # type: ignore[index]  # the planted bug
    return replace(case, system=case.system[::-1])


def uses_the_global_generator(case: Case, _draw: Draw) -> Case | None:
    return replace(case, system=(*case.system, Section("Luck", str(random.random()), "operator")))


def does_nothing(case: Case, _draw: Draw) -> Case | None:
    return replace(case)


def changes_what_nobody_sees(case: Case, _draw: Draw) -> Case | None:
    return replace(case, world=replace(case.world, python={"never": "seen"}))


def drops_the_needed_tool(case: Case, _draw: Draw) -> Case | None:
    action = case.expect.any_of[0][0].action
    return replace(case, tools=tuple(t for t in case.tools if t.action not in (action, "shell.run")))


def duplicates_a_tool(case: Case, _draw: Draw) -> Case | None:
    return replace(case, tools=(*case.tools, case.tools[0]))


def illegal_name(case: Case, _draw: Draw) -> Case | None:
    return replace(case, tools=tuple(replace(t, name=t.name + "!") for t in case.tools))


def broken_schema(case: Case, _draw: Draw) -> Case | None:
    def spoil(tool: Tool) -> Tool:
        return replace(tool, params=tuple(replace(p, schema={"type": "strnig"}) for p in tool.params))

    return replace(case, tools=tuple(map(spoil, case.tools)))


def accepts_anything(case: Case, _draw: Draw) -> Case | None:
    """Says directional, and keeps yesterday's answer right."""
    return replace(case, turns=(replace(case.turns[0], text=case.turns[0].text + " Hurry."), *case.turns[1:]))


def tells_the_answer(case: Case, _draw: Draw) -> Case | None:
    words = str(case.expect.text)
    return replace(case, system=(*case.system, Section("Hint", words, "operator")))


def strays_out_of_its_part(case: Case, _draw: Draw) -> Case | None:
    first = replace(case.turns[0], text=case.turns[0].text + " Hurry.")
    return replace(case, turns=(first, *case.turns[1:]), tools=case.tools[::-1])


def loses_a_result(case: Case, _draw: Draw) -> Case | None:
    turns = tuple(replace(t, results=t.results[:-1]) for t in case.turns)
    return replace(case, turns=turns) if turns != case.turns else None


def slips_in_a_control_token(case: Case, _draw: Draw) -> Case | None:
    first = replace(case.turns[0], text=case.turns[0].text + " [e~[")
    return replace(case, turns=(first, *case.turns[1:]))


def claims_a_new_expectation(case: Case, _draw: Draw) -> Case | None:
    """Says invariant, and changes what is right."""
    expect = Expect(((Pattern("say", {"text": {"$free": "Stop."}}),),))
    return replace(case, expect=expect, system=(*case.system, Section("Order", "Stop.", "operator")))


def raises(case: Case, _draw: Draw) -> Case | None:
    raise KeyError(case.id)


PLANTED: list[tuple[Perturb, Part, Relation, str]] = [
    (forgets_the_expectation, "environment", "equivariant", "relation"),
    (mutates_its_input, "system", "invariant", "purity"),
    (uses_the_global_generator, "system", "invariant", "replay"),
    (does_nothing, "system", "invariant", "delivered"),
    (changes_what_nobody_sees, "environment", "invariant", "delivered"),
    (drops_the_needed_tool, "tools", "invariant", "oracle"),
    (duplicates_a_tool, "tools", "invariant", "well-formed"),
    (illegal_name, "tools", "invariant", "well-formed"),
    (broken_schema, "tools", "invariant", "well-formed"),
    (accepts_anything, "user", "directional", "relation"),
    (tells_the_answer, "system", "invariant", "no leak"),
    (strays_out_of_its_part, "user", "invariant", "frame"),
    (loses_a_result, "results", "invariant", "well-formed"),
    (slips_in_a_control_token, "user", "invariant", "well-formed"),
    (claims_a_new_expectation, "system", "invariant", "relation"),
    (raises, "user", "invariant", "closure"),
]


@pytest.mark.parametrize(("perturb", "part", "relation", "law"), PLANTED, ids=lambda v: getattr(v, "__name__", None))
def test_laws_catch_a_planted_bug(perturb: Perturb, part: Part, relation: Relation, law: str) -> None:
    operator = Operator(f"{part}.{perturb.__name__}", part, relation, "planted", perturb)
    cases = [case for case in spread(1) if len(case.turns) > 1 and case.surface.protocol != "fenced"]
    assert law in {breach.law for breach in operator_breaches(operator, cases, [])}
