"""Exact tests: could the labels "base" and "perturbed" be exchanged? And the correction for many tests at once.

A test over one draw of the base against fifty perturbed answers is valid here, because the draw itself is permuted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import comb

from perturb.statistics.distributions import binomial_cdf
from perturb.statistics.strata import Stratum
from perturb.statistics.sums import Term, upper_tail


def exchange_p(strata: Sequence[Stratum]) -> float:
    """The p-value of a drop against noise alone, doubled for two sides: within each case every answer may be the base.

    Exact for answers that are right or wrong (stratified hypergeometric); 1.0 where scores are in between.
    """
    kinds: Counter[tuple[int, int, int]] = Counter()
    observed = 0.0
    for s in strata:
        if s.base != int(s.base) or s.right != int(s.right):
            return 1.0
        kinds[s.draws, s.n, int(s.base + s.right)] += 1
        observed += (1 + s.n / s.draws) * s.base
    terms = [_term(*kind, count) for kind, count in kinds.items()]
    return min(1.0, 2 * upper_tail(terms, observed))


def _term(draws: int, n: int, right: int, count: int) -> Term:
    """How many of the right answers are base answers, weighted so that the sum orders data as the drop does."""
    weight, total = 1 + n / draws, comb(draws + n, right)
    possible = range(max(0, right - n), min(draws, right) + 1)
    chances = tuple(comb(draws, k) * comb(n, right - k) / total for k in possible)
    return Term(tuple(weight * k for k in possible), chances, count)


def loss_p(sums: Sequence[float]) -> float:
    """The p-value of a drop when every fixture's difference could as well have had the other sign, doubled.

    >>> loss_p([-1.0] * 6)
    0.03125
    """
    return min(1.0, 2 * upper_tail(_signs(sums), -sum(sums)))


def sign_flip_p(sums: Sequence[float]) -> float:
    """The two-sided p-value of the sign-flip permutation test.

    >>> sign_flip_p([1.0] * 6)
    0.03125
    """
    return min(1.0, 2 * upper_tail(_signs(sums), abs(sum(sums))))


def _signs(sums: Sequence[float]) -> list[Term]:
    return [Term((-abs(v), abs(v)), (0.5, 0.5)) for v in sums if abs(v) > 1e-12]


def mcnemar_p(worse: int, better: int) -> float:
    """Exact two-sided McNemar p-value; only for one pair per fixture.

    >>> round(mcnemar_p(6, 0), 12)
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
