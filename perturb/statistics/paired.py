"""Paired differences with the fixture as the cluster.

Sources: Miller, "Adding Error Bars to Evals" (arXiv 2411.00640) for clustered, paired analysis; McNemar's test.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

from perturb.statistics.distributions import binomial_cdf, t_quantile
from perturb.statistics.sums import Term, upper_tail


@dataclass(frozen=True, slots=True)
class Pair:
    """One decision, before and after: scores in [0, 1]."""

    cluster: str
    base: float
    perturbed: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What a perturbation did to a score.

    `difference` is perturbed - base (a drop is negative). `interval` is the cluster-robust 95 % t interval, None
    with fewer than two fixtures. `worse` and `better` count pairs that flipped. `p` is the fixture-level sign-flip
    permutation p-value (two-sided).
    """

    n: int
    clusters: int
    base: float
    perturbed: float
    difference: float
    interval: tuple[float, float] | None
    worse: int
    better: int
    p: float


def effect(pairs: Sequence[Pair], level: float = 0.95) -> Effect | None:
    """The effect over `pairs`, or None when there are none."""
    if not pairs:
        return None
    differences = [pair.perturbed - pair.base for pair in pairs]
    mean = fmean(differences)
    sums = _cluster_sums(pairs, 0.0)
    return Effect(
        n=len(pairs),
        clusters=len(sums),
        base=fmean(pair.base for pair in pairs),
        perturbed=fmean(pair.perturbed for pair in pairs),
        difference=mean,
        interval=_interval(pairs, mean, level),
        worse=sum(d < 0 for d in differences),
        better=sum(d > 0 for d in differences),
        p=sign_flip_p(sums),
    )


def _cluster_sums(pairs: Sequence[Pair], centre: float) -> list[float]:
    sums: dict[str, float] = defaultdict(float)
    for pair in pairs:
        sums[pair.cluster] += pair.perturbed - pair.base - centre
    return list(sums.values())


def _interval(pairs: Sequence[Pair], mean: float, level: float) -> tuple[float, float] | None:
    residuals = _cluster_sums(pairs, mean)
    groups = len(residuals)
    if groups < 2:
        return None
    variance = groups / (groups - 1) * sum(r * r for r in residuals) / len(pairs) ** 2
    half = t_quantile(0.5 + level / 2, groups - 1) * sqrt(variance)
    if half < 1e-12:
        # No spread seen is not no spread: the exact bound for zero events in this many fixtures.
        half = 1 - ((1 - level) / 2) ** (1 / groups)
    return (max(-1.0, mean - half), min(1.0, mean + half))


def sign_flip_p(sums: Sequence[float]) -> float:
    """Two-sided p-value of the fixture-level sign-flip permutation test: every sign is as likely as its opposite.

    >>> sign_flip_p([1.0] * 6)
    0.03125
    """
    sizes = [abs(value) for value in sums if value != 0.0]
    terms = [Term((-size, size), (0.5, 0.5)) for size in sizes]
    return min(1.0, 2 * upper_tail(terms, abs(sum(sums)))) if sizes else 1.0


def mcnemar_p(worse: int, better: int) -> float:
    """Exact two-sided McNemar p-value; only for one pair per fixture.

    >>> mcnemar_p(6, 0)
    0.03125
    """
    return min(1.0, 2 * binomial_cdf(min(worse, better), worse + better, 0.5))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm-adjusted p-values, in the given order: for claims.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Benjamini-Hochberg q-values, in the given order: for exploration.

    >>> [round(q, 3) for q in benjamini_hochberg([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    total = len(p_values)
    order = sorted(range(total), key=lambda i: p_values[i], reverse=True)
    adjusted, lowest = [0.0] * total, 1.0
    for rank, index in enumerate(order):
        lowest = min(lowest, p_values[index] * total / (total - rank))
        adjusted[index] = lowest
    return adjusted
