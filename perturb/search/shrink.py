"""The smallest recipe that still fails, at the mildest dose, in few batches.

Generic shrinkers try one candidate at a time; a model answers hundreds at once. So each round tries every smaller
recipe of one kind as a single batch and goes on from the smallest that still fails: first fewer steps, then milder
choices. (Delta debugging, Zeller and Hildebrandt 2002, with whole levels asked together.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from perturb.operators.recipe import Recipe

# Given recipes, the exact recipe each one comes to where it still fails, None where it does not (or cannot be made).
Attempt = Callable[[Sequence[Recipe]], list[Recipe | None]]
LARGEST_BATCH = 128


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The minimum that was reached, and how many batches it took."""

    recipe: Recipe
    batches: int


def shrink(start: Recipe, attempt: Attempt) -> Shrunk:
    """The minimum reached from `start`, which is taken to fail.

    No single step of it can be left out and no single choice made milder. The last is not checked again for choices
    that only together could be milder.
    """
    known: dict[Recipe, Recipe | None] = {}
    batches = 0

    def first_failing(candidates: Iterable[Recipe]) -> Recipe | None:
        nonlocal batches
        wanted = list(dict.fromkeys(candidates))[:LARGEST_BATCH]
        unknown = [recipe for recipe in wanted if recipe not in known]
        if unknown:
            batches += 1
            known.update(zip(unknown, attempt(unknown), strict=True))
        found = [known[recipe] for recipe in wanted]
        return min((recipe for recipe in found if recipe is not None), key=size, default=None)

    def fewer(current: Recipe) -> Recipe:
        while len(current) > 1:
            found = first_failing(_fewer_steps(current, known))
            if found is None or size(found) >= size(current):
                break
            current = found
        return current

    def milder(current: Recipe) -> Recipe:
        while True:
            found = first_failing(_milder_choices(current, known))
            if found is None or size(found) >= size(current):
                return current
            current = found

    smallest = milder(fewer(start))
    return Shrunk(fewer(smallest), batches)


def size(recipe: Recipe) -> tuple[int, int]:
    """What is minimised: steps, then the sum of choices (the mildest choice is 0)."""
    return len(recipe), sum(sum(step.choices) for step in recipe)


def _fewer_steps(recipe: Recipe, known: dict[Recipe, Recipe | None]) -> Iterable[Recipe]:
    """Without each step, without all that did not matter alone, each step alone, each pair of a short recipe."""
    without = [recipe[:at] + recipe[at + 1 :] for at in range(len(recipe))]
    needed = tuple(step for step, left in zip(recipe, without, strict=True) if left in known and not known[left])
    if 0 < len(needed) < len(recipe):
        yield needed
    yield from without
    for count in (1, 2) if len(recipe) <= 8 else (1,):
        yield from combinations(recipe, count)


def _milder_choices(recipe: Recipe, known: dict[Recipe, Recipe | None]) -> Iterable[Recipe]:
    """Each choice at every milder value, and all choices together at the mildest value that failed alone."""
    lowest = recipe
    single = []
    for at, step in enumerate(recipe):
        for place, value in enumerate(step.choices):
            tries = [_with(recipe, at, place, lower) for lower in range(value)]
            single += tries
            failing = [lower for lower, made in enumerate(tries) if known.get(made)]
            if failing:
                lowest = _with(lowest, at, place, failing[0])
    if lowest != recipe:
        yield lowest
    yield _all_mildest(recipe)
    yield from single


def _with(recipe: Recipe, at: int, place: int, value: int) -> Recipe:
    step = recipe[at]
    choices = (*step.choices[:place], value, *step.choices[place + 1 :])
    return (*recipe[:at], replace(step, choices=choices), *recipe[at + 1 :])


def _all_mildest(recipe: Recipe) -> Recipe:
    return tuple(replace(step, choices=(0,) * len(step.choices)) for step in recipe)
