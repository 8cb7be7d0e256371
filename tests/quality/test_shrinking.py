"""Planted defects of one, two and three steps: the shrinker reaches exactly the planted recipe, in few batches."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from perturb.agents.sound import null, perfect
from perturb.campaign.answers import Answers, case_key
from perturb.campaign.decision import Decision, decide
from perturb.campaign.plan import Selection, bound_cases, perturbed_items
from perturb.campaign.runner import from_agent
from perturb.core.draw import seeded
from perturb.core.errors import UnrepresentableError
from perturb.core.registry import OPERATORS, Agent
from perturb.core.values import Answer, Case
from perturb.operators import recipe
from perturb.operators.recipe import Recipe, Step
from perturb.search.minimise import items_of, minimise
from perturb.search.shrink import shrink

CASES = list(bound_cases(Selection(limit=120)))
NAMES = sorted(OPERATORS)
NOISE = 3


def holds(planted: Recipe, seen: Recipe) -> bool:
    """Whether every planted step is in `seen`, at its dose or a stronger one."""
    return all(any(_at_least(step, other) for other in seen) for step in planted)


def _at_least(step: Step, other: Step) -> bool:
    same = step.operator == other.operator and len(step.choices) == len(other.choices)
    return same and all(a <= b for a, b in zip(step.choices, other.choices, strict=True))


def grown(base: Case, steps: int, rng: random.Random) -> Case | None:
    """`base` with so many random steps."""
    current = base
    for name in rng.sample(NAMES, len(NAMES)):
        if len(current.lineage) == steps:
            return current
        out = recipe.apply(current, name, seeded(rng.random().hex()))
        if out is not None:
            current = out
    return None


def planted_agent(planted: Recipe) -> Agent:
    def answer(case: Case, base: Case) -> Answer:
        return null(case, base) if holds(planted, recipe.of(case)) else perfect(case, base)

    return Agent("planted", "", "Says nothing when a planted recipe is there.", answer)


def failing(steps: int, seed: int) -> tuple[Recipe, Answers, Decision]:
    """A planted recipe, the agent that it hurts, and a failing decision with more steps and stronger doses."""
    rng = random.Random(f"{steps}.{seed}")
    while True:
        base = rng.choice(CASES)
        small = grown(base, steps, rng)
        planted = recipe.of(small) if small else ()
        large = surrounded(base, planted, rng) if small else None
        if large is None:
            continue
        answers = Answers(from_agent(planted_agent(planted)), case_key)
        try:
            decision = decide(answers, perturbed_items(base, large, 1))[0]
        except UnrepresentableError:
            continue
        alone = items_of(base, planted, 1)
        # Silence is another outcome in another protocol; a failure with another outcome is another failure.
        same = alone and decide(answers, alone)[0].perturbed.outcome == decision.perturbed.outcome
        if decision.hurt and same:
            return planted, answers, decision


def surrounded(base: Case, planted: Recipe, rng: random.Random) -> Case | None:
    """A case that holds `planted` among other steps, or None when they do not go together."""
    names = [step.operator for step in planted]
    noise = [Step(name, tuple(rng.randrange(4) for _ in range(2))) for name in rng.sample(NAMES, NOISE)]
    steps = [*planted]
    for extra in noise:
        if extra.operator not in names:
            steps.insert(rng.randrange(len(steps) + 1), extra)
    out = recipe.nearest_to(base, tuple(steps))
    return out if out is not None and holds(planted, recipe.of(out)) else None


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_planted_recipe_is_found(steps: int) -> None:
    for seed in range(100):
        planted, answers, decision = failing(steps, seed)
        found = minimise(answers, decision)
        assert recipe.of(found.decision.perturbed.item.case) == planted, f"seed {seed}"
        assert found.batches <= 3 * len(recipe.of(decision.perturbed.item.case)), f"seed {seed}"


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_doses_and_steps_of_any_recipe(steps: int) -> None:
    """The same over made-up recipes, whose choices are many: the exact planted one, within the bound."""
    for seed in range(100):
        rng = random.Random(f"{steps}.{seed}")
        names = rng.sample("abcdefgh", steps + NOISE)
        every = [Step(name, tuple(rng.randrange(5) for _ in range(rng.randrange(3)))) for name in names]
        chosen = sorted(rng.sample(range(len(every)), steps))
        milder = [Step(s.operator, tuple(rng.randrange(c + 1) for c in s.choices)) for s in every]
        planted = tuple(milder[at] for at in chosen)
        seen: list[int] = []

        def attempt(
            recipes: Sequence[Recipe], planted: Recipe = planted, seen: list[int] = seen
        ) -> list[Recipe | None]:
            seen.append(len(recipes))
            return [one if holds(planted, one) else None for one in recipes]

        found = shrink(tuple(every), attempt)
        assert found.recipe == planted, f"seed {seed}"
        assert found.batches == len(seen) <= 3 * len(every)
