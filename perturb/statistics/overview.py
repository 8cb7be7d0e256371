"""What is said of a run as a whole: base accuracy, the A/A floor, the worst case, and fixtures that stand out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod
from statistics import fmean

from perturb.statistics.interval import interval
from perturb.statistics.rates import clopper_pearson, pass_hat_k
from perturb.statistics.records import Gathered, Light
from perturb.statistics.strata import Cluster


@dataclass(frozen=True, slots=True)
class Base:
    """Unperturbed answers: accuracy over bound cases with its 95 % interval, by scaffold, and pass^k.

    `passes` holds k → the chance that k answers to one case are all right (unbiased), for k up to half the draws.
    """

    accuracy: float
    interval: tuple[float, float]
    cases: int
    draws: int
    by_scaffold: dict[str, float]
    passes: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Floor:
    """How often two answers to one base request differ in right or wrong: the flips that mean nothing (A/A)."""

    rate: float
    cases: int


@dataclass(frozen=True, slots=True)
class Worst:
    """The share of bound cases right under every operator, and what the noise of base answers alone would leave."""

    accuracy: float
    chance: float
    cases: int


@dataclass(frozen=True, slots=True)
class Fixture:
    """One fixture: accuracy at base and perturbed, over so many perturbed answers."""

    name: str
    base: float
    perturbed: float
    n: int


def _scored(records: Iterable[Light]) -> list[int]:
    return [record.joint for record in records if record.joint is not None]


def base_of(found: Gathered) -> Base | None:
    """The base answers of a run; None when none is scored."""
    cases = {case: right for case, draws in found.bases.items() if (right := _scored(draws.values()))}
    if not cases:
        return None
    first = {case: next(iter(found.bases[case].values())) for case in cases}
    sums: dict[str, list[float]] = defaultdict(list)
    by_scaffold: dict[str, list[float]] = defaultdict(list)
    for case, right in cases.items():
        sums[first[case].cluster].append(fmean(right))
        by_scaffold[first[case].scaffold].append(fmean(right))
    clusters = [Cluster(name, sum(v), len(v), 0.0, 0.0) for name, v in sorted(sums.items())]
    accuracy = sum(c.lost for c in clusters) / len(cases)
    # Where the fixtures carry no interval, as if each were one answer: wide, and never wrong.
    carried = interval(clusters) or clopper_pearson(round(accuracy * len(clusters)), len(clusters))
    least = min(map(len, cases.values()))
    passes = {k: fmean(pass_hat_k(sum(r), len(r), k) for r in cases.values()) for k in (1, 2, 4, 8) if 2 * k <= least}
    return Base(
        accuracy,
        (max(0.0, carried[0]), carried[1]),
        len(cases),
        sum(map(len, cases.values())),
        {name: fmean(values) for name, values in sorted(by_scaffold.items())},
        passes,
    )


def floor_of(found: Gathered) -> Floor | None:
    """The A/A floor; None where no base was asked twice."""
    rates = []
    for draws in found.bases.values():
        right = _scored(draws.values())
        n, k = len(right), sum(right)
        if n > 1:
            rates.append(2 * k * (n - k) / (n * (n - 1)))
    return Floor(fmean(rates), len(rates)) if rates else None


def worst_of(found: Gathered, operators: Iterable[str]) -> Worst | None:
    """The worst case over `operators`; None where nothing was perturbed."""
    by_case: dict[str, list[list[int]]] = defaultdict(list)
    for name in operators:
        for case, answers in found.perturbed[name].items():
            right = _scored(answers)
            if right and _scored(found.bases.get(case, {}).values()):
                by_case[case].append(right)
    if not by_case:
        return None
    bases = {case: _scored(found.bases[case].values()) for case in by_case}
    mean, weight = _prior(list(bases.values()))
    right_everywhere = [float(all(group[0] for group in groups)) for groups in by_case.values()]
    chance = [_all_right(mean, weight, bases[case], len(groups)) for case, groups in by_case.items()]
    return Worst(fmean(right_everywhere), fmean(chance), len(by_case))


def _prior(bases: Sequence[Sequence[int]]) -> tuple[float, float]:
    """How often a case is right, and how many answers that is worth: the beta distribution that fits the base answers.

    Cases that are always right or always wrong make it worth nothing, cases that are alike make it worth many.
    """
    mean = fmean(fmean(right) for right in bases)
    within = [2 * k * (n - k) / (n * (n - 1)) for right in bases if (n := len(right)) > 1 for k in (sum(right),)]
    if not within or not 0 < mean < 1:
        return mean, 0.0
    noise = min(0.999, fmean(within) / 2 / (mean * (1 - mean)))
    return mean, noise / (1 - noise)


def _all_right(mean: float, weight: float, right: Sequence[int], times: int) -> float:
    """The chance that so many more answers to one case are all right, given its base answers (beta-binomial)."""
    good, n = mean * weight + sum(right), weight + len(right)
    return prod((good + more) / (n + more) for more in range(times))


def fixtures_of(found: Gathered, operators: Iterable[str]) -> tuple[Fixture, ...]:
    """Every fixture, the most lost first."""
    base: dict[str, list[int]] = defaultdict(list)
    after: dict[str, list[int]] = defaultdict(list)
    for draws in found.bases.values():
        for record in draws.values():
            base[record.cluster] += _scored([record])
    for name in operators:
        for answers in found.perturbed[name].values():
            after[answers[0].cluster] += _scored(answers)
    made = [
        Fixture(name, fmean(right), fmean(after[name]), len(after[name]))
        for name, right in base.items()
        if right and after.get(name)
    ]
    return tuple(sorted(made, key=lambda f: (f.perturbed - f.base, f.base, f.name)))
