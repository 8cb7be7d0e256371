"""Recordings cut into cases: one at every step of the assistant, each with what is right there and who says so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from perturb.core.values import Case, Expect, Instruction, Intent, Result, Section, Turn, World
from perturb.recordings.gold import gold
from perturb.recordings.lookups import lookups
from perturb.recordings.meant import Vocabulary, vocabulary, working_directory
from perturb.recordings.rebuilt import NO_ANSWER, Done, Shown, do, start
from perturb.recordings.tools import UnusableError, toolset
from perturb.recordings.values import LeftOut, Message, Recording
from perturb.scaffolding.leaks import leak
from perturb.trajectories.defaults import unsaid

_SECTION = re.compile(r"(?:\A|\n\n)# ([^\n]+)\n(?=[^#\s])")


@dataclass(frozen=True, slots=True)
class Step:
    """A message of the assistant with the answers to its calls, in their order."""

    message: Message
    answers: tuple[Shown, ...] = ()
    notes: tuple[str, ...] = ()


def cases_of(recording: Recording, name: str, rules: Sequence[Instruction] = ()) -> Iterator[Case | LeftOut]:
    """The decisions of `recording` as cases of the cluster `name`, and why the others are none.

    Step k is the k-th message of the assistant, so that a decision keeps its name whatever else is left out.
    """
    try:
        tools = toolset(recording)
    except UnusableError as error:
        yield LeftOut(recording.where, str(error))
        return
    world = World(cwd=working_directory(recording) or "/code")
    words = vocabulary(recording, tools, world)
    story = list(steps(recording.messages))
    world = start(world, _done(words, story))
    base = Case(
        id="",
        cluster=name,
        family="recorded",
        system=_system(recording, words),
        tools=words.visible(),
        world=world,
        turns=(),
        instructions=tuple(rules),
        expect=Expect(()),
        notes=tools.notes,
    )
    yield from _cut(recording, base, words, story)


def _done(words: Vocabulary, story: Sequence[Message | Step]) -> Iterator[tuple[Intent, Shown]]:
    for step in _steps_done(words, story):
        yield from ((intent, shown) for intent, shown in step if isinstance(intent, Intent))


def _steps_done(words: Vocabulary, story: Sequence[Message | Step]) -> Iterator[list[tuple[Intent | str, Shown]]]:
    """Of each step what its calls mean, with their answers."""
    for step in story:
        if isinstance(step, Step):
            yield [(words.intent(c), shown) for c, shown in zip(step.message.calls, step.answers, strict=True)]


def _cut(
    recording: Recording, base: Case, words: Vocabulary, story: Sequence[Message | Step]
) -> Iterator[Case | LeftOut]:
    """One case a step, as long as everything before it can be said."""
    turns: tuple[Turn, ...] = ()
    world, notes, number = base.world, base.notes, 0
    told = lookups(_steps_done(words, story))
    for place, step in enumerate(story):
        if isinstance(step, Message):
            turns += (Turn("user", step.text),)
            continue
        number += 1
        where = f"{recording.where}: step {number}"
        intents = tuple(words.intent(call) for call in step.message.calls)
        meant = tuple(intent for intent in intents if isinstance(intent, Intent))
        world = replace(world, services=told[number - 1])
        wrong = next((intent for intent in intents if isinstance(intent, str)), "")
        goes_on = not meant and place + 1 < len(story) and isinstance(story[place + 1], Step)
        done = _play(world, meant, step.answers) if not wrong else ()
        reason = _no_decision(turns, step.message, wrong, goes_on)
        if reason:
            yield LeftOut(where, reason)
        else:
            case = replace(base, id=f"{base.cluster}@{number}", turns=turns, world=world)
            yield _decided(case, step.message, meant, done, words, recording.success, notes)
        if wrong:
            if place + 1 < len(story):
                yield LeftOut(f"{where} on", f"what came before cannot be told: {wrong}")
            return
        turns += (_turn(step.message, meant, done),)
        world = done[-1].after if done else world
        notes += step.notes


def _no_decision(turns: tuple[Turn, ...], message: Message, wrong: str, goes_on: bool) -> str:
    """Why a step is no decision to ask a model for; "" when it is one."""
    if wrong:
        return wrong
    if not any(turn.role == "user" for turn in turns):
        return "nothing was asked yet"
    if not message.calls and not message.text.strip():
        return "neither calls nor words were recorded"
    if goes_on:
        return "its words go on in the next message"
    foreign = leak(message.text) if not message.calls else ""
    return f"its words hold a call in a protocol of their own: {foreign}" if foreign else ""


def _play(world: World, intents: tuple[Intent, ...], answers: tuple[Shown, ...]) -> tuple[Done, ...]:
    played: list[Done] = []
    for intent, shown in zip(intents, answers, strict=True):
        played.append(do(played[-1].after if played else world, intent, shown))
    return tuple(played)


def _turn(message: Message, intents: tuple[Intent, ...], done: tuple[Done, ...]) -> Turn:
    results: tuple[Result, ...] = tuple(one.result for one in done)
    return Turn("assistant", message.text, message.thinking, intents, results)


def _decided(
    case: Case,
    message: Message,
    intents: tuple[Intent, ...],
    done: tuple[Done, ...],
    words: Vocabulary,
    success: bool | None,
    notes: tuple[str, ...],
) -> Case:
    before = done[0].before if done else case.world
    found = gold(message, intents, tuple(one.result for one in done), before, words.tools, success)
    case = replace(case, expect=found.expect, oracle=found.oracle, notes=(*notes, *found.notes), world=before)
    # Expectations leave out what is at its default; the history stays as it was said.
    return replace(case, expect=unsaid(case).expect)


def _system(recording: Recording, words: Vocabulary) -> tuple[Section, ...]:
    """The system text as it was: in its sections where they can be put together again letter by letter."""
    texts = [m.text for m in _leading(recording.messages)]
    origin: Literal["scaffold", "task"] = "scaffold" if words.product else "task"
    if not any(texts):
        return ()
    whole = "\n\n".join(texts)
    found = list(_SECTION.finditer(whole))
    ends = [*(one.start() for one in found[1:]), len(whole)]
    sections = [Section("", whole[: found[0].start()], origin)] if found and found[0].start() else []
    sections += [Section(one[1], whole[one.end() : end], origin) for one, end in zip(found, ends, strict=False)]
    told = "\n\n".join(f"# {s.title}\n{s.text}" if s.title else s.text for s in sections)
    return tuple(sections) if told == whole else (Section("", whole, origin),)


def _leading(messages: Sequence[Message]) -> Sequence[Message]:
    first = next((n for n, message in enumerate(messages) if message.role != "system"), len(messages))
    return messages[:first]


def steps(messages: Sequence[Message]) -> Iterator[Message | Step]:
    """Messages of the user, and steps of the assistant with the answers that belong to their calls.

    What is said by the system in between, and an answer that belongs to no call, is told as the user's.
    """
    rest = list(messages[len(_leading(messages)) :])
    while rest:
        message = rest.pop(0)
        if message.role != "assistant":
            yield replace(message, role="user")
            continue
        if message.calls and not message.text.strip():
            # No model format tells empty lines before a call from nothing.
            message = replace(message, text="")
        answers: list[Message] = []
        while rest and rest[0].role == "tool" and len(answers) < len(message.calls):
            answers.append(rest.pop(0))
        yield _step(message, answers)


def _step(message: Message, answers: list[Message]) -> Step:
    """`message` with its answers in the order of its calls: by their ids, and by order where there are none."""
    left = list(answers)
    found: list[Message | None] = []
    for call in message.calls:
        own = next((a for a in left if a.answers and a.answers == call.id), None)
        own = own or next((a for a in left if not a.answers or not call.id), None)
        found.append(own)
        if own is not None:
            left.remove(own)
    found = [left.pop(0) if one is None and left else one for one in found]
    unanswered = [call.name for call, one in zip(message.calls, found, strict=True) if one is None]
    notes = tuple(f"the call of {name} has no recorded answer" for name in unanswered)
    shown = tuple(Shown(one.text, one.failed) if one else Shown(NO_ANSWER) for one in found)
    return Step(message, shown, notes)
