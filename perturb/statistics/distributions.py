"""The few distributions that the numbers need, in plain Python and to twelve digits, so that the core installs light.

Sources: Lentz's continued fraction for the incomplete beta integral (Press et al., *Numerical Recipes*, 6.4); the
normal quantile is the standard library's (Wichura's AS241).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import erfc, exp, lgamma, log, log1p, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()
_TINY = 1e-300


def normal_cdf(x: float) -> float:
    """The chance of a standard normal value below `x`, exact in both tails.

    >>> round(normal_cdf(1.959963984540054), 12)
    0.975
    """
    return 0.5 * erfc(-x / sqrt(2))


def normal_quantile(p: float) -> float:
    """The value that a standard normal one stays below with chance `p`, 0 < p < 1.

    >>> round(normal_quantile(0.975), 12)
    1.95996398454
    """
    return _NORMAL.inv_cdf(p)


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta integral I_x(a, b), for a, b > 0.

    >>> round(beta_cdf(0.5, 2, 3), 12)
    0.6875
    """
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    # The fraction converges fast on this side of the mean; the other side is the mirrored one.
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1.0 / _away_from_zero(1.0 + even * d)
        c = _away_from_zero(1.0 + even / c)
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1.0 / _away_from_zero(1.0 + odd * d)
        c = _away_from_zero(1.0 + odd / c)
        value *= d * c
        if abs(d * c - 1.0) < 1e-15:
            break
    return value


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def beta_quantile(p: float, a: float, b: float) -> float:
    """The `x` with I_x(a, b) = p, 0 <= p <= 1.

    >>> round(beta_quantile(0.6875, 2, 3), 12)
    0.5
    """
    if p <= 0:
        return 0.0
    if p >= 1:
        return 1.0
    return _root(lambda x: beta_cdf(x, a, b) - p, 0.0, 1.0)


def binomial_cdf(k: int, n: int, p: float) -> float:
    """The chance of at most `k` successes in `n` tries.

    >>> binomial_cdf(1, 2, 0.5)
    0.75
    """
    if k < 0:
        return 0.0
    return 1.0 if k >= n else beta_cdf(1 - p, n - k, k + 1)


def t_cdf(x: float, df: float) -> float:
    """The chance of a Student t value below `x` with `df` > 0 degrees of freedom, whole or not."""
    tail = 0.5 * beta_cdf(df / (df + x * x), df / 2, 0.5)
    return tail if x <= 0 else 1.0 - tail


@lru_cache(maxsize=4096)
def t_quantile(p: float, df: float) -> float:
    """The value that a Student t one stays below with chance `p`, 0 < p < 1.

    >>> round(t_quantile(0.975, 10), 9)
    2.228138852
    """
    if p == 0.5:
        return 0.0
    if p < 0.5:
        return -t_quantile(1 - p, df)
    # In the ratio df / (df + x²) all values lie between 0 and 1, where a root is bracketed.
    ratio = beta_quantile(2 * (1 - p), df / 2, 0.5)
    return sqrt(df * (1 - ratio) / ratio) if ratio > 0 else float("inf")


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where an increasing function crosses zero: false position with halving, to the last bits."""
    below, above = function(low), function(high)
    for step in range(200):
        middle = low - below * (high - low) / (above - below) if step % 2 else 0.5 * (low + high)
        if not low < middle < high:
            middle = 0.5 * (low + high)
        value = function(middle)
        if value == 0.0 or high - low <= 4e-16 * abs(middle):
            return middle
        if value < 0:
            low, below = middle, value
        else:
            high, above = middle, value
    return 0.5 * (low + high)
