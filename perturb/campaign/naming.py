"""Names of decisions: ``episode@step/scaffold+recipe#sample``, and the decision that a name stands for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from perturb.campaign.plan import Item, base_items, perturbed_items
from perturb.core.errors import UnrepresentableError, UserError
from perturb.core.registry import SCAFFOLDS, find
from perturb.core.values import Case
from perturb.operators import recipe
from perturb.operators.recipe import Recipe
from perturb.recordings.choosing import chosen_episodes
from perturb.scaffolding.binding import bind

_NAME = re.compile(r"(?P<case>[^/+]+)/(?P<scaffold>[^/+#]+)(\+(?P<recipe>[^#]+))?(#(?P<sample>\d+))?")


@dataclass(frozen=True, slots=True)
class Name:
    """The parts of a decision's name."""

    case: str
    scaffold: str
    recipe: Recipe
    sample: int


def parse(name: str) -> Name:
    """The parts of a name. Raises UserError when it is not one.

    >>> parse("cli-csv-count@1/mini_agent#2")
    Name(case='cli-csv-count@1', scaffold='mini_agent', recipe=(), sample=2)
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise UserError(f"{name!r} is not a decision's name (episode@step/scaffold+recipe#sample)")
    steps = recipe.parse(found["recipe"]) if found["recipe"] else ()
    return Name(found["case"], found["scaffold"], steps, int(found["sample"] or 0))


def item_of(name: str, fixtures: Sequence[str] = (), tools: str = "") -> Item:
    """The decision that `name` stands for, of `fixtures` with `tools` as in chosen_episodes.

    Raises UserError when its fixture, scaffold or recipe is not there.
    """
    parts = parse(name)
    base = bound_case(parts.case, parts.scaffold, fixtures, tools)
    if not parts.recipe:
        return base_items(base, parts.sample + 1)[-1]
    out = recipe.replayed(base, parts.recipe)
    if out is None:
        raise UserError(f"{name}: its recipe does not apply")
    try:
        return perturbed_items(base, out, parts.sample + 1)[-1]
    except UnrepresentableError as error:
        raise UserError(f"{name}: cannot be said in {out.scaffold}: {error}") from error


def bound_case(case: str, scaffold: str, fixtures: Sequence[str] = (), tools: str = "") -> Case:
    """A decision in a scaffold, by their names. Raises UserError when there is none."""
    cases = {c.id: c for episode in chosen_episodes(fixtures, tools) for c in episode.cases}
    bound = bind(find(cases, case, "fixture"), find(SCAFFOLDS, scaffold, "scaffold"))
    if bound is None:
        raise UserError(f"{case}: {scaffold} cannot carry this decision")
    return bound
