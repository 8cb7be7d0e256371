"""One application of one operator, and what laws ask about it again and again."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from typing import Any

from perturb.core.canonical import canonical
from perturb.core.draw import replay
from perturb.core.registry import Operator
from perturb.core.rewrite import rewritten
from perturb.core.values import Case, Rewrite
from perturb.operators import recipe
from perturb.scaffolding.render import render


@dataclass(frozen=True)
class Applied:
    """`operator` made `out` of `case` (bound) by `choices`; `widths` says among how many each was made."""

    operator: Operator
    case: Case
    out: Case
    choices: tuple[int, ...]
    widths: tuple[int, ...]

    @property
    def example(self) -> str:
        """The name that replays it."""
        step = recipe.text((recipe.Step(self.operator.name, self.choices),))
        return "+".join([f"{self.case.id}/{self.case.scaffold}", *self.case.lineage, step])

    @property
    def fresh(self) -> tuple[Rewrite, ...]:
        """The rewrites that it declares."""
        return self.out.rewrites[len(self.case.rewrites) :]

    @cached_property
    def before(self) -> Case:
        """`case` after the rewrites that `out` declares on top of it: what it is compared with."""
        case = self.case
        for rewrite in self.fresh:
            case = rewritten(case, rewrite)
        return case

    @cached_property
    def again(self) -> tuple[tuple[Case | None, object], ...]:
        """What the same choices make under two states of the global generator, and the state that is left."""
        state, found = random.getstate(), []
        try:
            for seed in (1, 2):
                random.seed(seed)
                found.append((self.operator.perturb(self.case, replay(self.choices)), random.getstate()))
        finally:
            random.setstate(state)
        return tuple(found)

    @cached_property
    def said_before(self) -> str:
        """The request without the change."""
        return request_text(self.before)

    @cached_property
    def said(self) -> str:
        """The request with it."""
        return request_text(self.out)

    @cached_property
    def new_texts(self) -> list[str]:
        """The texts of the case that were not in it before, each as often as it is new."""
        return list((Counter(texts(self.out)) - Counter(texts(self.before))).elements())

    @cached_property
    def grown(self) -> int:
        """By how many bytes the case has become longer."""
        return len(canonical(self.out)) - len(canonical(self.case))


def request_text(case: Case) -> str:
    """All the text of a request, thinking included."""
    request = render(case)
    return "\n".join(strings([*request.messages, *request.tools]))


def texts(case: Case) -> Iterator[str]:
    """Every text of a case that a model can be shown, as it stands in the case."""
    for part in (case.system, case.tools, case.turns, case.surface.reminder, [rule.text for rule in case.instructions]):
        yield from strings(part)


def strings(value: Any) -> Iterator[str]:
    """Every string inside JSON data or frozen values, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            # What takes a change back is shown to nobody.
            if field.name != "undo":
                yield from strings(getattr(value, field.name))


def token(text: str) -> re.Pattern[str]:
    """A pattern for `text` where it is no part of a longer word or number."""
    left = r"(?<![A-Za-z0-9_])" if text[:1].isalnum() else ""
    right = r"(?![A-Za-z0-9_])" if text[-1:].isalnum() else ""
    return re.compile(left + re.escape(text) + right)


def bare(case: Case) -> Case:
    """`case` without what only remembers how it was made."""
    return replace(case, rewrites=(), lineage=())
