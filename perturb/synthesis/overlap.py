"""Decontamination: a training decision that shares its users' words with an evaluation decision is not made.

Source of the rule: shared word n-grams, as in the GPT-3 report (arXiv 2005.14165, appendix C); shorter ones here, for
requests are short.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from perturb.core.values import Case

_WORDS = 8
_TOKEN = re.compile(r"\w+")


def overlap(evaluation: Iterable[Case]) -> Callable[[Case], str]:
    """What refuses a decision one of whose user messages shares eight words in a row, or all it has, with one of these.

    >>> from perturb.core.values import Case, Expect, Turn, World
    >>> def asks(text):
    ...     return Case("a@1", "a", "imported", (), (), World(), (Turn("user", text),), (), Expect(()))
    >>> overlap([asks("Wake me at 7.")])(asks("wake me at 7")), overlap([asks("Wake me at 7.")])(asks("Wake me at 8."))
    ('overlaps_evaluation', '')
    """
    seen = {gram for case in evaluation for gram in _grams(case)}
    return lambda case: "overlaps_evaluation" if any(gram in seen for gram in _grams(case)) else ""


def _grams(case: Case) -> Iterator[int]:
    for turn in case.turns:
        if turn.role == "user":
            words = _TOKEN.findall(turn.text.casefold())
            for start in range(max(1, len(words) - _WORDS + 1)):
                yield hash(tuple(words[start : start + _WORDS]))
