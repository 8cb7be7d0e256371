"""Intervals for one rate, and the unbiased pass^k. Never the normal approximation."""

from __future__ import annotations

from math import comb, sqrt

from perturb.statistics.distributions import beta_quantile, normal_quantile


def wilson(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson score interval, for plots.

    >>> [round(x, 3) for x in wilson(90, 100)]
    [0.826, 0.945]
    """
    if trials == 0:
        return (0.0, 1.0)
    z = normal_quantile(0.5 + level / 2)
    p, n = successes / trials, trials
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return (max(0.0, middle - half), min(1.0, middle + half))


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval, for promises: its coverage is never below `level`.

    >>> [round(x, 4) for x in clopper_pearson(0, 100)]
    [0.0, 0.0362]
    """
    tail = (1 - level) / 2
    low = beta_quantile(tail, successes, trials - successes + 1) if successes else 0.0
    high = beta_quantile(1 - tail, successes + 1, trials - successes) if successes < trials else 1.0
    return (low, high)


def pass_hat_k(successes: int, trials: int, k: int) -> float:
    """Unbiased chance that k tries all succeed (τ-bench's pass^k). Raises ValueError when k > trials.

    >>> pass_hat_k(6, 8, 2)
    0.5357142857142857
    """
    if not 0 < k <= trials:
        raise ValueError(f"pass^{k} needs at least {k} trials, got {trials}")
    return comb(successes, k) / comb(trials, k)
