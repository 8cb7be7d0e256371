"""The judge: what does the same scores 1, what misses it by a little scores 0, on a spread of decisions."""

from __future__ import annotations

from collections import Counter

import pytest

from perturb.campaign.plan import Selection, bound_cases
from perturb.core.registry import EQUIVALENTS, NEAR_MISSES
from perturb.laws.verdicts import Trial, described, trials

# Only claims can be denied; a fixture may do with words to look for.
NEEDS_CLAIMS = {"denied"}


@pytest.fixture(scope="module")
def tried() -> list[Trial]:
    few = Selection(("claude_code_like",), fixtures=("cli-timeout-budget", "ide-translation"))
    return [trial for chosen in (Selection(limit=120), few) for case in bound_cases(chosen) for trial in trials(case)]


def test_no_near_miss_is_accepted(tried: list[Trial]) -> None:
    wrong = [t for t in tried if t.kind == "near miss" and t.verdict.calls]
    assert not wrong, described(wrong[0])


def test_equivalents_are_accepted(tried: list[Trial]) -> None:
    wrong = [t for t in tried if t.kind == "equivalent" and not t.verdict.calls]
    assert not wrong, described(wrong[0])


def test_every_generator_has_something_to_say(tried: list[Trial]) -> None:
    counts = Counter(trial.generator for trial in tried)
    assert {*EQUIVALENTS, *NEAR_MISSES} <= counts.keys() | NEEDS_CLAIMS
