"""Operators with planted bugs: the generic laws must catch every one, with no test written for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perturb.core.errors import UserError
from perturb.core.registry import OPERATORS, operator
from perturb.core.values import Case
from perturb.laws.cover import every_bound
from perturb.laws.operators.composition import composition_breaches, partners
from perturb.laws.operators.law import BESIDE, LAWS, OVERALL, load_laws
from perturb.laws.operators.process import process_breaches
from perturb.laws.operators.trying import operator_breaches, tried
from tests.laws.planted import Planted, load_planted

load_laws()
PLANTED = load_planted()
# Laws under which every operator that is named breaks another one as well, by what they are about.
NEVER_ALONE = {"oracle"}


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return some_cases()


def some_cases() -> list[Case]:
    """A few decisions of each kind, the smaller ones first: with a history and without, with words and with calls."""
    found: dict[tuple[object, ...], Case] = {}
    for case in every_bound():
        deep = sum(bool(turn.calls) for turn in case.turns) > 1
        speaks = case.expect.any_of[0][0].action == "say"
        for kind in ((case.family, case.scaffold, deep), (case.family, speaks, deep)):
            if deep or kind[0] in ("cli", "browser"):
                found.setdefault(kind, case)
    service = next(case for case in found.values() if case.family == "service")
    # No shipped tool demands anything beside its parameters; a user's may.
    closed = tuple(
        replace(tool, rest={"additionalProperties": False}) if tool.origin == "domain" else tool
        for tool in service.tools
    )
    found["closed",] = replace(service, id=f"{service.id}-closed", tools=closed)
    return sorted({case.id + case.scaffold: case for case in found.values()}.values(), key=lambda case: len(repr(case)))


def laws_broken(bug: Planted, cases: list[Case]) -> set[str]:
    found = tried(bug.operator, cases, thorough=3)
    broken = {breach.law for breach in operator_breaches(found)}
    # What follows from a bug by itself shows beside every other operator too.
    if not broken and not found.stopped:
        broken |= {breach.law for breach in composition_breaches(bug.operator, cases, partners(bug.operator))}
    return broken


@pytest.mark.parametrize("bug", [bug for bug in PLANTED if bug.law != "another process"], ids=lambda b: b.operator.name)
def test_laws_catch_a_planted_bug(bug: Planted, cases: list[Case]) -> None:
    # What changes its input would change it for the others.
    broken = laws_broken(bug, some_cases() if bug.law == "purity" else cases)
    assert bug.law in broken
    if bug.alone:
        assert broken == {bug.law}


def test_another_process_shows_what_hangs_on_this_one(tmp_path: Path) -> None:
    module = tmp_path / "planted_for_another_process.py"
    module.write_text("import tests.laws.planted\n\ntests.laws.planted.register()\n")
    bugs = [bug for bug in PLANTED if bug.law == "another process"]
    sound = [OPERATORS[name] for name in ("system.pad_with_policy", "tools.opaque_names", "environment.relocate_root")]
    shipped = [case for case in some_cases() if not case.id.endswith("-closed")]
    made = [tried(one, shipped, thorough=1) for one in (*(bug.operator for bug in bugs), *sound)]
    breaches = process_breaches([(one.operator, one.applied) for one in made], modules=[str(module)])
    assert {breach.name for breach in breaches} == {bug.operator.name for bug in bugs}
    for one in made[: len(bugs)]:
        alone = {breach.law for breach in operator_breaches(one)}
        assert alone == set(), one.operator.name


def test_every_law_alone_catches_a_bug() -> None:
    laws = {*LAWS, *OVERALL, *BESIDE}
    assert {bug.law for bug in PLANTED} == laws
    assert {bug.law for bug in PLANTED if bug.alone} == laws - NEVER_ALONE
    assert len(PLANTED) >= 90


def _good(case: Case, _draw: object) -> Case | None:
    return case


async def _later(case: Case, _draw: object) -> Case | None:
    return case


def _several(case: Case, _draw: object) -> Any:
    yield case


def _alone(case: Case) -> Case | None:
    return case


@pytest.mark.parametrize(
    ("function", "told", "problem"),
    [
        (_good, {"part": "sytem", "relation": "invariant"}, "did you mean 'system'"),
        (_good, {"part": "user", "relation": "invariante"}, "did you mean 'invariant'"),
        (_good, {"part": "user", "relation": "invariant", "introduces": "<think>"}, "not a tuple"),
        (_good, {"part": "user", "relation": "invariant", "dose": True}, "not the place of a choice"),
        (_later, {"part": "user", "relation": "invariant"}, "async"),
        (_several, {"part": "user", "relation": "invariant"}, "generator"),
        (_alone, {"part": "user", "relation": "invariant"}, "(case, draw)"),
        (lambda case, _draw: case, {"part": "user", "relation": "invariant"}, "a name"),
    ],
)
def test_what_can_be_no_operator_is_refused_when_it_is_registered(
    function: Callable[..., Any], told: dict[str, Any], problem: str
) -> None:
    with pytest.raises(UserError) as caught:
        operator(**told)(function)
    assert problem in str(caught.value)
    assert "operator " in str(caught.value)
