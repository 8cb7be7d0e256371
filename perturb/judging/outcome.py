"""Which kind of right or wrong an understood answer is, judged by what it does in the world."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from perturb.core.values import Answer, Case, Intent, Pattern, World
from perturb.judging.between import between
from perturb.judging.effect import Effect, Goal, effect, goals, shows_all
from perturb.judging.matching import Argument, compare, pair
from perturb.judging.reaching import Gap, gap
from perturb.judging.shown import Mark
from perturb.judging.traced import runs_shown
from perturb.scaffolding.refusals import is_refusal
from perturb.trajectories.patterns import ideal_args
from perturb.world.changes import Place, changes, content

Found = tuple[str, str, tuple[Argument, ...]]
_RIGHT: Found = ("correct", "", ())


def against(case: Case, answer: Answer, earlier: tuple[Intent, ...], last: tuple[Intent, ...]) -> Found:
    """The outcome class of an answer's intents (`last`) on top of `earlier` ones, all done in the world of `case`.

    With why, and a comparison with the nearest alternative.
    """
    intents = (*earlier, *last)
    got = effect(case.world, intents)
    nearest: tuple[Goal, Gap] | None = None
    for goal in _all_goals(case, intents):
        found = gap(goal, got, intents, case.world)
        if found.closed:
            return _RIGHT
        if nearest is None or _distance(found) < _distance(nearest[1]):
            nearest = goal, found
    if _ahead(case, got) and not _unasked(got):
        return _RIGHT
    assert nearest is not None
    if nearest[1].reached:
        return "extra_side_effect", nearest[1].extra, ()
    return _words(case, answer, last) or _nearest(case, intents, got, nearest)


def _all_goals(case: Case, intents: tuple[Intent, ...]) -> Iterator[Goal]:
    """Each alternative, in each way that counts."""
    for patterns in case.expect.any_of:
        yield from goals(patterns, case.world, intents)


def _distance(found: Gap) -> tuple[bool, int, bool]:
    return not found.reached, len(found.left) + len(found.missing) + len(found.wrong), bool(found.extra)


def _ahead(case: Case, got: Effect) -> bool:
    """Whether the world is one that the steps after this one lead to, with every run that they make on the way."""
    return bool(got.changed) and any(changed == got.changed and shows_all(got, runs) for changed, runs in later(case))


def later(case: Case) -> Iterator[tuple[dict[Place, Any], frozenset[Mark]]]:
    """What has changed, and which runs were shown, after each of the steps that follow this one.

    Up to where the user is spoken to. Who knows enough may go on without a look; a test or a build is not left out.
    """
    done = _done(case.world, case.expect.any_of[0])
    runs = _runs(done)
    for patterns in case.expect.ahead:
        done = _done(done.after, patterns)
        yield changes(case.world, done.after), runs
        runs |= _runs(done)


def _done(world: World, patterns: tuple[Pattern, ...]) -> Effect:
    return effect(world, [Intent(p.action, ideal_args(dict(p.args))) for p in patterns])


def _runs(done: Effect) -> frozenset[Mark]:
    found = (runs_shown(deed.world, deed.intent) for deed in done.deeds if deed.result.kind == "shell")
    return frozenset(chain.from_iterable(found))


def on_the_way(case: Case, intents: tuple[Intent, ...]) -> bool:
    """Whether `intents` changed part of what is wanted, all of it as wanted, and did nothing else."""
    got = effect(case.world, intents)
    if not got.changed or _unasked(got):
        return False
    wanted = chain((goal.changed for goal in _all_goals(case, ())), (changed for changed, _ in later(case)))
    return any(_part(got.changed, all_of, case.world) for all_of in wanted)


def _part(some: dict[Place, Any], all_of: dict[Place, Any], world: World) -> bool:
    """Whether `some` changes are among `all_of`, or lead to them line by line."""
    differ = [place for place in some if place not in all_of or some[place] != all_of[place]]
    if not differ:
        return len(some) < len(all_of)
    return all(
        place[0] == "files"
        and isinstance(all_of.get(place), str)
        and between(content(world.files.get(place[1], "")), str(some[place]), all_of[place])
        for place in differ
    )


def _unasked(got: Effect) -> bool:
    return any(deed.uncalled_for for deed in got.deeds)


def unrunnable(case: Case, earlier: tuple[Intent, ...], last: tuple[Intent, ...]) -> str:
    """What of an answer only a real machine could do; "" where there is nothing, or where the rest is wrong anyway.

    Wrong anyway is what changes, or reads as if it changed, something that nobody asked to be changed.
    """
    got = effect(case.world, (*earlier, *last))
    missing = next((deed.lacking for deed in got.deeds[-len(last) :] if deed.lacking), "") if last else ""
    if not missing:
        return ""
    wanted = {place for goal in _all_goals(case, ()) for place in goal.changed}
    wanted |= {place for changed, _ in later(case) for place in changed}
    meant = {("files", path) for deed in got.deeds if deed.lacking for path in deed.meant_changes}
    return missing if (got.changed.keys() | meant) <= wanted else ""


def _words(case: Case, answer: Answer, last: tuple[Intent, ...]) -> Found | None:
    """Words where a call was right, or the other way round."""
    wants_words = case.expect.any_of[0][0].action == "say"
    words_only = all(intent.action == "say" for intent in last)
    if wants_words and not words_only:
        return "unexpected_call", f"called {last[0].action} where words were right", ()
    if words_only and not wants_words:
        return ("refused" if is_refusal(answer.reply.text) else "no_call"), "words where a call was right", ()
    return None


def _nearest(case: Case, intents: tuple[Intent, ...], got: Effect, nearest: tuple[Goal, Gap]) -> Found:
    """Which kind of wrong, measured against the nearest alternative."""
    goal, found = nearest
    failed = next((deed.result for deed in got.deeds if deed.result.kind == "error"), None)
    if found.missing and got.changed and not (found.wrong or found.extra):
        return "missing_call", f"{_named(found.missing[0])} is still to be changed", ()
    compared = _compared(_open(goal, found), intents, case.world)
    if found.wrong:
        places = tuple(Argument(_named(p), wanted, given, False) for p, (wanted, given) in found.wrong.items())
        expected, given = _differing(places[0].expected, places[0].got)
        reason = f"{places[0].name}: expected {_short(expected)}, got {_short(given)}"
        return "wrong_argument", reason, compared or places
    if failed is not None and compared is not None:
        return "wrong_argument", f"it failed: {failed.data['message']}", compared
    return _mismatch(goal, found, intents, case, compared)


def _named(place: Place) -> str:
    return place[1] if place[0] == "files" else "/".join(map(str, place))


def _differing(expected: Any, got: Any) -> tuple[Any, Any]:
    """Of two texts the first lines that differ; other values as they are."""
    if not (isinstance(expected, str) and isinstance(got, str)):
        return expected, got
    one, other = expected.split("\n"), got.split("\n")
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return ("".join(one[at : at + 1]) or "the end"), ("".join(other[at : at + 1]) or "the end")


def _open(goal: Goal, found: Gap) -> list[Pattern]:
    """The patterns that are still to be done: those named, else all of them."""
    return [goal.patterns[n] for n in found.left] or list(goal.patterns)


def _compared(patterns: list[Pattern], intents: tuple[Intent, ...], world: World) -> tuple[Argument, ...] | None:
    """The nearest comparison of an open pattern with an intent of the same action."""
    every = (compare(pattern, intent, world) for pattern in patterns for intent in intents)
    tried = [found for found in every if found is not None and not all(a.right for a in found)]
    return max(tried, key=lambda arguments: sum(a.right for a in arguments), default=None)


def _mismatch(
    goal: Goal, found: Gap, intents: tuple[Intent, ...], case: Case, compared: tuple[Argument, ...] | None
) -> Found:
    if compared is not None:
        wrong = next(a for a in compared if not a.right)
        return "wrong_argument", f"{wrong.name}: expected {_short(wrong.expected)}, got {_short(wrong.got)}", compared
    wanted = _open(goal, found)[0]
    if len(pair(goal.patterns, intents, case.world)) or found.reached:
        return "missing_call", f"{wanted.action} is missing", ()
    return "wrong_tool", f"{intents[0].action} instead of {wanted.action}", ()


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
