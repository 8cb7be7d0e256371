"""A rule is worth something only if somebody breaks it: every kind against agents that know of no rule."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from perturb.campaign.plan import Selection, bound_cases
from perturb.checks.catalogue import RULES
from perturb.core.errors import UnrepresentableError
from perturb.core.registry import AGENTS, CHECKS
from perturb.core.values import Case, Instruction
from perturb.judging.ideal import ideal
from perturb.judging.scoring import judge

BLIND = ("chatty", "terse", "careless", "announces")


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return list(bound_cases(Selection(limit=90)))


def ruled(case: Case, kind: str) -> Case | None:
    """`case` with one rule and no other, where an ideal answer can keep it."""
    text, params = RULES[kind]
    out = replace(case, instructions=(Instruction(text, "system", kind, params),))
    try:
        verdict = judge(out, ideal(out))
    except UnrepresentableError:
        return None
    return out if verdict.joint else None


def test_every_kind_is_in_the_catalogue() -> None:
    assert set(RULES) == set(CHECKS)
    assert len(CHECKS) >= 30


@pytest.mark.parametrize("kind", sorted(RULES))
def test_a_rule_blind_agent_breaks_it_in_a_third_of_its_opportunities(kind: str, cases: list[Case]) -> None:
    tried = [out for case in cases if (out := ruled(case, kind)) is not None]
    assert tried, "no ideal answer can keep it anywhere"
    shares = {}
    for name in BLIND:
        agent = AGENTS[f"{name}_and_rule_blind"]
        count: Counter[bool] = Counter()
        for case in tried:
            try:
                (verdict,) = judge(case, agent.answer(case, case)).rules
            except UnrepresentableError:
                continue
            if verdict.given:
                count[verdict.kept] += 1
        if sum(count.values()) >= 5:
            shares[name] = count[False] / sum(count.values())
    assert max(shares.values(), default=0) >= 0.3, shares
