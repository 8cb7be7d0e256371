"""A perturbed decision next to its base, both judged: the unit that assertions, shrinking and fuzzing speak of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from perturb.campaign.answers import Answers
from perturb.campaign.plan import Item, base_items
from perturb.campaign.rounds import Judgement, judged, meant
from perturb.campaign.runner import record
from perturb.core.errors import EngineError
from perturb.core.values import Failure, Response
from perturb.judging.scoring import Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """One item, what the model answered, and the verdict."""

    item: Item
    response: Response = field(repr=False)
    verdict: Verdict
    scores: dict[str, float] = field(repr=False)

    @property
    def outcome(self) -> str:
        """The outcome class; "broken_rule" when the calls are right and an instruction was not kept."""
        broken = self.verdict.outcome == "correct" and not self.verdict.joint
        return "broken_rule" if broken else self.verdict.outcome


@dataclass(frozen=True, slots=True)
class Decision:
    """A perturbed answer and the answer to its base (the same one when nothing was perturbed).

    `replay` is the command that asks again, "" where there is none.
    """

    perturbed: Judged
    base: Judged
    replay: str = field(default="", repr=False, compare=False)

    @property
    def hurt(self) -> bool:
        """Whether the perturbation turned a right answer into a wrong one; without a gold, into another one."""
        item = self.perturbed.item
        if item.decided.oracle == "agreement" and item.relation != "directional":
            return meant(item, self.perturbed.response) != meant(self.base.item, self.base.response)
        return bool(self.base.verdict.joint and not self.perturbed.verdict.joint)

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes two failures the same: operator chain, part, outcome."""
        return self.perturbed.item.operator, self.perturbed.item.part, self.perturbed.outcome


def with_bases(items: Sequence[Item]) -> list[Item]:
    """`items` and the base requests they are compared with, each base before its first use."""
    seen: dict[str, Item] = {}
    for item in items:
        if item.base_id not in seen:
            seen[item.base_id] = base_of(item)
        seen.setdefault(item.id, item)
    return list(seen.values())


def base_of(item: Item) -> Item:
    """The base request that `item` is compared with."""
    if item.kind == "base":
        return item
    first = base_items(item.base, 1)[0]
    asked = replace(first.request, draw=item.sample)
    return replace(first, id=item.base_id, base_id=item.base_id, sample=item.sample, request=asked)


def decide(answers: Answers, items: Sequence[Item]) -> list[Decision]:
    """Every item judged beside its base, asked in one batch. Raises EngineError when the engine failed on one."""
    found = attempted(answers, items)
    for one in found:
        if isinstance(one, EngineError):
            raise one
    return [one for one in found if isinstance(one, Decision)]


def attempted(answers: Answers, items: Sequence[Item]) -> list[Decision | EngineError]:
    """The same, with the engine's failures in the places of the decisions that they cost."""
    every = with_bases(items)
    found: dict[str, Judged | EngineError] = {}
    for item, got in settled(answers, every):
        try:
            found[item.id] = judge(item, got)
        except EngineError as error:
            found[item.id] = error
    return [_paired(found[item.id], found[item.base_id]) for item in items]


def settled(answers: Answers, items: Sequence[Item]) -> list[tuple[Item, Response | Failure]]:
    """The answer that decides, of each item, and the round that it was given in."""
    done: list[tuple[Item, Response | Failure]] = []
    while items:
        heard = list(zip(items, answers.ask(items), strict=True))
        going_on = [(item, got, answers.following(item, got)) for item, got in heard]
        done += [(item, got) for item, got, following in going_on if following is None]
        items = [following for _, _, following in going_on if following is not None]
    return done


def _paired(perturbed: Judged | EngineError, base: Judged | EngineError) -> Decision | EngineError:
    if isinstance(perturbed, EngineError):
        return perturbed
    return base if isinstance(base, EngineError) else Decision(perturbed, base)


def judge(item: Item, got: Response | Failure) -> Judged:
    """The verdict on one answer. Raises EngineError when there is no answer, or it cannot be scored."""
    if isinstance(got, Failure):
        raise EngineError(f"{item.id}: the engine gave no answer: {got.kind}: {got.detail}")
    try:
        found = judged(item, got, 0)
        return Judged(item, got, found.verdict, found.scores)
    except Exception as error:
        raise EngineError(f"{item.id}: could not be scored: {type(error).__name__}: {error}") from error


def records(found: Sequence[Decision]) -> list[dict[str, object]]:
    """The journal lines of judged decisions and their bases."""
    every = {one.item.id: one for d in found for one in (d.base, d.perturbed)}
    return [record(j.item, j.response, Judgement(j.verdict, j.scores, None)) for j in every.values()]


def failure_records(answers: Answers, items: Sequence[Item]) -> list[dict[str, object]]:
    """The journal lines of items some of which have no answer or no verdict."""
    return [record(item, got) for item, got in settled(answers, with_bases(items))]
