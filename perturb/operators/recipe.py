"""Recipes: which operators with which choices. The text form is what reports print and what replays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from perturb.core.canonical import canonical
from perturb.core.draw import Draw, NotApplicableError, mildest, nearest, replay, seeded
from perturb.core.errors import UserError
from perturb.core.registry import OPERATORS, find
from perturb.core.values import Case

# Bytes by which one application may make a case longer; beyond, an operator has run wild.
GROWTH = 2_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """One operator and the choices it was given."""

    operator: str
    choices: tuple[int, ...]


Recipe = tuple[Step, ...]


def text(recipe: Recipe) -> str:
    """The text form.

    >>> text((Step("tools.rename_tool", (0, 1)), Step("results.timeout", ())))
    'tools.rename_tool[0,1]+results.timeout[]'
    """
    return "+".join(f"{step.operator}[{','.join(map(str, step.choices))}]" for step in recipe)


def parse(source: str, known: bool = True) -> Recipe:
    """The recipe of a text. Raises UserError for bad text, and for unknown operators unless `known` is False.

    >>> parse("tools.rename_tool[0,1]", known=False)
    (Step(operator='tools.rename_tool', choices=(0, 1)),)
    """
    steps = []
    for part in source.split("+"):
        name, bracket, rest = part.partition("[")
        numbers = rest.removesuffix("]")
        if not bracket or not rest.endswith("]") or not all(n.isdecimal() for n in numbers.split(",") if numbers):
            raise UserError(f"bad recipe {source!r}: {part!r} is not operator[choices]")
        if known:
            find(OPERATORS, name, "operator")
        steps.append(Step(name, tuple(int(n) for n in numbers.split(",")) if numbers else ()))
    return tuple(steps)


def apply(case: Case, name: str, draw: Draw) -> Case | None:
    """`case` perturbed by one operator, its lineage extended; None when it does not apply or changes nothing.

    Raises UserError naming an operator that makes the case longer by more than :data:`GROWTH` bytes.
    """
    operator = OPERATORS[name]
    try:
        out = operator.perturb(case, draw)
    except NotApplicableError:
        return None
    if out is None:
        return None
    before, after = canonical(case), canonical(out)
    if after == before:
        return None
    if len(after) > len(before) + GROWTH:
        raise UserError(f"{name}: makes {case.id} longer by {len(after) - len(before)} bytes, more than {GROWTH}")
    step = text((Step(name, tuple(draw.taken)),))
    return replace(out, lineage=(*case.lineage, step))


def replayed(case: Case, recipe: Recipe) -> Case | None:
    """`case` with a whole recipe applied again. Raises StaleRecipeError when the choices no longer fit."""
    current: Case | None = case
    for step in recipe:
        if current is None:
            return None
        current = apply(current, step.operator, replay(step.choices))
    return current


def nearest_to(case: Case, recipe: Recipe) -> Case | None:
    """`case` with as much of `recipe` as applies, its choices bent to fit; None when a step does not apply."""
    current: Case | None = case
    for step in recipe:
        if current is None:
            return None
        current = apply(current, step.operator, nearest(step.choices))
    return current


def of(case: Case) -> Recipe:
    """The recipe that made `case`."""
    return parse("+".join(case.lineage)) if case.lineage else ()


def variants(case: Case, name: str, count: int, seed: int) -> Iterator[Case]:
    """Up to `count` different results of one operator: the mildest, then seeded ones."""
    seen: set[bytes] = set()
    for number in range(4 * count):
        draw = seeded(seed, case.id, name, number) if number else mildest()
        out = apply(case, name, draw)
        key = canonical(replace(out, lineage=())) if out else b""
        if out is not None and key not in seen:
            seen.add(key)
            yield out
        if out is None or len(seen) == count:
            return
