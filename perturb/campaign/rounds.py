"""Detours in a run: an answer that only looks is answered by the world, and its item goes on as another round."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from perturb.campaign.plan import Item, Said
from perturb.core.errors import UnrepresentableError
from perturb.core.values import Answer, Reply, Response, Unparsed
from perturb.judging.agreement import meaning
from perturb.judging.ideal import understand
from perturb.judging.rounds import next_round
from perturb.judging.scoring import Round, Verdict, scored
from perturb.scaffolding.parsing import parse
from perturb.scaffolding.render import render


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on an answer as it stands, and what is asked next when it decides nothing (None when it does)."""

    verdict: Verdict
    scores: dict[str, float]
    following: Item | None


def judged(item: Item, response: Response, patience: int) -> Judgement:
    """Judge the answer to one round of a decision, in the light of the rounds before it."""
    before = tuple(one for said in item.before for one in _heard(said))
    verdict, scores = scored(item.case, response, before)
    said = Said(item.case, item.request, response)
    heard = _heard(said)
    # What cannot be read cannot be answered by the world: it decides.
    open_still = patience and heard and not verdict.calls
    case = next_round(verdict, (*before, *heard), patience) if open_still else None
    if case is None:
        return Judgement(verdict, scores, None)
    try:
        request = replace(render(case), draw=item.request.draw)
    except UnrepresentableError:
        # What the model did cannot be told to it in this scaffold's words: it is judged as it stands.
        return Judgement(verdict, scores, None)
    return Judgement(verdict, scores, replace(item, case=case, request=request, before=(*item.before, said)))


def meant(item: Item, response: Response) -> str:
    """What the answers of a decision come to, told in the names of its base (see perturb.judging.agreement)."""
    said = (*item.before, Said(item.case, item.request, response))
    answers: list[Answer | Unparsed] = []
    for one in said:
        reply = parse(one.response, one.case)
        answers.append(understand(one.case, reply) if isinstance(reply, Reply) else reply)
    return meaning(item.base, item.decided, answers)


def _heard(said: Said) -> tuple[Round, ...]:
    reply = parse(said.response, said.case)
    return (Round(said.case, understand(said.case, reply)),) if isinstance(reply, Reply) else ()


def replayed(item: Item, responses: Iterable[Response], patience: int) -> Item:
    """`item` at the round that follows `responses`, as far as they still decide nothing today."""
    for response in responses:
        following = judged(item, response, patience).following
        if following is None:
            break
        item = following
    return item
