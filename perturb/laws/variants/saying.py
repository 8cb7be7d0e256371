"""How a generator says what it wants to try: intents as the reply that this case's scaffold spells them in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from perturb.core.errors import UnrepresentableError
from perturb.core.registry import PROTOCOLS
from perturb.core.values import Case, Intent, Reply
from perturb.judging.ideal import intents_of, shaped
from perturb.scaffolding.render import reply_of

Rounds = tuple[Reply, ...]


def gold(case: Case) -> tuple[Intent, ...]:
    """What the ideal answer does."""
    return intents_of(case, case.expect.any_of[0])


def speaks(case: Case) -> bool:
    """Whether the right answer is words."""
    return any(pattern.action == "say" for pattern in case.expect.any_of[0])


def spelled(case: Case) -> bool:
    """Whether the fixture says that the spelling is the point: then nothing else is the same."""
    return any(pattern.spelling for patterns in case.expect.any_of for pattern in patterns)


def room(case: Case) -> int:
    """How many calls one reply may hold."""
    limits = [int(rule.params["n"]) for rule in case.instructions if rule.check == "call.max"]
    return min([*limits, PROTOCOLS[case.surface.protocol].calls_per_reply or 1000])


def said(case: Case, *intents: Intent, text: str | None = None) -> Iterator[Reply]:
    """The reply that does `intents`, if this scaffold can say it in one; its words keep the rules."""
    words = case.expect.text if text is None else text
    try:
        reply = reply_of(case, intents, shaped(words, case.instructions), "This is the next step.")
    except UnrepresentableError:
        return
    if len(reply.calls) <= room(case) and len(reply.calls) == sum(i.action != "say" for i in intents):
        yield reply


def one_round(case: Case, *intents: Intent, text: str | None = None) -> Iterator[Rounds]:
    """A decision of one round."""
    for reply in said(case, *intents, text=text):
        yield (reply,)


def each_replaced(case: Case, place: int, others: Iterable[Intent | None]) -> Iterator[Rounds]:
    """The gold answer with one intent replaced by each of `others`."""
    intents = gold(case)
    for other in others:
        if other is not None:
            yield from one_round(case, *intents[:place], other, *intents[place + 1 :])
