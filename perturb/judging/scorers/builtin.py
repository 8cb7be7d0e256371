"""The built-in scorers, read off the verdict."""

from __future__ import annotations

from perturb.core.registry import scorer
from perturb.core.values import Answer, Case
from perturb.judging.scoring import Score, Unscored, Verdict


@scorer
def joint(_case: Case, _answer: Answer, verdict: Verdict) -> Score:
    """The headline: calls right and every instruction kept."""
    return Score(verdict.joint, verdict.outcome)


@scorer
def calls(_case: Case, _answer: Answer, verdict: Verdict) -> Score:
    """The right calls with the right arguments, and none with side effects beside them."""
    return Score(verdict.calls, verdict.reason)


@scorer
def instructions(_case: Case, _answer: Answer, verdict: Verdict) -> Score | Unscored:
    """The share of instructions kept, of those that the answer could have broken."""
    tried = [rule for rule in verdict.rules if rule.given]
    if not tried:
        return Unscored("no instruction was put to the test")
    return Score(sum(rule.kept for rule in tried) / len(tried), "")


@scorer
def schema(_case: Case, answer: Answer, verdict: Verdict) -> Score | Unscored:
    """Whether every call's arguments are valid under the visible JSON Schema."""
    if not answer.reply.calls:
        return Unscored("no call")
    return Score(float(verdict.schema_valid), "")
