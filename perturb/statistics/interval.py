"""Intervals for a mean difference over few and uneven fixtures.

Sources: CR2 variance and Satterthwaite's degrees of freedom (Bell and McCaffrey, 2002; Pustejovsky and Tipton, 2018),
under the working model that answers of one fixture go together; Hall's transformation against skewness (1992).
docs/statistics.md has the simulations that chose among these and their rivals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import cbrt, inf, sqrt

from perturb.statistics.distributions import normal_quantile, t_quantile
from perturb.statistics.strata import Cluster

# Fixtures, and among them fixtures that differ from the rest, below which no interval is given: it would not hold.
FEWEST = 15
FEWEST_DIFFERENT = 8
# "No drop beyond" is a one-sided claim at this level.
ONE_SIDED = 0.95


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean difference, its standard error, the degrees of freedom behind it, and the skewness of the fixtures."""

    mean: float
    error: float
    df: float
    skewness: float


def spread(clusters: Sequence[Cluster]) -> Spread:
    """The mean difference over all pairs and how far it may be off. Needs two fixtures."""
    total = sum(c.n for c in clusters)
    mean = sum(c.lost for c in clusters) / total
    shares = [c.n / total for c in clusters]
    residuals = [c.lost - mean * c.n for c in clusters]
    variance = sum(r * r / (1 - h) for r, h in zip(residuals, shares, strict=True)) / total**2
    second = sum(r**2 for r in residuals) / len(clusters)
    third = sum(r**3 for r in residuals) / len(clusters)
    skewness = third / second**1.5 if second > 1e-18 else 0.0
    return Spread(mean, sqrt(variance), degrees(tuple(c.n for c in clusters)), skewness)


def degrees(sizes: Sequence[int]) -> float:
    """Satterthwaite's degrees of freedom of the CR2 variance of a mean, for fixtures of these sizes.

    >>> round(degrees([4] * 10), 9)
    9.0
    """
    total = sum(sizes)
    shares = [size / total for size in sizes]
    squares = sum(h * h for h in shares)
    # Two residuals, each scaled by CR2, go together by h k (squares - h - k), one with itself by h² more.
    own = [h * h * (1 + squares - 2 * h) / (1 - h) for h in shares]
    weights = [h * h / (1 - h) for h in shares]
    zero, one, two = (sum(w * h**power for w, h in zip(weights, shares, strict=True)) for power in range(3))
    every = squares**2 * zero**2 + 2 * (zero * two + one**2) - 4 * squares * zero * one
    apart = sum((w * (squares - 2 * h)) ** 2 for w, h in zip(weights, shares, strict=True))
    return sum(own) ** 2 / (every - apart + sum(o * o for o in own))


def interval(clusters: Sequence[Cluster], level: float = 0.95) -> tuple[float, float] | None:
    """The interval of the mean difference; None where the data cannot carry one (see `why_none`)."""
    if why_none(clusters):
        return None
    found, tail = spread(clusters), (1 - level) / 2
    high, low = (_unskewed(t_quantile(q, found.df), found.skewness, len(clusters)) for q in (tail, 1 - tail))
    return (max(-1.0, found.mean - low * found.error), min(1.0, found.mean - high * found.error))


def why_none(clusters: Sequence[Cluster]) -> str:
    """Why these data carry no interval; "" when they do."""
    if len(clusters) < FEWEST:
        return f"{len(clusters)} fixture{'s'[: len(clusters) != 1]}"
    (_, alike), *_ = Counter(round(c.lost / c.n, 9) for c in clusters).most_common(1)
    different = len(clusters) - alike
    return f"{different} of {len(clusters)} fixtures differ" if different < FEWEST_DIFFERENT else ""


def _unskewed(t: float, skewness: float, count: int) -> float:
    """Hall's transformation, inverted: a quantile of the t statistic of skewed data."""
    if abs(skewness) < 1e-9:
        return t
    root, third = sqrt(count), skewness / 3
    return root / third * (cbrt(1 + 3 * third / root * (t - skewness / (6 * root))) - 1)


def lower_bound(clusters: Sequence[Cluster]) -> float:
    """The largest drop (as a negative number) that these data do not exclude, one-sided at 95 %; never above zero.

    Better answers never lower it: it is found among the worse data sets too, by taking gains away. It is not fooled by
    fixtures that nothing happened to: the worst one is counted twice, and what an unseen fixture may lose is bounded
    by the number of fixtures seen.
    """
    if len(clusters) < 2:
        return -1.0
    df = degrees(tuple(c.n for c in clusters))
    low, high = -1.0, 0.0
    if not _excluded(clusters, low, df):
        return -1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if _excluded(clusters, middle, df) else (low, middle)
    return min(low, -unseen(len(clusters)))


def unseen(fixtures: int) -> float:
    """The share of fixtures that may be lost when none of so many was (Wilson's bound, one-sided).

    >>> round(unseen(55), 3)
    0.047
    """
    z = normal_quantile(ONE_SIDED)
    return z * z / (fixtures + z * z)


def _excluded(clusters: Sequence[Cluster], drop: float, df: float) -> bool:
    """Whether a mean difference of `drop` or less is rejected."""
    values = sorted(c.lost - drop * c.n for c in clusters)
    values.insert(0, values[0])
    return best_statistic(values) > t_quantile(ONE_SIDED, df)


def best_statistic(values: Sequence[float]) -> float:
    """The largest one-sample t statistic that sorted `values` reach when those above some limit are cut down to it.

    Student's t itself falls when one value rises far above the others; this one never falls.
    """
    count, best, total, squares = len(values), -inf, 0.0, 0.0
    for place, value in enumerate(values):
        total, squares = total + value, squares + value * value
        above = count - 1 - place
        cut, spread_ = total + above * value, squares + above * value * value
        if cut > 0 and spread_ > 0:
            ratio = cut * cut / spread_
            best = max(best, inf if ratio >= count - 1e-9 else sqrt(ratio * (count - 1) / (count - ratio)))
    return best
