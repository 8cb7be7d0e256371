"""Decisions, and what they are made of.

A recipe has fixed slots, each with its own switch: shrinking turns them off one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from perturb.campaign.plan import Item, Selection, bound_cases, chosen_operators, perturbed_items
from perturb.core.draw import Draw
from perturb.core.errors import UnrepresentableError
from perturb.core.registry import OPERATORS, SCAFFOLDS
from perturb.core.values import Case, Part
from perturb.operators import recipe
from perturb.operators.recipe import Recipe


def operators(*, part: Part | None = None) -> st.SearchStrategy[str]:
    """Names of operators, of one part or of all."""
    return st.sampled_from(sorted(name for name, found in OPERATORS.items() if part in (None, found.part)))


def scaffolds(*, family: str = "") -> st.SearchStrategy[str]:
    """Names of scaffolds, of one family or of all."""
    return st.sampled_from(sorted(name for name, found in SCAFFOLDS.items() if family in ("", found.family)))


def cases(*, scaffolds: Sequence[str] = (), fixtures: Sequence[str] = ()) -> st.SearchStrategy[Case]:
    """Unperturbed decisions, bound to a scaffold. Raises UserError when a name selects nothing."""
    return st.sampled_from(_bound(tuple(scaffolds), tuple(fixtures)))


@st.composite
def recipes(
    draw: Callable[[st.SearchStrategy[Any]], Any], case: Case, *, operators: Sequence[str] = (), steps: int = 3
) -> Recipe:
    """Recipes of at most `steps` steps that apply to `case`. They shrink towards fewer steps and milder choices.

    `operators` are names or globs. At most one step is directional: two new expectations would contradict each other.
    """
    return recipe.of(_perturbed(draw, case, _names(tuple(operators)), steps))


@st.composite
def decisions(
    draw: Callable[[st.SearchStrategy[Any]], Any],
    *,
    operators: Sequence[str] = (),
    scaffolds: Sequence[str] = (),
    fixtures: Sequence[str] = (),
    steps: int = 3,
) -> Item:
    """Perturbed decisions, ready to be asked. Empty sequences mean everything that is registered."""
    base = draw(cases(scaffolds=scaffolds, fixtures=fixtures))
    out = _perturbed(draw, base, _names(tuple(operators)), steps)
    if not out.lineage:
        reject()
    try:
        return perturbed_items(base, out, 1)[0]
    except UnrepresentableError:
        reject()


def _perturbed(draw: Callable[[st.SearchStrategy[Any]], Any], case: Case, names: tuple[str, ...], steps: int) -> Case:
    source = Draw(lambda count: int(draw(st.integers(0, count - 1))))
    current = case
    for _ in range(steps):
        on, name = draw(st.booleans()), draw(st.sampled_from(names))
        taken = [step.operator for step in recipe.of(current)]
        if not on or name in taken or (_directional(name) and any(map(_directional, taken))):
            continue
        source.taken.clear()
        current = recipe.apply(current, name, source) or current
    return current


def _directional(name: str) -> bool:
    return OPERATORS[name].relation == "directional"


@lru_cache(maxsize=64)
def _bound(scaffolds: tuple[str, ...], fixtures: tuple[str, ...]) -> tuple[Case, ...]:
    found = tuple(bound_cases(Selection(scaffolds=scaffolds, fixtures=fixtures)))
    return tuple(sorted(found, key=lambda case: (len(case.turns), case.id, case.scaffold)))


@lru_cache(maxsize=64)
def _names(globs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(operator.name for operator in chosen_operators(Selection(operators=globs)))
