"""Running the laws: over everything registered, or over what a user's files brought."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from perturb.core.registry import AGENTS, CHECKS, EQUIVALENTS, NEAR_MISSES, OPERATORS, SCAFFOLDS, SCORERS
from perturb.core.values import Case
from perturb.laws.breach import Breach
from perturb.laws.fixtures import fixture_breaches
from perturb.laws.operators import operator_breaches
from perturb.laws.rules import rule_breaches
from perturb.laws.scaffolds import agent_breaches, scaffold_breaches
from perturb.laws.verdicts import verdict_breaches
from perturb.scaffolding.binding import bind
from perturb.trajectories.episodes import Episode
from perturb.trajectories.loading import load_all

# Decisions of each family in each scaffold that the quick check looks at.
SPREAD = 2
_TABLES: dict[str, Mapping[str, object]] = {
    "operators": OPERATORS,
    "scaffolds": SCAFFOLDS,
    "agents": AGENTS,
    "scorers": SCORERS,
    "checks": CHECKS,
    "equivalents": EQUIVALENTS,
    "near misses": NEAR_MISSES,
}


@dataclass(frozen=True, slots=True)
class Brought:
    """What a user's files brought: names by kind (as in `perturb list`), and episodes."""

    names: frozenset[tuple[str, str]]
    episodes: tuple[Episode, ...] = ()

    def of(self, kind: str) -> list[str]:
        """The names of one kind, in order."""
        return sorted(name for found, name in self.names if found == kind)


def registered() -> frozenset[tuple[str, str]]:
    """Every (kind, name) registered now."""
    return frozenset((kind, name) for kind, table in _TABLES.items() for name in table)


def check(
    everything: bool = False,
    progress: Callable[[int], None] = lambda _count: None,
    only: Brought | None = None,
) -> list[Breach]:
    """The breaches, one per law and name (the smallest example of each). `only` narrows to what a user brought."""
    per_cell = 0 if everything else SPREAD
    rows = _all(spread(per_cell), progress) if only is None else _narrow(only, per_cell, progress)
    found: dict[tuple[str, str], Breach] = {}
    for breach in rows:
        known = found.get((breach.law, breach.name))
        if known is None or len(breach.example) < len(known.example):
            found[breach.law, breach.name] = breach
    return sorted(found.values(), key=lambda b: (b.name, b.law))


def _all(cases: Sequence[Case], progress: Callable[[int], None]) -> Iterator[Breach]:
    yield from scaffold_breaches(cases)
    yield from verdict_breaches(cases)
    yield from agent_breaches(cases, sorted(AGENTS))
    yield from rule_breaches(cases, sorted(CHECKS))
    yield from _operators(sorted(OPERATORS), cases, progress)


def _narrow(only: Brought, per_cell: int, progress: Callable[[int], None]) -> Iterator[Breach]:
    if only.episodes:
        cases = spread(0, only.episodes)
        yield from scaffold_breaches(cases)
        yield from fixture_breaches(only.episodes, cases)
        # The operators' own laws on a few of them: a fixture may have what no operator has met.
        yield from _operators(sorted(OPERATORS), spread(1, only.episodes), progress)
    if not only.names:
        return
    shipped = spread(per_cell)
    yield from agent_breaches(shipped, only.of("agents"))
    fresh = (*only.of("equivalents"), *only.of("near misses"))
    yield from (breach for breach in verdict_breaches(shipped if fresh else ()) if breach.name in fresh)
    yield from rule_breaches(shipped, only.of("checks"))
    if only.of("scorers") or only.of("checks"):
        yield from scaffold_breaches(shipped)
    inside = [case for case in shipped if case.scaffold in only.of("scaffolds")]
    yield from scaffold_breaches(inside)
    yield from _operators([name for name in sorted(OPERATORS) if inside], inside, progress)
    yield from _operators(only.of("operators"), shipped, progress)


def _operators(names: Iterable[str], cases: Sequence[Case], progress: Callable[[int], None]) -> Iterator[Breach]:
    every = [OPERATORS[name] for name in sorted(OPERATORS)]
    for name in names:
        number = every.index(OPERATORS[name])
        # Each operator is followed by a few others; over all of them every operator is both first and second.
        others = [every[(number + step) % len(every)] for step in (1, 7, 19)]
        yield from operator_breaches(OPERATORS[name], cases, others)
        progress(1)


def spread(per_cell: int, episodes: Iterable[Episode] | None = None) -> list[Case]:
    """Bound cases of `episodes` (the shipped ones): `per_cell` of each family in each scaffold, by hash; 0: all."""
    cells: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for episode in load_all() if episodes is None else episodes:
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
