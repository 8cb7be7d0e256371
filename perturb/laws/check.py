"""Running the laws over everything registered, on a spread of decisions or on all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from hashlib import blake2b

from perturb.core.registry import OPERATORS, SCAFFOLDS
from perturb.core.values import Case
from perturb.laws.breach import Breach
from perturb.laws.operators import operator_breaches
from perturb.laws.scaffolds import agent_breaches, scaffold_breaches
from perturb.scaffolding.binding import bind
from perturb.trajectories.loading import load_all

# Decisions of each family in each scaffold that the quick check looks at.
SPREAD = 2


def check(everything: bool = False, progress: Callable[[int], None] = lambda _count: None) -> list[Breach]:
    """The breaches, one per law and name (the smallest example of each)."""
    cases = spread(0 if everything else SPREAD)
    found: dict[tuple[str, str], Breach] = {}
    for breach in _all(cases, progress):
        known = found.get((breach.law, breach.name))
        if known is None or len(breach.example) < len(known.example):
            found[breach.law, breach.name] = breach
    return sorted(found.values(), key=lambda b: (b.name, b.law))


def _all(cases: list[Case], progress: Callable[[int], None]) -> Iterator[Breach]:
    yield from scaffold_breaches(cases)
    yield from agent_breaches(cases)
    operators = [OPERATORS[name] for name in sorted(OPERATORS)]
    for number, operator in enumerate(operators):
        # Each operator is followed by a few others; over all of them every operator is both first and second.
        others = [operators[(number + step) % len(operators)] for step in (1, 7, 19)]
        yield from operator_breaches(operator, cases, others)
        progress(1)


def spread(per_cell: int) -> list[Case]:
    """Bound cases: `per_cell` of each family in each scaffold, by hash; all of them when 0."""
    cells: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for episode in load_all():
        for case in episode.cases:
            for scaffold in SCAFFOLDS.values():
                bound = bind(case, scaffold)
                if bound is not None:
                    cells[case.family, scaffold.name].append(bound)
    chosen: list[Case] = []
    for found in cells.values():
        found.sort(key=lambda case: blake2b(case.id.encode()).digest())
        chosen.extend(found[:per_cell] if per_cell else found)
    return chosen
