"""Detours: an answer that only looks decides nothing. The world answers it, and the model is asked again.

So does an answer that does part of what is wanted and nothing else: the rest may follow one call at a time. What is
judged is the answer that commits, together with the rounds before it.
"""

from __future__ import annotations

from dataclasses import replace

from perturb.core.errors import UnrepresentableError
from perturb.core.values import Call, Case, Intent, Pattern, Result, TextEdit, Turn
from perturb.judging.effect import effect, goals
from perturb.judging.outcome import on_the_way
from perturb.judging.scoring import Round, Verdict
from perturb.toolbox import toolbox
from perturb.world.execute import execute

# Looks that one decision may take before it is judged as it stands.
PATIENCE = 2
# Answers of one decision, looks and steps together.
MOST_ROUNDS = 8
# Outcomes that another round may still turn into a right one.
_OPEN = ("wrong_argument", "wrong_tool", "missing_call", "unexpected_call")


def next_round(verdict: Verdict, rounds: tuple[Round, ...], patience: int) -> Case | None:
    """What the model is asked after the last of `rounds`, which got `verdict`; None when that decides.

    `patience` is the number of looks a decision may take; steps on the way to the goal use up none. With 0 the first
    answer decides.
    """
    last = rounds[-1]
    if not patience or verdict.outcome not in _OPEN or not last.intents:
        return None
    if len(last.intents) != len(last.answer.reply.calls):
        # A call that stands for nothing has no result to go on from.
        return None
    if any(intent.action == "say" for intent in last.intents):
        return None
    done = effect(last.case.world, last.intents)
    if all(deed.looks for deed in done.deeds):
        return _answered(last) if verdict.detours < patience else None
    every = tuple(intent for one in rounds for intent in one.intents)
    before = effect(rounds[0].case.world, every[: -len(last.intents)])
    went_on = effect(rounds[0].case.world, every).changed != before.changed
    if went_on and len(rounds) < MOST_ROUNDS and on_the_way(rounds[0].case, every):
        return _shortened(_answered(last), rounds[0].case, every)
    return None


def _answered(last: Round) -> Case:
    """The case with the answer and the world's results at its end."""
    case, world = last.case, last.case.world
    calls: list[Intent] = []
    results: list[Result] = []
    for call, intent in zip(last.answer.reply.calls, last.intents, strict=True):
        said = _as_said(case, call, intent)
        world, result = execute(world, said)
        calls.append(said)
        results.append(replace(result, edits=_lasting(case, result)))
    reply = last.answer.reply
    turn = Turn("assistant", reply.text, reply.thinking, tuple(calls), tuple(results))
    return replace(case, world=world, turns=(*case.turns, turn), rounds=case.rounds + 1)


def _lasting(case: Case, result: Result) -> tuple[TextEdit, ...]:
    """What an operator did to the results before and does to those that follow, once each."""
    edits = (edit for turn in case.turns for one in turn.results for edit in one.edits if edit.lasts)
    return tuple(edit for edit in dict.fromkeys(edits) if edit.kind != "format" or result.kind == "record")


def _as_said(case: Case, call: Call, intent: Intent) -> Intent:
    """The intent that the scaffold spells as the model did: a command line stays the line it was."""
    try:
        if toolbox.encode(case.tools, intent, case.world) == call:
            return intent
    except UnrepresentableError:
        pass
    literal = toolbox.literal(case.tools, call, case.world)
    return literal if isinstance(literal, Intent) else intent


def _shortened(case: Case, first: Case, done: tuple[Intent, ...]) -> Case:
    """`case`, of which only what is still to be done is expected."""
    ideal = case.expect.any_of[0]
    goal = next(goals(ideal, first.world))
    got = effect(first.world, done).changed
    left = tuple(
        pattern
        for number, pattern in enumerate(ideal)
        if pattern.action == "say" or not _in(goal.deed(number).changed, got)
    )
    rest: tuple[tuple[Pattern, ...], ...] = (left,) if left else (ideal,)
    return replace(case, expect=replace(case.expect, any_of=rest))


def _in(part: dict[tuple[str, ...], object], whole: dict[tuple[str, ...], object]) -> bool:
    return bool(part) and part.items() <= whole.items()
