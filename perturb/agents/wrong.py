"""Agents that are wrong in a plausible way: each must score 0 wherever its habit shows, and 1 elsewhere."""

from __future__ import annotations

from perturb.core.errors import UnrepresentableError
from perturb.core.registry import agent
from perturb.core.values import Answer, Case, Intent
from perturb.judging import slips
from perturb.judging.ideal import answer_with, ideal, intents_of, spoken


def _speaks(case: Case) -> bool:
    return case.expect.any_of[0][0].action == "say"


def _said(case: Case, words: str) -> Answer:
    return answer_with(case, (Intent("say", {"text": words, "kind": "answer"}),), words, case.instructions)


def _instead(case: Case, *intents: Intent) -> Answer:
    """An answer that does `intents`, where the scaffold can say it in one message; else the ideal one."""
    try:
        answer = answer_with(case, intents, case.expect.text, case.instructions)
        spoken(case, answer.reply)
    except UnrepresentableError:
        return ideal(case)
    return answer


@agent()
def claims_success(case: Case, _base: Case) -> Answer:
    """Says that all is done where something is to be done."""
    if _speaks(case):
        return ideal(case)
    return _said(case, "Done. Everything was changed as you asked and all tests pass.")


@agent()
def denies(case: Case, _base: Case) -> Answer:
    """Says the opposite of what is right to say, in the same words."""
    if not _speaks(case):
        return ideal(case)
    words = str(intents_of(case, case.expect.any_of[0])[0].args["text"])
    return ideal(case) if "?" in words else _said(case, f"It is not true that: {words}")


@agent()
def edits_the_neighbour(case: Case, _base: Case) -> Answer:
    """Edits the line beside the one that it should edit."""
    gold = intents_of(case, case.expect.any_of[0])
    for place, intent in enumerate(gold):
        for other in slips.neighbours(case, intent):
            return _instead(case, *gold[:place], other, *gold[place + 1 :])
    return ideal(case)


@agent()
def does_one_more(case: Case, _base: Case) -> Answer:
    """Does what is right, and one thing more that nobody asked for."""
    if _speaks(case):
        return ideal(case)
    gold = intents_of(case, case.expect.any_of[0])
    for more in slips.strays(case):
        answer = _instead(case, *gold, more)
        if answer.reply != ideal(case).reply:
            return answer
    return ideal(case)
