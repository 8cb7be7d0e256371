"""The two ends of the scale."""

from __future__ import annotations

from perturb.core.registry import agent
from perturb.core.values import Answer, Case, Reply
from perturb.judging.ideal import ideal


@agent()
def perfect(case: Case, _base: Case) -> Answer:
    """Gives the ideal answer to every case: the suite must score it 1.0 everywhere."""
    return ideal(case)


@agent()
def null(_case: Case, _base: Case) -> Answer:
    """Says nothing at all: the suite must score it 0.0 everywhere."""
    return Answer(Reply(thinking="Nothing comes to mind."), ())
