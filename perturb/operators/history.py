"""Perturbations of the conversation so far: how it is told, not what happened."""

from __future__ import annotations

from dataclasses import replace

from perturb.core.draw import Draw
from perturb.core.registry import operator
from perturb.core.values import Case, Result, Turn
from perturb.operators.user import expected_text
from perturb.operators.words import PREAMBLES

_ASIDES = (
    ("By the way, which year did the first moon landing take place?", "It was in 1969."),
    ("Quick one: how many minutes are there in a day?", "There are 1440 minutes in a day."),
)


def _steps(case: Case) -> list[int]:
    return [place for place, turn in enumerate(case.turns) if turn.role == "assistant" and turn.calls]


@operator(part="history", relation="invariant")
def drop_prose(case: Case, draw: Draw) -> Case | None:
    """Leave only the calls of earlier turns, without the words beside them (H03)."""
    places = [place for place in _steps(case) if case.turns[place].text]
    chosen = set(draw.choice([places[:1], places])) if places else set()
    turns = tuple(replace(t, text="") if n in chosen else t for n, t in enumerate(case.turns))
    return replace(case, turns=turns) if chosen else None


@operator(part="history", relation="invariant")
def longer_prose(case: Case, draw: Draw) -> Case | None:
    """Let the agent have been wordier in earlier turns (H04)."""
    tail = draw.choice(["I am telling you so that you can follow along.", " ".join(PREAMBLES[:2])])
    # What was only said counts as well: a talk without calls has no other step.
    chosen = {n for n, turn in enumerate(case.turns) if turn.role == "assistant" and (turn.calls or turn.text)}
    turns = tuple(replace(t, text=f"{t.text} {tail}".strip()) if n in chosen else t for n, t in enumerate(case.turns))
    return replace(case, turns=turns) if chosen else None


@operator(part="history", relation="invariant")
def compact_oldest(case: Case, draw: Draw) -> Case | None:
    """Replace the oldest steps, whose results are not needed any more, by a summary (H02)."""
    steps = [n for n in _steps(case) if n > 0 and n < len(case.turns) - 1]
    run: list[int] = []
    for place in steps:
        if place != (run[-1] + 1 if run else 1):
            break
        run.append(place)
    needed = [line for line in expected_text(case).splitlines() if len(line) > 3]
    free = [n for n in run if not any(text in repr(case.turns[n].results) for text in needed)]
    # What another operator did to a result would be gone with it.
    free = [n for n in free if not any(result.edits for result in case.turns[n].results)]
    count = draw.choice(range(1, len(free) + 1)) if free == run[: len(free)] and free else 0
    if not count:
        return None
    gone = case.turns[1 : 1 + count]
    told = " ".join(turn.text for turn in gone)
    first = replace(case.turns[0], text=f"{case.turns[0].text}\n\n(Earlier steps, in short: {told})")
    return replace(case, turns=(first, *case.turns[1 + count :]))


@operator(part="history", relation="invariant")
def duplicate_step(case: Case, draw: Draw) -> Case | None:
    """Let a look-up have been made twice (H06)."""
    reads = ("fs.read", "fs.list", "fs.grep", "fs.find", "web.search", "web.fetch", "page.observe")
    places = [n for n in _steps(case)[:-1] if all(call.action in reads for call in case.turns[n].calls)]
    place = draw.choice(places)
    return replace(case, turns=(*case.turns[: place + 1], case.turns[place], *case.turns[place + 1 :]))


@operator(part="history", relation="invariant")
def failed_attempt_first(case: Case, draw: Draw) -> Case | None:
    """Let an earlier step have failed once before it worked (H07)."""
    places = [n for n in _steps(case) if not any(r.failed for r in case.turns[n].results)]
    place = draw.choice(places)
    turn = case.turns[place]
    why = draw.choice(["the connection was reset, nothing was done", "the service was busy, nothing was done"])
    failed = tuple(Result("error", {"code": "server_error", "message": why}) for _ in turn.calls)
    attempt = replace(turn, results=failed)
    again = replace(turn, thinking="That failed for a passing reason, so I do the same again.")
    return replace(case, turns=(*case.turns[:place], attempt, again, *case.turns[place + 1 :]))


@operator(part="history", relation="invariant", dose=0)
def unrelated_dialogue_first(case: Case, draw: Draw) -> Case | None:
    """Let a short talk about something else come before the task (H05)."""
    count = draw.choice([1, 2])
    talk = tuple(
        turn
        for question, answer in _ASIDES[:count]
        for turn in (Turn("user", question), Turn("assistant", answer, "A short question, answered from memory."))
    )
    return replace(case, turns=(*talk, *case.turns))


@operator(part="history", relation="invariant")
def split_parallel(case: Case, draw: Draw) -> Case | None:
    """Let calls that were made together have been made one after the other (H13)."""
    place = draw.choice([n for n in _steps(case) if len(case.turns[n].calls) > 1])
    turn = case.turns[place]
    split = tuple(
        replace(turn, calls=(call,), results=(result,)) for call, result in zip(turn.calls, turn.results, strict=True)
    )
    return replace(case, turns=(*case.turns[:place], *split, *case.turns[place + 1 :]))


@operator(part="history", relation="invariant")
def merge_steps(case: Case, draw: Draw) -> Case | None:
    """Let two look-ups in a row have been made together (H13)."""
    if case.surface.protocol in ("fenced", "xml_tags"):
        return None
    reads = ("fs.read", "fs.list", "fs.grep", "fs.find", "web.search", "web.fetch")
    # A look-up that follows a failure answers it; those two cannot have been one step.
    worked = [n for n in _steps(case) if not any(r.failed for r in case.turns[n].results)]
    plain = [n for n in worked if all(call.action in reads for call in case.turns[n].calls)]
    place = draw.choice([n for n in plain if n + 1 in plain])
    one, two = case.turns[place], case.turns[place + 1]
    merged = replace(one, calls=(*one.calls, *two.calls), results=(*one.results, *two.results))
    return replace(case, turns=(*case.turns[:place], merged, *case.turns[place + 2 :]))


@operator(part="history", relation="invariant")
def plan_first(case: Case, draw: Draw) -> Case | None:
    """Let the agent have announced a plan before its first step (H15, position shift)."""
    place = draw.choice(_steps(case)[:1])
    said = draw.choice(
        ["First I look at what is there, then I act.", "I will go step by step and tell you what I find."]
    )
    plan = Turn("assistant", said, "A plan first.", (), ())
    nudge = Turn("user", "Fine, go ahead.")
    return replace(case, turns=(*case.turns[:place], plan, nudge, *case.turns[place:]))
