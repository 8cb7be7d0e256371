"""Our own distributions against scipy's, to nine digits, over the whole range that is used."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturb.statistics.distributions import (
    beta_cdf,
    beta_quantile,
    binomial_cdf,
    normal_cdf,
    normal_quantile,
    t_cdf,
    t_quantile,
)
from perturb.statistics.paired import mcnemar_p
from perturb.statistics.rates import clopper_pearson, wilson
from perturb.statistics.sums import Term, upper_tail

reference = pytest.importorskip("scipy.stats", reason="scipy is an extra: pip install perturb-agents[statistics]")
TO_NINE = {"rel": 1e-9, "abs": 1e-12}
CHANCES = (1e-7, 0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9999)
SHAPES = (0.5, 1, 2.5, 17, 400, 3000)


def test_normal() -> None:
    for p in CHANCES:
        assert normal_quantile(p) == pytest.approx(float(reference.norm.ppf(p)), **TO_NINE)
        assert normal_cdf(normal_quantile(p)) == pytest.approx(p, **TO_NINE)
    assert normal_cdf(-12.0) == pytest.approx(float(reference.norm.cdf(-12.0)), rel=1e-9)


def test_student() -> None:
    for p, df in product(CHANCES, (1, 1.5, 2, 3, 9, 54, 199.3, 5000)):
        assert t_quantile(p, df) == pytest.approx(float(reference.t.ppf(p, df)), **TO_NINE)
        assert t_cdf(t_quantile(p, df), df) == pytest.approx(p, **TO_NINE)


def test_beta() -> None:
    for p, a, b in product(CHANCES, SHAPES, SHAPES):
        at = float(reference.beta.ppf(p, a, b))
        assert beta_quantile(p, a, b) == pytest.approx(at, **TO_NINE)
        assert beta_cdf(at, a, b) == pytest.approx(float(reference.beta.cdf(at, a, b)), rel=1e-9, abs=1e-11)
    assert (beta_cdf(0, 2, 2), beta_cdf(1, 2, 2), beta_quantile(0, 2, 2), beta_quantile(1, 2, 2)) == (0, 1, 0, 1)


def test_binomial_mcnemar_and_rates() -> None:
    for k, n, p in product((0, 1, 7, 49), (50, 900), (0.02, 0.5, 0.97)):
        assert binomial_cdf(k, n, p) == pytest.approx(float(reference.binom.cdf(k, n, p)), **TO_NINE)
    for worse, better in product((0, 1, 5, 30, 200), repeat=2):
        total = worse + better
        expected = float(reference.binomtest(worse, total, 0.5).pvalue) if total else 1.0
        assert mcnemar_p(worse, better) == pytest.approx(expected, **TO_NINE)
    for right, tries in ((0, 1), (1, 1), (0, 300), (7, 11), (490, 500), (300, 300)):
        test = reference.binomtest(right, tries)
        for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
            theirs = test.proportion_ci(0.95, method)
            assert ours(right, tries) == pytest.approx((theirs.low, theirs.high), **TO_NINE)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 150), st.floats(0.02, 0.98), st.floats(0, 1))
def test_the_tail_of_a_sum_is_binomial_where_it_must_be(n: int, p: float, place: float) -> None:
    at = round(place * n)
    exact = float(reference.binom.sf(at - 1, n, p))
    found = upper_tail([Term((0.0, 1.0), (1 - p, p), n)], at)
    assert found == pytest.approx(exact, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("at", [60, 75, 90, 110, 125, 140])
def test_the_approximation_is_good_to_half_a_percent_in_the_tails(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perturb.statistics.sums.MOST_STEPS", 0)
    exact = float(reference.binom.sf(at - 1, 200, 0.5))
    assert upper_tail([Term((0.0, 1.0), (0.5, 0.5), 200)], at) == pytest.approx(exact, rel=5e-3)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([1, 2, 3, 7, 8, 12]), st.lists(st.integers(-12, 12), min_size=1, max_size=40))
def test_tails_of_sums_of_fractions_are_exact(parts: int, counts: list[int]) -> None:
    """Thirds and sevenths add up to wholes; to nine digits they do not, and what is just reached would be missed."""
    sums = {0: Fraction(1)}
    for count in counts:
        longer: dict[int, Fraction] = {}
        for known, chance in sums.items():
            for value in (known + count, known - count):
                longer[value] = longer.get(value, Fraction(0)) + chance / 2
        sums = longer
    observed = abs(sum(counts))
    exact = float(sum(chance for value, chance in sums.items() if value >= observed))
    terms = [Term((-abs(c) / parts, abs(c) / parts), (0.5, 0.5)) for c in counts if c]
    assert upper_tail(terms, observed / parts) == pytest.approx(exact, rel=1e-9)
