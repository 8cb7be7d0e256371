"""Running the laws: over everything registered, or over what a user's files brought."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from perturb.core.registry import AGENTS, CHECKS, EQUIVALENTS, NEAR_MISSES, OPERATORS, SCAFFOLDS, SCORERS, Operator
from perturb.core.values import Case
from perturb.laws.breach import Breach
from perturb.laws.cover import Cover, covering, every_bound, spread
from perturb.laws.fixtures import fixture_breaches
from perturb.laws.operators.composition import composition_breaches, partners
from perturb.laws.operators.law import OVERALL, load_laws
from perturb.laws.operators.process import process_breaches
from perturb.laws.operators.review import Review, reviewed
from perturb.laws.operators.trying import Tried, operator_breaches, tried
from perturb.laws.rules import rule_breaches
from perturb.laws.scaffolds import agent_breaches, scaffold_breaches
from perturb.laws.verdicts import verdict_breaches
from perturb.trajectories.episodes import Episode

_TABLES: dict[str, Mapping[str, object]] = {
    "operators": OPERATORS,
    "scaffolds": SCAFFOLDS,
    "agents": AGENTS,
    "scorers": SCORERS,
    "checks": CHECKS,
    "equivalents": EQUIVALENTS,
    "near misses": NEAR_MISSES,
}
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Brought:
    """What a user's files brought: names by kind (as in `perturb list`), and episodes."""

    names: frozenset[tuple[str, str]]
    episodes: tuple[Episode, ...] = ()

    def of(self, kind: str) -> list[str]:
        """The names of one kind, in order."""
        return sorted(name for found, name in self.names if found == kind)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found, and what it did not look at."""

    breaches: list[Breach]
    cover: Cover
    reviews: list[Review] = field(default_factory=list)


def registered() -> frozenset[tuple[str, str]]:
    """Every (kind, name) registered now."""
    return frozenset((kind, name) for kind, table in _TABLES.items() for name in table)


def check(
    everything: bool = False,
    progress: Progress = lambda _count: None,
    only: Brought | None = None,
    review: bool = False,
) -> Checked:
    """The breaches, one per law and name (the smallest example of each), what was covered, and reviews if asked for.

    `only` narrows to what a user brought. Raises UserError when another process cannot be asked.
    """
    load_laws()
    names = sorted(OPERATORS) if only is None else only.of("operators")
    cover = covering(names or sorted(OPERATORS), everything)
    run = _Run(cover, progress)
    rows = _all(run) if only is None else _narrow(only, run)
    found: dict[tuple[str, str], Breach] = {}
    for breach in rows:
        # Cases come smallest first, so the first is the smallest example.
        found.setdefault((breach.law, breach.name), breach)
    breaches = sorted(found.values(), key=lambda b: (b.name, b.law))
    reviews = [reviewed(one.operator, one.applied) for one in run.tried] if review else []
    return Checked(breaches, cover, reviews)


@dataclass(frozen=True, slots=True)
class _Run:
    """A check under way."""

    cover: Cover
    progress: Progress
    tried: list[Tried] = field(default_factory=list)


def _all(run: _Run) -> Iterator[Breach]:
    cases = spread(2)
    yield from scaffold_breaches(run.cover.cases)
    yield from verdict_breaches(cases)
    yield from agent_breaches(cases, sorted(AGENTS))
    yield from rule_breaches(cases, sorted(CHECKS))
    yield from _operators(sorted(OPERATORS), run.cover.cases, run)


def _narrow(only: Brought, run: _Run) -> Iterator[Breach]:
    if only.episodes:
        cases = every_bound(only.episodes)
        yield from scaffold_breaches(cases)
        yield from fixture_breaches(only.episodes, cases)
        # The operators' own laws on a few of them: a fixture may have what no operator has met.
        few = spread(1, only.episodes)
        yield from _operators(sorted(OPERATORS), few, run, ours=False)
    if not only.names:
        return
    shipped = run.cover.cases
    yield from agent_breaches(shipped, only.of("agents"))
    fresh = (*only.of("equivalents"), *only.of("near misses"))
    yield from (breach for breach in verdict_breaches(shipped if fresh else ()) if breach.name in fresh)
    yield from rule_breaches(shipped, only.of("checks"))
    if only.of("scorers") or only.of("checks"):
        yield from scaffold_breaches(shipped)
    inside = [case for case in every_bound() if case.scaffold in only.of("scaffolds")]
    yield from scaffold_breaches(inside)
    yield from _operators([name for name in sorted(OPERATORS) if inside], inside[::9], run, ours=False)
    yield from _operators(only.of("operators"), shipped, run)


def _operators(names: Iterable[str], cases: Sequence[Case], run: _Run, ours: bool = True) -> Iterator[Breach]:
    """Breaches of operators on `cases`; not `ours`: these are few and somebody's, and say nothing of all of them."""
    jobs = []
    for name in names:
        operator = OPERATORS[name]
        if name in run.cover.broken:
            yield run.cover.broken[name]
            continue
        found = tried(operator, cases)
        run.tried.append(found)
        jobs.append((operator, tuple(found.applied)))
        yield from (breach for breach in operator_breaches(found) if ours or breach.law not in ("applies", *OVERALL))
        if not found.stopped:
            yield from composition_breaches(operator, cases, partners(operator))
        run.progress(1)
    if ours:
        yield from process_breaches(jobs)


def planted_breaches(operator: Operator, cases: Sequence[Case]) -> list[Breach]:
    """Everything the laws say of one operator on `cases`, apart from other processes. For trying laws out."""
    load_laws()
    found = tried(operator, cases)
    breaches = list(operator_breaches(found))
    return breaches if found.stopped else [*breaches, *composition_breaches(operator, cases, partners(operator))]
