"""What only a reviewer can judge, operator by operator: the words it adds, and the questions they raise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from perturb.core.registry import Operator
from perturb.laws.operators.applied import Applied

_UNITS = re.compile(
    r"\b\d[\d.,]*\s?(?:ms|s|sec(?:ond)?s?|min(?:ute)?s?|h|hours?|days?|weeks?|years?|%|percent|[kMG]i?B|bytes?|px|mm|cm|m|km|kg|g"
    r"|EUR|USD|euros?|dollars?|times|lines?|words?|characters?|degrees?)\b|\b(?:milli)?seconds?\b|\bminutes?\b|\bdegrees?\b",
    re.IGNORECASE,
)
_ORDERS = re.compile(
    r"\b(must|never|always|only|should|please|do not|don't|have to|required?|forbidden|allowed)\b", re.IGNORECASE
)
_FACTS = re.compile(r"\b(is|are|was|were|has|have|will|can|cannot|needs?|works?|failed|done|nothing)\b", re.IGNORECASE)
# How much of the words is shown.
_SHOWN = 160
_MOST = 6


@dataclass(frozen=True, slots=True)
class Review:
    """What `operator` writes, and what a reader has to decide about it."""

    operator: str
    relation: str
    summary: str
    example: str
    words: tuple[str, ...]
    questions: tuple[str, ...]


def reviewed(operator: Operator, applied: Sequence[Applied]) -> Review:
    """The review of an operator from applications of it, the one with the fewest choices first."""
    words = tuple(dict.fromkeys(sentence for one in applied for sentence in added(one)))
    example = applied[0].example if applied else ""
    asked = tuple(_questions(operator, applied, words))
    shown = tuple(word if len(word) <= _SHOWN else word[:_SHOWN] + " …" for word in words[:_MOST])
    return Review(operator.name, operator.relation, operator.summary, example, shown, asked)


def added(applied: Applied) -> list[str]:
    """The sentences of the request that were not in it before."""
    known = set(_sentences(applied.said_before))
    return [sentence for sentence in _sentences(applied.said) if sentence not in known]


def _sentences(text: str) -> list[str]:
    parts = re.split(r"(?<=[.!?])\s+|\n+", text)
    return [part.strip() for part in parts if re.search(r"[^\W\d_]{2}.*\s", part.strip() + " ")]


def _questions(operator: Operator, applied: Sequence[Applied], words: tuple[str, ...]) -> Iterator[str]:
    if not operator.summary:
        yield "It has no docstring: what does it change, and whose idea is it?"
    if operator.relation == "invariant" and not operator.control:
        yield "Would a careful person, shown both, do the same next?"
    if operator.relation == "directional":
        yield "Would a careful person do what is expected now, and nothing else?"
    for what, pattern in (
        ("Is the unit of what it says the one that is meant", _UNITS),
        ("It gives orders: do they agree with the rules that are checked", _ORDERS),
        ("It states something: is that true in the world", _FACTS),
    ):
        found = next((word for word in words if pattern.search(word)), None)
        if found is not None:
            yield f"{what}? {found[:_SHOWN]!r}"
    if _singles_out(applied):
        yield "It touches only tools that the answer needs: does that point at them?"
    if operator.introduces:
        yield f"It exists to put in {', '.join(map(repr, operator.introduces))}: is that what it is for?"


def _singles_out(applied: Sequence[Applied]) -> bool:
    """Whether, of the tools, only those that the answer needs are changed, in every application."""
    seen = False
    for one in applied:
        actions = {p.action for several in one.case.expect.any_of for p in several}
        before = {tool.action: tool for tool in one.before.tools}
        changed = {tool.action for tool in one.out.tools if before.get(tool.action) != tool}
        if len(one.case.tools) < 2 or not changed:
            continue
        if changed - actions:
            return False
        seen = True
    return seen
