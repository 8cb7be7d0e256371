"""A verdict is one of three words, and better answers never make it worse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturb.statistics.exchange import exchange_p, holm, loss_p
from perturb.statistics.interval import best_statistic, degrees, lower_bound
from perturb.statistics.paired import measured
from perturb.statistics.strata import Stratum, clusters_of
from perturb.statistics.verdict import LEAST_BASE, MARGIN, fixtures_without_loss, verdict

Two = tuple[list[Stratum], list[Stratum]]
ORDER = ("drop", "unknown", "no drop")


@st.composite
def answers(draw: st.DrawFn) -> list[Stratum]:
    """Bound cases of up to eighty fixtures, mostly right, as a real model's are."""
    fixtures = draw(st.integers(1, 80))
    made = []
    rare = st.sampled_from([0, 0, 0, 0, 0, 0, 1, 2])
    for fixture in range(fixtures):
        for _ in range(draw(st.integers(1, 2))):
            draws, n = draw(st.integers(1, 4)), draw(st.integers(1, 5))
            base, right = max(0, draws - draw(rare)), max(0, n - draw(rare))
            made.append(Stratum(f"f{fixture:02}", base, draws, right, n))
    return made


@st.composite
def better(draw: st.DrawFn) -> Two:
    """Some answers, and the same with some perturbed ones that were wrong made right."""
    one = draw(answers())
    gains = draw(st.lists(st.sampled_from([0, 0, 0, 1, 5]), min_size=len(one), max_size=len(one)))
    return one, [replace(s, right=min(s.n, s.right + gain)) for s, gain in zip(one, gains, strict=True)]


@settings(max_examples=60, deadline=None)
@given(better(), st.sampled_from([0.02, 0.05, 0.2]), st.sampled_from([1, 12, 60]))
def test_better_answers_never_get_a_worse_verdict(two: Two, margin: float, k: int) -> None:
    words = []
    for strata in two:
        found = measured(strata)
        assert found is not None
        words.append(verdict(found, min(1.0, k * found.p), margin, k).word)
    assert ORDER.index(words[0]) <= ORDER.index(words[1])


@settings(max_examples=40, deadline=None)
@given(better())
def test_every_piece_of_a_verdict_is_monotone(pair: Two) -> None:
    worse, improved = pair
    assert exchange_p(worse) <= exchange_p(improved) + 1e-9
    assert lower_bound(clusters_of(worse)) <= lower_bound(clusters_of(improved)) + 1e-9
    sums = [[c.lost for c in clusters_of(strata)] for strata in pair]
    assert loss_p(sums[0]) <= loss_p(sums[1]) + 1e-9


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8), st.integers(0, 7), st.floats(0, 1))
def test_a_larger_p_value_makes_no_other_row_significant(p: list[float], place: int, more: float) -> None:
    raised = list(p)
    raised[place % len(p)] = min(1.0, raised[place % len(p)] + more)
    assert all(a <= b + 1e-12 for a, b in zip(holm(p), holm(raised), strict=True))


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=12), st.integers(0, 11), st.floats(0, 2))
def test_the_statistic_never_falls_when_a_value_rises(values: list[float], place: int, more: float) -> None:
    raised = list(values)
    raised[place % len(values)] += more
    assert best_statistic(sorted(values)) <= best_statistic(sorted(raised)) + 1e-7


def test_the_perfect_agent_is_not_blank_and_five_failures_are_not_better() -> None:
    perfect = [Stratum(f"f{n % 55}", 8, 8, 1, 1) for n in range(909)]
    flawed = [replace(s, right=0) if n in (3, 204, 405, 610, 808) else s for n, s in enumerate(perfect)]
    one, other = measured(perfect), measured(flawed)
    assert one is not None
    assert other is not None
    assert verdict(one).word == "no drop"
    assert other.bound <= one.bound


def test_wrong_everywhere_is_unknown() -> None:
    found = measured([Stratum(f"f{n}", 0, 8, 0, 60) for n in range(200)])
    assert found is not None
    assert verdict(found).word == "unknown"
    assert "little to lose" in verdict(found).reason
    assert pytest.approx(0.2) == LEAST_BASE * MARGIN


def test_unknown_says_how_many_more_fixtures_it_takes() -> None:
    few = measured([Stratum(f"f{n}", 8, 8, 10, 10) for n in range(20)])
    assert few is not None
    assert verdict(few).more == fixtures_without_loss(MARGIN) - 20 == 32
    enough = measured([Stratum(f"f{n}", 8, 8, 10, 10) for n in range(52)])
    assert enough is not None
    assert verdict(enough).word == "no drop"


def test_one_base_answer_against_fifty_is_no_evidence() -> None:
    # 99 % right with pure noise: the single base draws happened to be all right, 1 % of the perturbed ones wrong.
    noisy = [Stratum(f"f{n}", 1, 1, 53 - (n % 2), 53) for n in range(55)]
    assert exchange_p(noisy) == pytest.approx(1.0)
    found = measured(noisy)
    assert found is not None
    assert verdict(found).word != "drop"


def test_degrees_of_freedom() -> None:
    assert degrees([7] * 20) == pytest.approx(19)
    assert degrees([100, 1, 1, 1, 1]) < 1.5


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 3)), min_size=1, max_size=30))
def test_every_set_of_answers_has_a_verdict(kinds: list[tuple[int, int, int]]) -> None:
    # Also the most one-sided: p-values too small to hold, few fixtures, everything lost.
    strata = [Stratum(f"f{n // 3}", base, 40, right, 40) for n, (base, right, _) in enumerate(kinds)]
    found = measured(strata)
    assert found is not None
    told = verdict(found, found.p, MARGIN, 60)
    assert told.word in ORDER
    assert told.more >= 0
    assert -1 <= found.bound <= 0
