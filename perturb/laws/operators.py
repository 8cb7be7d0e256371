"""Laws of operators: replay, purity, delivered, frame, relation, oracle, null, well-formed, closure, no leak."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from perturb.core.canonical import canonical, digest
from perturb.core.draw import Draw, NotApplicableError, mildest, replay, seeded
from perturb.core.errors import UnrepresentableError
from perturb.core.registry import Operator
from perturb.core.rewrite import rewrite_value, rewritten
from perturb.core.values import Call, Case, Reply, Turn
from perturb.judging.ideal import ideal, spoken, understand
from perturb.judging.scoring import judge, score
from perturb.laws.breach import Breach
from perturb.operators import recipe
from perturb.scaffolding.render import prompt_text, render
from perturb.toolbox import toolbox
from perturb.toolbox.json_schema import schema_problem
from perturb.trajectories.patterns import problem as problem_of

_LEGAL = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
CONTROL = ("]~b]", "]~!b[", "[e~[", "<think>", "</think>", "<minimax:tool_call>", "</minimax:tool_call>")
# Which fields of a case each part may touch.
FRAME: dict[str, frozenset[str]] = {
    "tools": frozenset({"tools", "system", "expect"}),
    "system": frozenset({"system", "instructions", "surface", "expect"}),
    "user": frozenset({"turns", "expect", "instructions"}),
    "environment": frozenset({"world", "turns", "expect"}),
    "thinking": frozenset({"turns", "surface"}),
    # A call that came to nothing left the world as it was.
    "results": frozenset({"turns", "expect", "world"}),
    "history": frozenset({"turns", "instructions"}),
    "scaffold": frozenset({"scaffold", "surface", "tools", "system", "instructions", "expect"}),
}
# Within `turns`, what each part may touch.
TURN_FRAME: dict[str, frozenset[str]] = {
    "thinking": frozenset({"thinking", "text"}),
    "results": frozenset({"results"}),
    "environment": frozenset({"results"}),
}


def operator_breaches(operator: Operator, cases: Sequence[Case], others: Sequence[Operator]) -> Iterator[Breach]:
    """Every breach of `operator` on `cases` (bound); `others` are tried on top of its output."""
    for case in cases:
        for draw in (mildest(), seeded(1, operator.name, case.id)):
            before = digest(case)
            try:
                out = operator.perturb(case, draw)
            except NotApplicableError:
                continue
            except Exception as error:
                yield _breach("closure", operator, case, draw, f"raised {type(error).__name__}: {error}")
                continue
            if digest(case) != before:
                yield _breach("purity", operator, case, draw, "its input changed")
                return
            if out is not None:
                yield from _output_breaches(operator, case, out, draw, others)


def _breach(law: str, operator: Operator, case: Case, draw: Draw, detail: str) -> Breach:
    step = recipe.text((recipe.Step(operator.name, tuple(draw.taken)),))
    return Breach(law, operator.name, f"{case.id}/{case.scaffold}+{step}", detail)


def _output_breaches(
    operator: Operator, case: Case, out: Case, draw: Draw, others: Sequence[Operator]
) -> Iterator[Breach]:
    for law, holds in LAWS.items():
        try:
            problem = holds(operator, case, out, tuple(draw.taken))
        except Exception as error:
            problem = f"raised {type(error).__name__}: {error}"
        if problem:
            yield _breach(law, operator, case, draw, problem)
    for other in others:
        try:
            other.perturb(out, mildest())
        except NotApplicableError:
            pass
        except Exception as error:
            detail = f"{other.name} on its output raised {type(error).__name__}: {error}"
            yield _breach("closure", other, case, draw, detail)


Law = Callable[[Operator, Case, Case, tuple[int, ...]], str | None]


def _replay(operator: Operator, case: Case, out: Case, choices: tuple[int, ...]) -> str | None:
    """Same choices, same case, whatever the global random state; the recipe's text parses back."""
    state = random.getstate()
    try:
        for seed in (1, 2):
            random.seed(seed)
            again = operator.perturb(case, replay(choices))
            if again is None or canonical(again) != canonical(out):
                return "the same choices gave another case"
    finally:
        random.setstate(state)
    step = (recipe.Step(operator.name, choices),)
    parsed = recipe.parse(recipe.text(step), known=False)
    return None if parsed == step else "its recipe does not parse back"


def _delivered(_operator: Operator, case: Case, out: Case, _choices: tuple[int, ...]) -> str | None:
    """The case differs and the rendered request does."""
    if canonical(out) == canonical(case):
        return "the case is unchanged"
    return "the request is unchanged" if prompt_text(out) == prompt_text(case) else None


def carried(case: Case, out: Case) -> Case:
    """`case` after the rewrites that `out` declares on top of it."""
    for rewrite in out.rewrites[len(case.rewrites) :]:
        case = rewritten(case, rewrite)
    return case


def _frame(operator: Operator, case: Case, out: Case, _choices: tuple[int, ...]) -> str | None:
    """Only the declared part changed, beyond what a rewrite carries along."""
    before = carried(case, out)
    for name in ("system", "tools", "world", "turns", "instructions", "scaffold", "surface", "expect"):
        if name not in FRAME[operator.part] and getattr(before, name) != getattr(out, name):
            return f"{name} changed"
    if (out.id, out.cluster, out.family) != (case.id, case.cluster, case.family):
        return "its identity changed"
    allowed = TURN_FRAME.get(operator.part)
    if allowed is not None:
        return _turn_frame(before.turns, out.turns, allowed)
    if operator.part == "user":
        same = [t for t in before.turns if t.role == "assistant"] == [t for t in out.turns if t.role == "assistant"]
        return None if same else "assistant turns changed"
    return None


def _turn_frame(before: tuple[Turn, ...], after: tuple[Turn, ...], allowed: frozenset[str]) -> str | None:
    if len(before) != len(after):
        return "the number of turns changed"
    for old, new in zip(before, after, strict=True):
        for name in ("role", "text", "thinking", "calls", "results"):
            if name not in allowed and getattr(old, name) != getattr(new, name):
                return f"turns.{name} changed"
    return None


def _relation(operator: Operator, case: Case, out: Case, _choices: tuple[int, ...]) -> str | None:
    """The declared relation is the actual one."""
    grew = len(out.rewrites) > len(case.rewrites)
    if operator.relation == "directional":
        return _directional(case, out)
    if operator.relation == "equivariant":
        if not grew:
            return "declares a rewrite and made none"
        wanted = case.expect
        for rewrite in out.rewrites[len(case.rewrites) :]:
            wanted = rewrite_value(wanted, rewrite)
        return None if out.expect == wanted else "the expectation is not the rewritten one"
    if grew:
        return "a rewrite in an invariant operator"
    kept = set(map(_hashable, out.expect.any_of)) <= set(map(_hashable, case.expect.any_of))
    if not kept or out.expect.any_of[0] != case.expect.any_of[0] or out.expect.never != case.expect.never:
        return "the expectation changed"
    return None


def _hashable(value: Any) -> bytes:
    return canonical(value)


def _directional(case: Case, out: Case) -> str | None:
    """Yesterday's answer fails today."""
    try:
        yesterday = understand(out, ideal(case).reply)
    except UnrepresentableError:
        return None
    return "yesterday's answer still scores 1" if judge(out, yesterday).joint else None


def _oracle(_operator: Operator, _case: Case, out: Case, _choices: tuple[int, ...]) -> str | None:
    """The ideal answer, spoken and parsed again, scores 1."""
    verdict = score(out, spoken(out, ideal(out).reply))
    if verdict.joint:
        return None
    broken = [rule.text for rule in verdict.rules if not rule.kept]
    return f"the ideal answer scores 0: {verdict.outcome} {verdict.reason} {broken}"


def _null(_operator: Operator, _case: Case, out: Case, _choices: tuple[int, ...]) -> str | None:
    """Silence and a wrong call score 0."""
    for reply in (Reply(), Reply("", "", (Call("no_such_tool", {"x": 1}),))):
        if judge(out, understand(out, reply)).joint:
            return f"{reply} scores 1"
    return None


def _well_formed(operator: Operator, case: Case, out: Case, _choices: tuple[int, ...]) -> str | None:
    """Legal unique names, valid schemas, paired results, no control token that was not there before."""
    names = [tool.name for tool in out.tools]
    bad = next((name for name in names if not _LEGAL.match(name)), None)
    if bad is not None or len(set(names)) < len(names):
        return f"tool names are not unique and legal: {bad or names}"
    for tool in out.tools:
        problem = schema_problem(toolbox.schema(tool))
        if problem:
            return f"schema of {tool.name}: {problem}"
    for pattern in (pattern for several in out.expect.any_of for pattern in several):
        if wrong := problem_of(pattern.action, dict(pattern.args)):
            return f"what is right: {wrong}"
    if not out.turns or (out.turns[0].role != "user" and case.turns[0].role == "user"):
        return "the conversation does not start with the user"
    if any(len(turn.calls) != len(turn.results) for turn in out.turns):
        return "calls and results are not paired"
    before, after = request_text(case), request_text(out)
    fresh = [t for t in CONTROL if after.count(t) > before.count(t) and t not in operator.introduces]
    return f"introduces control tokens {fresh}" if fresh else None


def request_text(case: Case) -> str:
    """All the text of a request, thinking included."""
    request = render(case)
    return "\n".join(_strings([*request.messages, *request.tools]))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)


def _no_leak(_operator: Operator, case: Case, out: Case, _choices: tuple[int, ...]) -> str | None:
    """Nothing of the expectation shows in the request unless it was in the input."""
    before, after = request_text(carried(case, out)), request_text(replace(out, rewrites=case.rewrites))
    expect = out.expect
    told_in_turns = "\n".join(_strings([_plain(turn) for turn in carried(case, out).turns]))
    told = [expect.text, expect.thinking, *_values([p.args for a in expect.any_of for p in a])]
    for value in told:
        # One scaffold numbers lines or shortens paths, another does not: what a turn holds has been in the input.
        known = value in before or value in told_in_turns or value.removeprefix(case.world.cwd + "/") in before
        if len(value) >= 8 and value in after and not known:
            return f"{value[:80]!r} of the expectation shows in the request"
    return None


def _plain(turn: Turn) -> list[Any]:
    """A turn's texts, calls and results as JSON data."""
    return [turn.text, turn.thinking, [dict(c.args) for c in turn.calls], [dict(r.data) for r in turn.results]]


def _values(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _values(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _values(item)


LAWS: dict[str, Law] = {
    "replay": _replay,
    "delivered": _delivered,
    "frame": _frame,
    "relation": _relation,
    "oracle": _oracle,
    "null": _null,
    "well-formed": _well_formed,
    "no leak": _no_leak,
}
