"""Agents that are right in their own way: every one must score 1 everywhere, and no perturbation may hurt it.

Each keeps every rule. What its scaffold cannot carry, or a rule forbids, it does as the perfect agent does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from perturb.core.errors import UnrepresentableError
from perturb.core.registry import CHECKS, PROTOCOLS, agent
from perturb.core.values import Answer, Case, Intent
from perturb.judging import ways
from perturb.judging.effect import effect
from perturb.judging.ideal import answer_with, ideal, intents_of, shaped, understand
from perturb.judging.matching import matches
from perturb.judging.spelling import with_defaults
from perturb.trajectories.patterns import ideal_args


def _gold(case: Case) -> tuple[Intent, ...]:
    return intents_of(case, case.expect.any_of[0])


def _calls(case: Case) -> bool:
    return all(pattern.action != "say" for pattern in case.expect.any_of[0])


def _first(case: Case, tries: Iterable[tuple[Intent, ...]]) -> Answer:
    """The first of several answers that the scaffold can say and no rule forbids; else the ideal one."""
    for intents in tries:
        try:
            answer = answer_with(case, intents, case.expect.text, case.instructions)
        except UnrepresentableError:
            continue
        if _may(case, answer) and not any(p.spelling for a in case.expect.any_of for p in a):
            return answer
    return ideal(case)


def _may(case: Case, answer: Answer) -> bool:
    """Whether the reply keeps the rules and holds no more calls than the protocol carries."""
    most = PROTOCOLS[case.surface.protocol].calls_per_reply
    fits = not most or len(answer.reply.calls) <= most
    return fits and all(CHECKS[rule.check].holds(answer, rule, case) for rule in case.instructions)


def _swapped(case: Case, ways_of: Callable[[Intent], Iterable[Intent | None]]) -> Iterator[tuple[Intent, ...]]:
    """The gold answer with one intent done in another way, for each way there is."""
    intents = _gold(case)
    for place, intent in enumerate(intents):
        for other in ways_of(intent):
            if other is not None:
                yield (*intents[:place], other, *intents[place + 1 :])


@agent()
def silent(case: Case, _base: Case) -> Answer:
    """Writes nothing beside its calls, unless a rule asks for it."""
    answer = ideal(case)
    quiet = understand(case, replace(answer.reply, text=""))
    return quiet if answer.reply.calls and _calls(case) and _may(case, quiet) else answer


@agent()
def wordy(case: Case, _base: Case) -> Answer:
    """Says at length what it does, within the limits that it was given."""
    more = "This comes next. After it I shall see how to go on, and tell you what I found."
    words = shaped(f"{case.expect.text} {more}", case.instructions)
    answer = ideal(case)
    if not answer.reply.calls or not _calls(case):
        return answer
    wordier = understand(case, replace(answer.reply, text=words))
    return wordier if _may(case, wordier) else answer


@agent()
def edits_with_context(case: Case, _base: Case) -> Answer:
    """Gives two lines of context round every edit, or as many as there are."""
    amounts = ((2, 2), (1, 1), (0, 0))
    return _first(case, _swapped(case, lambda i: (ways.with_context(case.world, i, *lines) for lines in amounts)))


@agent()
def writes_whole_files(case: Case, _base: Case) -> Answer:
    """Writes the whole file where another would edit it."""
    return _first(case, _swapped(case, lambda i: (ways.whole_file(case.world, i),)))


@agent()
def shell_minded(case: Case, _base: Case) -> Answer:
    """Does by command line whatever can be done by one."""

    def commands(intent: Intent) -> Iterator[Intent]:
        for maker in (ways.shell_edits, ways.shell_looks, ways.shell_runs):
            for other in list(maker(case.world, intent))[1:4]:
                if effect(case.world, [other]).changed == effect(case.world, [intent]).changed:
                    yield other

    return _first(case, _swapped(case, commands))


@agent()
def looks_first(case: Case, _base: Case) -> Answer:
    """Looks at something else before every step, as often as it is let."""
    seen = tuple(call for turn in case.turns[-case.rounds :] for call in turn.calls) if case.rounds else ()
    if case.rounds < 2:
        for look in ways.first_look(case.world, (*_gold(case), *seen)):
            try:
                answer = answer_with(case, (look,), "Looking first.", case.instructions)
            except UnrepresentableError:
                continue
            forbidden = any(matches(pattern, look, case.world) for pattern in case.expect.never)
            if _may(case, answer) and not forbidden and effect(case.world, [look]).deeds[0].looks:
                return answer
    return ideal(case)


@agent()
def batches(case: Case, _base: Case) -> Answer:
    """Does this step and the next in one message."""
    steps = [tuple(Intent(p.action, ideal_args(dict(p.args))) for p in step) for step in case.expect.ahead]
    return _first(case, [(*_gold(case), *steps[0])] if steps and effect(case.world, _gold(case)).changed else [])


@agent()
def writes_defaults_out(case: Case, _base: Case) -> Answer:
    """Gives every optional argument, at its default."""
    answer = ideal(case)
    calls = tuple(with_defaults(case, call) for call in answer.reply.calls)
    fuller = understand(case, replace(answer.reply, calls=calls))
    return fuller if _may(case, fuller) else answer
