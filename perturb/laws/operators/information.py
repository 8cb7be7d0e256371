"""Information is kept: what the answer needs can still be known, results belong to their calls, the world agrees."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

from perturb.core.actions import READ_ONLY, fields
from perturb.core.canonical import canonical
from perturb.core.rewrite import rewrite_value
from perturb.core.values import Case, Intent, Pattern, Result, Turn
from perturb.judging.effect import Effect, effect
from perturb.judging.ideal import intents_of
from perturb.laws.operators.applied import Applied, strings, token
from perturb.laws.operators.law import law
from perturb.world.execute import execute


@law("information kept")
def still_known(applied: Applied) -> str | None:
    """What the answer says, and could be read in the request, can still be read there."""
    before, after = _plain(applied.said_before), _plain(applied.said)
    for value in needed(applied.out):
        if value in before and token(value).search(before) and not _shown(value, after, applied.out):
            return f"{value!r}, which the answer needs, shows no more"
    return None


def needed(case: Case) -> Iterator[str]:
    """What the ideal answer says that somebody has to know: values, and lines of longer ones."""
    for pattern in case.expect.any_of[0]:
        known = fields(pattern.action)
        # An element of a page is shown by its number, never by the id that we have for it.
        told = {
            name: value for name, value in pattern.args.items() if name not in known or known[name].kind != "target"
        }
        for text in _values(told):
            for line in text.splitlines():
                word = line.strip()
                if len(word) > 2 or (word.isdigit() and len(word) > 1):
                    yield word


def _values(args: dict[str, object]) -> Iterator[str]:
    """The values of a pattern; of a message what it must claim, of free words none."""
    for value in args.values():
        if isinstance(value, dict) and "$claims" in value:
            yield from _claimed(value["$claims"])
        elif isinstance(value, dict) and ("$free" in value or "$regex" in value):
            continue
        elif isinstance(value, dict) and ("$any" in value or "$has" in value):
            # Of several spellings one is enough; the first is the ideal one.
            yield from strings(value["$any"][0] if "$any" in value else value["$has"])
        elif isinstance(value, bool):
            continue
        elif isinstance(value, int | float):
            yield str(value)
        else:
            yield from strings(value)


def _claimed(claims: object) -> Iterator[str]:
    for claim in claims if isinstance(claims, list) else ():
        for value in claim.values() if isinstance(claim, dict) else ():
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield str(value)


def _plain(text: str) -> str:
    """A request without colour codes, with what JSON and XML escape as it is."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return html.unescape(text.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t"))


def _shown(value: str, text: str, case: Case) -> bool:
    if value in text or " ".join(value.split()) in " ".join(text.split()):
        return True
    # Another scaffold shows paths from where one is, or as they are.
    inside = value.removeprefix(case.world.cwd.rstrip("/") + "/")
    return inside != value and inside in text


@law("information kept")
def sections_stay(applied: Applied) -> str | None:
    """What the task states in the system prompt stays stated, in whatever order and words."""
    if applied.operator.relation == "directional":
        return None
    was, now = ([s for s in case.system if s.origin == "task"] for case in (applied.before, applied.out))
    gone = [section.title for section in was if section.title not in {one.title for one in now}]
    return f"a section of the task is gone: {gone[0]!r}" if len(now) < len(was) and gone else None


@law("information kept")
def results_belong(applied: Applied) -> str | None:
    """What a call returned is what it returned: no result stands beside another call, none is told otherwise."""
    if applied.operator.part in ("results", "environment"):
        return None if applied.operator.relation == "directional" else _same_kinds(applied)
    known = {(_key(call), canonical(result)) for call, result in _pairs(applied.before.turns)}
    calls = {call for call, _ in known}
    results = {result for _, result in known}
    for call, result in _pairs(applied.out.turns):
        if (_key(call), canonical(result)) in known or (result.kind == "error" and _passing(result)):
            continue
        if _key(call) in calls:
            return f"{call.action} returns something else now"
        if canonical(result) in results and result.data:
            return f"{call.action} returns what another call returned"
        if call.action in READ_ONLY and not _true(call, result, applied.out):
            return f"{call.action} is said to have returned what the world does not hold"
    return None


def _passing(result: Result) -> bool:
    """Whether an error says that nothing was done."""
    return "nothing was done" in str(result.data.get("message", ""))


def _true(call: Intent, result: Result, case: Case) -> bool:
    made = execute(case.world, call)[1]
    return call.action == "say" or (made.kind, canonical(made.data)) == (result.kind, canonical(result.data))


def _same_kinds(applied: Applied) -> str | None:
    """Noise and a changed environment leave each result's kind, and what it is about."""
    for (call, old), (_, new) in zip(_pairs(applied.before.turns), _pairs(applied.out.turns), strict=False):
        if old.kind != new.kind:
            return f"the result of {call.action} is of another kind: {new.kind} instead of {old.kind}"
        named = [key for key in ("path", "url", "query", "title") if key in old.data]
        if any(old.data[key] != new.data.get(key) for key in named):
            return f"the result of {call.action} is about something else"
        if applied.operator.relation == "invariant" and not _contains(old.data, new.data):
            return f"what {call.action} returned is not all there any more"
    return None


def _contains(old: object, new: object) -> bool:
    """Whether everything of `old` is still in `new`, which may hold more."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(key in new and _contains(old[key], new[key]) for key in old)
    if isinstance(old, list | tuple):
        if not isinstance(new, list | tuple):
            return False
        left = iter(new)
        return all(any(_contains(item, other) for other in left) for item in old)
    if isinstance(old, str) and isinstance(new, str):
        return old in new
    return bool(old == new)


def _pairs(turns: tuple[Turn, ...]) -> list[tuple[Intent, Result]]:
    return [pair for turn in turns for pair in zip(turn.calls, turn.results, strict=False)]


def _key(intent: Intent) -> bytes:
    return canonical(intent)


@law("information kept")
def executes_as_before(applied: Applied) -> str | None:
    """The ideal calls come to the same in the world as it is now, rewritten where names are."""
    if applied.operator.relation == "directional" or applied.case.world is applied.out.world:
        return None
    before, after = (effect(c.world, intents_of(c, c.expect.any_of[0])) for c in (applied.case, applied.out))
    wanted = _outcome(before)
    for rewrite in applied.fresh:
        wanted = rewrite_value(wanted, rewrite)
    if canonical(wanted) == canonical(_outcome(after)):
        return None
    kinds = [deed.result.kind for deed in before.deeds], [deed.result.kind for deed in after.deeds]
    return f"the ideal calls come to something else: {kinds[0]} before, {kinds[1]} now"


def _outcome(done: Effect) -> list[object]:
    shown = [[deed.result.kind, deed.result.failed, _settled(deed.result)] for deed in done.deeds]
    return [shown, sorted((list(place), value) for place, value in done.changed.items() if place[0] != "git")]


def _settled(result: Result) -> object:
    """What a result says, apart from how long anything took and where it is measured."""
    return None if result.kind in ("shell", "python") else dict(result.data)


@law("information kept")
def world_agrees(applied: Applied) -> str | None:
    """Where the world has changed, what was looked up in it reads as it would read now."""
    if applied.case.world is applied.out.world or applied.operator.relation == "directional":
        return None
    for (call, old), (now, new) in zip(_pairs(applied.case.turns), _pairs(applied.out.turns), strict=False):
        if call.action not in READ_ONLY or call.action == "say" or not _true(call, old, applied.case):
            continue
        if not _true(now, new, applied.out):
            return f"{now.action} of the history does not read as the world is now"
    return None


@law("no leak")
def no_leak(applied: Applied) -> str | None:
    """Nothing of the expectation shows in the request unless it was in the input."""
    case, out = applied.case, applied.out
    told_in_turns = "\n".join(strings(applied.before.turns))
    values = [text for pattern in _patterns(out) for text in strings(dict(pattern.args)) if not text.startswith("$")]
    for value in [out.expect.text, out.expect.thinking, *values]:
        # One scaffold numbers lines or shortens paths, another does not: what a turn holds has been in the input.
        known = value in applied.said_before or value in told_in_turns
        known = known or value.removeprefix(case.world.cwd + "/") in applied.said_before
        if len(value) >= 8 and value in applied.said and not known:
            return f"{value[:80]!r} of the expectation shows in the request"
    return None


def _patterns(case: Case) -> Iterator[Pattern]:
    return (pattern for several in case.expect.any_of for pattern in several)


# How much has to stand beside a word, on one side, for it to stand where it stood before.
_BESIDE = 20


@law("leaks by count")
def leaks_by_count(applied: Applied) -> str | None:
    """No literal and no tool name of the answer becomes more frequent, save where it is said again as it was."""
    before = applied.said_before
    for value, called in _telling(applied):
        now, was = list(called.finditer(applied.said)), len(called.findall(before))
        if len(now) <= was:
            continue
        for found in now:
            start, end = found.span()
            left, right = applied.said[max(0, start - _BESIDE) : end], applied.said[start : end + _BESIDE]
            if left not in before and right not in before:
                around = applied.said[max(0, start - 40) : end + 30]
                return f"{value!r} of the answer is told once more: {around!r}"
    return None


def _telling(applied: Applied) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Literals of the ideal answer, and its tools' names where a text speaks of tools."""
    from perturb.judging.ideal import ideal

    before, out = applied.before, applied.out
    if before.scaffold != out.scaffold or before.surface.protocol != out.surface.protocol:
        # Another scaffold shows everything in another way.
        return
    reply = ideal(out).reply
    known = {text for call in ideal(before).reply.calls for text in _leaves(call.args)}
    visible = [text for call in reply.calls for text in _leaves(call.args) if text in known]
    for text in dict.fromkeys([*needed(out), *visible]):
        for form in {text, text.rpartition("/")[2]}:
            if len(form) > 2 and "\n" not in form and not _ordinary(form):
                yield form, token(form)
    old = {(tool.name, tool.action) for tool in before.tools}
    for tool in out.tools:
        if (tool.name, tool.action) in old and any(call.tool == tool.name for call in reply.calls):
            yield tool.name, _spoken_of(tool.name)


def _leaves(value: object) -> Iterator[str]:
    """The texts and numbers inside arguments."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _ordinary(text: str) -> bool:
    """Whether a literal is a plain word, which may come up anywhere."""
    return text.isalpha() and (text.islower() or text.istitle())


def _spoken_of(name: str) -> re.Pattern[str]:
    """A tool's name as one speaks of a tool: any way if no other word looks like it, else quoted or called one."""
    escaped = re.escape(name)
    if "_" in name or "-" in name or (not name.islower() and not name.istitle()):
        return token(name)
    return re.compile(
        rf"[`'\"]{escaped}[`'\"]|\b(?:tool|call|use|using|with|try)\s+(?:the\s+)?{escaped}\b|\b{escaped}\s+(?:tool|function)\b"
    )
