"""Estimates against reference values and against simulation."""

from __future__ import annotations

import random

import pytest

from perturb.statistics.interval import unseen
from perturb.statistics.paired import Pair, benjamini_hochberg, effect, holm, mcnemar_p, sign_flip_p
from perturb.statistics.rates import clopper_pearson, pass_hat_k, wilson


def test_rates_against_published_values() -> None:
    assert wilson(490, 500) == pytest.approx((0.9636, 0.9891), abs=5e-4)
    assert clopper_pearson(0, 300)[1] == pytest.approx(0.01222, abs=1e-4)
    assert clopper_pearson(300, 300)[0] == pytest.approx(1 - 0.01222, abs=1e-4)


def test_pass_hat_k_is_unbiased() -> None:
    draw = random.Random(7)
    p, n, k = 0.8236, 8, 4
    mean = sum(pass_hat_k(sum(draw.random() < p for _ in range(n)), n, k) for _ in range(40_000)) / 40_000
    assert mean == pytest.approx(p**k, abs=0.01)


def test_clustered_interval_covers_what_a_naive_one_misses() -> None:
    draw, covered = random.Random(3), 0
    for _ in range(300):
        pairs = []
        for cluster in range(20):
            shift = draw.gauss(0, 0.3)
            pairs += [Pair(str(cluster), 0.5, 0.5 + shift + draw.gauss(0, 0.3)) for _ in range(20)]
        found = effect(pairs)
        assert found is not None
        assert found.interval is not None
        covered += found.interval[0] <= 0 <= found.interval[1]
    assert 0.91 <= covered / 300 <= 0.99


def test_exact_sign_flip() -> None:
    assert sign_flip_p([1.0] * 6) == pytest.approx(2 / 64)
    assert sign_flip_p([1.0, -1.0]) == 1.0
    assert sign_flip_p([0.0, 0.0]) == 1.0
    assert sign_flip_p([1.0] * 30) < 0.001


def test_all_pairs_alike_is_not_certainty() -> None:
    found = effect([Pair(str(n), 1.0, 1.0) for n in range(40)])
    assert found is not None
    assert found.interval is None
    assert found.no_interval == "0 of 40 fixtures differ"
    assert found.bound == pytest.approx(-unseen(40))
    lost = effect([Pair(str(n), 1.0, 0.0) for n in range(40)])
    assert lost is not None
    assert lost.interval is None
    assert effect([]) is None


def test_multiplicity_against_reference() -> None:
    assert mcnemar_p(5, 0) == pytest.approx(0.0625)
    assert holm([0.005, 0.011, 0.02, 0.04, 0.13]) == pytest.approx([0.025, 0.044, 0.06, 0.08, 0.13])
    expected = [0.025, 0.0275, 0.02 * 5 / 3, 0.05, 0.13]
    assert benjamini_hochberg([0.005, 0.011, 0.02, 0.04, 0.13]) == pytest.approx(expected)
