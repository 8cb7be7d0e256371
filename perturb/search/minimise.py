"""A failed decision brought down to the smallest recipe that hurts the model in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from perturb.campaign.answers import Answers
from perturb.campaign.decision import Decision, decide
from perturb.campaign.plan import Item, perturbed_items
from perturb.core.errors import UnrepresentableError, UserError
from perturb.core.values import Case
from perturb.operators import recipe
from perturb.operators.recipe import Recipe
from perturb.search.shrink import Attempt, shrink


@dataclass(frozen=True, slots=True)
class Minimal:
    """A failing decision whose recipe is minimal, and the batches of requests it took to get there."""

    decision: Decision
    batches: int


def minimise(answers: Answers, failed: Decision, samples: int = 1, at_least: int = 1) -> Minimal:
    """The minimum of `failed`: fewest steps, mildest choices, the same outcome on the same decision.

    A recipe still fails when at least `at_least` of `samples` answers do (base right, perturbed wrong, same outcome):
    one unlucky answer of a noisy model is no failure. Raises UserError when `failed` does not fail by that rule.
    """
    base = failed.perturbed.item.base
    attempt = attempt_on(answers, base, failed.perturbed.outcome, samples, at_least)
    start = recipe.of(failed.perturbed.item.case)
    confirmed = attempt([start])[0]
    if confirmed is None:
        wanted = f"{failed.perturbed.outcome} in {at_least} of {samples} samples"
        raise UserError(f"{failed.perturbed.item.id}: does not fail as {wanted}")
    before = answers.batches
    smallest = shrink(confirmed, attempt).recipe
    batches = answers.batches - before
    made = items_of(base, smallest, 1)
    return Minimal(decide(answers, made)[0], batches)


def attempt_on(answers: Answers, base: Case, outcome: str, samples: int, at_least: int) -> Attempt:
    """Which of many recipes, applied to `base`, still end in `outcome`; all asked in one batch."""

    def attempt(recipes: Sequence[Recipe]) -> list[Recipe | None]:
        made = [items_of(base, one, samples) for one in recipes]
        decisions = iter(decide(answers, [item for items in made for item in items]))
        results: list[Recipe | None] = []
        for items in made:
            found = [next(decisions) for _ in items]
            fails = sum(d.hurt and d.perturbed.outcome == outcome for d in found) >= at_least
            results.append(recipe.of(items[0].case) if items and fails else None)
        return results

    return attempt


def items_of(base: Case, steps: Recipe, samples: int) -> list[Item]:
    """The requests of `steps` on `base`, its choices bent to fit; none when it cannot be made."""
    out = recipe.nearest_to(base, steps)
    if out is None:
        return []
    try:
        return perturbed_items(base, out, samples)
    except UnrepresentableError:
        return []
