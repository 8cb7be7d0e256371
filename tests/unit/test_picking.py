"""A budget picks a part of the product that is balanced, fits, and is the same for a seed."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturb.campaign.picking import Budget, balanced, budget_from
from perturb.campaign.plan import Item, Selection, Tally, base_draws, plan
from perturb.cli.before import facts
from perturb.cli.meter import Meter
from perturb.core.errors import UserError
from perturb.core.values import Case, Expect, Failure, Response, World

QUICK = 600


def case(cluster: int, scaffold: int) -> Case:
    return Case(f"f{cluster}@1", f"f{cluster}", "cli", (), (), World(), (), (), Expect(((),)), scaffold=f"s{scaffold}")


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 4), st.integers(1, 30), st.integers(1, 400), st.integers(0, 5))
def test_a_pick_fits_its_budget_and_is_spread(clusters: int, scaffolds: int, many: int, budget: int, seed: int) -> None:
    cases = [case(c, s) for c in range(clusters) for s in range(scaffolds)]
    operators = [f"o{n:02}" for n in range(many)]

    def picked() -> list[tuple[Case, list[str]]]:
        return list(
            balanced(
                cases,
                operators,
                Budget(budget),
                seed,
                lambda _case, shared: (base_draws(1, shared), 0),
                lambda _case, _name: (1, 0),
            )
        )

    found = picked()
    assert found == picked()
    spent = sum(len(names) + base_draws(1, len(names)) for _, names in found)
    assert spent <= budget
    used = Counter(name for _, names in found for name in names)
    if found:
        assert max(used.values()) - min(used[name] for name in operators) <= 1 or len(used) == many
        fixtures = Counter(one.cluster for one, _ in found)
        assert max(fixtures.values()) - min(fixtures[f"f{c}"] for c in range(clusters)) <= 1


@lru_cache
def items(**more: int) -> list[Item]:
    return list(plan(Selection(operators=("tools.*", "system.*", "user.*"), **more)))


def test_the_product_within_a_budget() -> None:
    found = items(requests=QUICK)
    assert QUICK - 16 <= len(found) <= QUICK
    asked = [item for item in found if item.kind == "perturbed"]
    scaffolds, fixtures = (
        Counter(key) for key in zip(*((i.base.scaffold, i.base.cluster) for i in asked), strict=True)
    )
    operators = Counter(item.operator for item in asked)
    assert len(scaffolds) >= 8
    assert max(scaffolds.values()) <= 4 * min(scaffolds.values())
    # Four operators apply to few decisions; all others are asked equally often.
    assert max(operators.values()) - sorted(operators.values())[4] <= 3
    assert max(fixtures.values()) <= 3 * min(fixtures.values())
    bases = {item.id for item in found if item.kind == "base"}
    assert {item.base_id for item in asked} <= bases
    assert [item.id for item in found] == [item.id for item in items.__wrapped__(requests=QUICK)]


def test_neighbours_share_their_base() -> None:
    """So that an engine's prefix cache is of use: each decision's requests stand together."""
    places: dict[str, list[int]] = {}
    for place, item in enumerate(items(requests=QUICK)):
        places.setdefault(f"{item.base.id}/{item.base.scaffold}", []).append(place)
    assert all(found == list(range(found[0], found[0] + len(found))) for found in places.values())


def test_a_budget_beyond_everything_is_everything() -> None:
    few = Selection(operators=("tools.rename_tool",), limit=3)
    bounded = replace(few, requests=99)
    assert [item.id for item in plan(few)] == [item.id for item in plan(bounded)]


@pytest.mark.parametrize("text", ["", "0", "-5", "many", "5M tok", "1e6", "99999999999999", "tok", "1.5Mtok"])
def test_what_is_no_budget_is_said(text: str) -> None:
    with pytest.raises(UserError, match="--budget"):
        budget_from(text)


def test_a_dry_run_counts_what_the_plan_has() -> None:
    selection = Selection(operators=("tools.*",), limit=4)
    options = argparse.Namespace(like="", price_in=1.0, price_out=2.0)
    found = facts(selection, lambda text: len(text) // 5, options)
    assert found["requests"] == len(list(plan(selection)))
    assert 4.9 < found["characters_per_token"] < 5.1
    assert 0.3 < found["shared_prefix"] < 1.0
    assert found["cost"] == pytest.approx((found["prompt_tokens"] + 2 * found["answer_tokens"]) / 1e6, abs=0.01)


def test_progress_says_how_many_how_fast_and_how_long() -> None:
    clock = [0.0]
    said: list[str] = []
    meter = Meter(lambda: clock[0], said.append)
    some = items(requests=QUICK)[:20]
    got = [Response("x", completion_tokens=50), Failure("http_5xx", "down")] * 10
    pairs = iter(zip(some, got, strict=True))
    for n, _ in enumerate(meter.over(lambda _pull: pairs)(lambda: None), 1):
        clock[0] = n * 0.5
        meter.tally = Tally(planned=40, walked=2, cases=4)
        meter(1)
    assert said[-1] == "20/~80 decisions · 2.0 answers/s · 50 tokens/s · 30 s left · 10 failed"
