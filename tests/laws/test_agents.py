"""Agents right in their own way score 1 on every base decision; wrong ones score 0 where it counts."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import pytest

from perturb.campaign.plan import Selection, bound_cases
from perturb.core.errors import UnrepresentableError
from perturb.core.registry import AGENTS
from perturb.core.values import Case
from perturb.judging.ideal import ideal, spoken
from perturb.laws.verdicts import decided

RIGHT = (
    "silent",
    "wordy",
    "edits_with_context",
    "writes_whole_files",
    "shell_minded",
    "looks_first",
    "batches",
    "writes_defaults_out",
)
# Denials are told from the words they repeat by claims, which not every fixture states.
WRONG = ("claims_success", "edits_the_neighbour", "does_one_more")


@lru_cache(maxsize=1)
def cases() -> list[Case]:
    return list(bound_cases(Selection(limit=250)))


@pytest.mark.parametrize("name", RIGHT)
def test_a_habit_is_no_error(name: str) -> None:
    answer = AGENTS[name].answer
    differs, wrong = 0, []
    for case in cases():
        differs += answer(case, case).reply != ideal(case).reply
        verdict = decided(case, lambda now, base=case: answer(now, base).reply)
        if not verdict.joint:
            wrong.append((case.id, case.scaffold, verdict.outcome, verdict.reason))
    assert wrong == []
    assert differs > 5, "the habit shows nowhere"


@pytest.mark.parametrize("name", WRONG)
def test_an_error_is_found_wherever_it_shows(name: str) -> None:
    counts: Counter[bool] = Counter()
    for case in cases():
        reply = AGENTS[name].answer(case, case).reply
        try:
            spoken(case, reply)
        except UnrepresentableError:
            continue
        if reply != ideal(case).reply:
            counts[bool(decided(case, lambda now, base=case: AGENTS[name].answer(now, base).reply).calls)] += 1
    assert counts[True] == 0
    assert counts[False] > 5, "the error shows nowhere"


def test_looks_are_counted_as_detours() -> None:
    answer = AGENTS["looks_first"].answer
    taken = [decided(case, lambda now, base=case: answer(now, base).reply).detours for case in cases()]
    assert set(taken) <= {0, 1, 2}
    assert sum(taken) > len(taken)
    impatient = [decided(case, lambda now, base=case: answer(now, base).reply, patience=0) for case in cases()]
    assert sum(verdict.joint for verdict in impatient) < len(impatient) / 2
    assert not any(verdict.detours for verdict in impatient)
