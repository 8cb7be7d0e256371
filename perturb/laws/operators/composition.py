"""Operators one after the other: every law holds of the second as well, and nothing of the first is undone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from perturb.core.canonical import canonical, digest
from perturb.core.draw import Draw, NotApplicableError, mildest, nearest, seeded
from perturb.core.registry import OPERATORS, Operator
from perturb.core.values import PARTS, Case
from perturb.laws.breach import Breach
from perturb.laws.operators.applied import Applied, bare
from perturb.laws.operators.law import problems
from perturb.laws.operators.trying import attempt, watching
from perturb.operators import recipe

# How often an operator may be applied to its own output before growth shows.
AGAIN = 6
# On how many cases, of different kinds where there are, two operators are tried together.
TOGETHER = 3


# Operators that each change one field of a case as a whole: what forgets that field undoes them.
TOUCHSTONES = (
    "tools.namespace_prefix",
    "system.change_markup",
    "system.reorder_sections",
    "system.add_rule",
    "user.off_topic_preamble",
    "environment.relocate_root",
    "history.unrelated_dialogue_first",
    "results.boilerplate",
    "thinking.doubt",
    "scaffold.text_protocol",
    "scaffold.reminder",
)


def partners(operator: Operator) -> list[Operator]:
    """One operator of every part, in turn, so that over all operators each is a partner; and the touchstones."""
    found = [OPERATORS[name] for name in TOUCHSTONES if name in OPERATORS and name != operator.name]
    number = sum(map(ord, operator.name))
    for part in PARTS:
        known = [other for name, other in sorted(OPERATORS.items()) if other.part == part and name != operator.name]
        if known and known[number % len(known)] not in found:
            found.append(known[number % len(known)])
    return found


def composition_breaches(operator: Operator, cases: Sequence[Case], others: Sequence[Operator]) -> Iterator[Breach]:
    """Breaches of `operator` on its own output, and before and after each of `others`."""
    cases = _of_each_kind(cases)
    yield from _on_itself(operator, cases)
    for other in others:
        for first, second in ((operator, other), (other, operator)):
            problem = _together(first, second, cases)
            if problem:
                where = "after" if second is operator else "before"
                yield Breach("composition", operator.name, problem[0], f"{where} {other.name}: {problem[1]}")
                break


def _of_each_kind(cases: Sequence[Case]) -> list[Case]:
    """The first case of each scaffold, with and without a history."""
    found: dict[tuple[str, bool], Case] = {}
    for case in cases:
        found.setdefault((case.scaffold, len(case.turns) > 1), case)
    return list(found.values())


def _step(operator: Operator, case: Case, draw: Draw) -> Applied | None:
    """One application as a run does it; None when it does not apply. Raises _BrokenError."""
    watched, widths = watching(draw)
    breach, out = attempt(operator, case, watched)
    if breach is not None:
        raise _BrokenError(breach)
    if out is None or canonical(bare(out)) == canonical(bare(case)):
        return None
    return Applied(operator, case, out, tuple(watched.taken), tuple(widths))


class _BrokenError(Exception):
    """An application that ended in a breach of its own."""


def _lined(applied: Applied) -> Case:
    step = recipe.text((recipe.Step(applied.operator.name, applied.choices),))
    return replace(applied.out, lineage=(*applied.case.lineage, step))


def _together(first: Operator, second: Operator, cases: Sequence[Case]) -> tuple[str, str] | None:
    """(example, problem) of `second` on what `first` made, on the first cases on which both apply."""
    met = 0
    for case in cases:
        try:
            one = _step(first, case, seeded(2, first.name, case.id))
        except _BrokenError:
            # It breaks by itself, which its own laws say.
            continue
        if one is None:
            continue
        try:
            two = _step(second, _lined(one), mildest())
        except _BrokenError as error:
            breach = error.args[0]
            return None if _breaks(second, case) else (breach.example, f"{breach.law}: {breach.detail}")
        if two is None:
            continue
        problem = _problem(two, first is second) or undone(one, two)
        if problem is not None and not any(True for _ in problems(one)) and not _breaks(second, case):
            return two.example, problem
        met += 1
        if met == TOGETHER:
            break
    return None


def _problem(two: Applied, again: bool) -> str | None:
    """The first law that a second step breaks, apart from those that the first one may leave nothing to do for."""
    moot = {"delivered", *(["relation"] if two.operator.relation == "directional" else [])}
    moot |= {"rules kept", "relation"} if again else set()
    return next((f"{law}: {what}" for law, what in problems(two) if law not in moot), None)


def _breaks(operator: Operator, case: Case) -> bool:
    """Whether it breaks a law alone: what it does beside others is then no news."""
    try:
        alone = _step(operator, case, mildest())
    except _BrokenError:
        return True
    return alone is not None and any(True for _ in problems(alone))


def undone(one: Applied, two: Applied) -> str | None:
    """Whether the second step takes the first one back, or brings back a name that the first one changed."""
    if one.operator.part != two.operator.part:
        try:
            alone = two.operator.perturb(one.case, nearest(two.choices))
        except NotApplicableError:
            alone = None
        if alone is not None and canonical(bare(alone)) == canonical(bare(two.out)):
            return f"nothing is left of {one.operator.name}"
    gone = [old for rewrite in two.case.rewrites for old, new in rewrite.pairs if old not in new]
    for old in (*gone, *_renamed(one)):
        pattern = re.compile(rf"(?<![\w-]){re.escape(old)}(?![\w-])")
        if len(pattern.findall(two.said)) > len(pattern.findall(two.said_before)):
            return f"the name {old!r}, which {one.operator.name} had changed, is back"
    return None


def _renamed(one: Applied) -> list[str]:
    """Names of tools that a step on tools took away and that look like no ordinary word."""
    now = {tool.name for tool in one.out.tools}
    gone = [tool.name for tool in one.case.tools if tool.name not in now]
    return [name for name in gone if one.operator.part == "tools" and "_" in name]


def _on_itself(operator: Operator, cases: Sequence[Case]) -> Iterator[Breach]:
    problem = _together(operator, operator, cases)
    if problem:
        yield Breach("composition", operator.name, problem[0], f"on itself: {problem[1]}")
    for case in cases:
        sizes = _sizes(operator, case)
        if len(sizes) < 3:
            continue
        steps = [after - before for before, after in pairwise(sizes)]
        if sizes[-1] > recipe.GROWTH or (steps[0] > 0 and steps[-1] > 8 * steps[0] and steps[-1] > 20_000):
            detail = f"{operator.name} grows without bound on its own output: {sizes} bytes"
            yield Breach("bounded", operator.name, f"{case.id}/{case.scaffold}", detail)
        return


def _sizes(operator: Operator, case: Case) -> list[int]:
    """How long a case is as the operator is applied to its own output again and again."""
    sizes, seen = [len(canonical(case))], {digest(case)}
    for _ in range(AGAIN):
        try:
            step = _step(operator, case, mildest())
        except _BrokenError:
            break
        if step is None or digest(step.out) in seen:
            break
        case = step.out
        seen.add(digest(case))
        sizes.append(len(canonical(case)))
    return sizes
