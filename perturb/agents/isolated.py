"""Agents that break one thing only and answer ideally elsewhere: the report must name that thing and blame no other.

`defect` is the part in which the break must show; agents without one break something that is no part at all: noise,
three fixtures, one protocol, everything that is said in words. Answers are a pure function of the case.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from perturb.core.canonical import canonical
from perturb.core.registry import agent
from perturb.core.values import Answer, Case, Intent, Reply, Tool, Turn
from perturb.judging.ideal import answer_with, ideal

Broken = Callable[[Case, Case], bool]
_THREE = ("cli-csv-count", "browser-form", "search-bridge")


def _unless(broken: bool, case: Case) -> Answer:
    """The ideal answer, or giving up in words that no fixture asks for."""
    if not broken:
        return ideal(case)
    words = "I lost track of what this is about."
    return answer_with(case, (Intent("say", {"text": words, "kind": "answer"}),), words, case.instructions)


def _used(case: Case, base: Case) -> list[tuple[Tool, Tool]]:
    """Tools that the ideal answer calls, each with what it was in the base; nothing where the scaffold is another."""
    if case.scaffold != base.scaffold or len(case.tools) < len(base.tools):
        return []
    names = {call.tool for call in ideal(case).reply.calls}
    before = {(tool.action, canonical(tool.fixed)): tool for tool in base.tools}
    used = [(tool, before.get((tool.action, canonical(tool.fixed)))) for tool in case.tools if tool.name in names]
    return [(tool, old) for tool, old in used if old is not None]


def _said(case: Case, role: str) -> list[Turn]:
    return [turn for turn in case.turns if turn.role == role]


def _texts(case: Case, role: str = "user") -> list[str]:
    return [turn.text for turn in _said(case, role)]


def _edits(case: Case, kind: str) -> list[str]:
    results = [result for turn in case.turns for result in turn.results]
    return [edit.text for result in results for edit in result.edits if edit.kind == kind]


def _chance(case: Case) -> float:
    """Uniform over cases: any change of a case, however harmless, draws anew."""
    return int.from_bytes(blake2b(canonical(case), digest_size=6).digest(), "big") / 2**48


@agent(defect="tools")
def overwhelmed_by_many_tools(case: Case, base: Case) -> Answer:
    """Gives up when there are tools that were not there."""
    return _unless(any(tool.origin == "distractor" for tool in case.tools) and len(case.tools) > len(base.tools), case)


@agent(defect="tools")
def skips_long_descriptions(case: Case, base: Case) -> Answer:
    """Does not know a tool again whose description has grown."""
    return _unless(any(len(t.description) > len(old.description) for t, old in _used(case, base)), case)


@agent(defect="tools")
def needs_flat_arguments(case: Case, base: Case) -> Answer:
    """Cannot fill arguments that lie inside another."""
    return _unless(any(t.envelope and not old.envelope for t, old in _used(case, base)), case)


@agent(defect="tools")
def knows_parameters_by_name(case: Case, base: Case) -> Answer:
    """Cannot fill a parameter that has another name."""
    pairs = [({p.name for p in t.params}, {p.name for p in old.params}) for t, old in _used(case, base)]
    return _unless(any(now != before for now, before in pairs), case)


@agent(defect="tools")
def knows_parameters_by_place(case: Case, base: Case) -> Answer:
    """Cannot fill parameters in another order."""
    pairs = [([p.name for p in t.params], [p.name for p in old.params]) for t, old in _used(case, base)]
    return _unless(any(now != before and sorted(now) == sorted(before) for now, before in pairs), case)


@agent(defect="system")
def drowned_by_policy(case: Case, base: Case) -> Answer:
    """Gives up when the system prompt has sections that an operator added."""
    now, before = (sum(s.origin == "operator" for s in c.system) for c in (case, base))
    return _unless(now > before, case)


@agent(defect="system")
def reads_sections_in_order(case: Case, base: Case) -> Answer:
    """Needs the sections of the system prompt in the order it learned."""
    now, before = [s.title for s in case.system], [s.title for s in base.system]
    return _unless(now != before and sorted(now) == sorted(before), case)


@agent(defect="system")
def needs_its_markup(case: Case, base: Case) -> Answer:
    """Reads the system prompt in one markup only."""
    return _unless(case.scaffold == base.scaffold and case.surface.markup != base.surface.markup, case)


@agent(defect="user")
def needs_usual_casing(case: Case, base: Case) -> Answer:
    """Does not read a request whose letters have another case."""
    now, before = _texts(case), _texts(base)
    return _unless(now != before and [t.lower() for t in now] == [t.lower() for t in before], case)


@agent(defect="user")
def tired_by_repetition(case: Case, base: Case) -> Answer:
    """Gives up when the last request says the same thing again."""
    now, before = _texts(case)[-1], _texts(base)[-1]
    return _unless(now != before and now.count(before[:40]) > before.count(before[:40]), case)


@agent(defect="user")
def distracted_by_small_talk(case: Case, base: Case) -> Answer:
    """Gives up when the request comes after something else in the same message."""
    now, before = _texts(case)[-1], _texts(base)[-1]
    return _unless(now != before and now.endswith(before) and now.count(before[:40]) == before.count(before[:40]), case)


@agent(defect="environment")
def knows_one_home(case: Case, base: Case) -> Answer:
    """Lost in another home folder."""
    return _unless(case.world.home != base.world.home, case)


@agent(defect="environment")
def knows_one_day(case: Case, base: Case) -> Answer:
    """Lost on another day."""
    return _unless(case.world.clock != base.world.clock, case)


@agent(defect="environment")
def knows_one_root(case: Case, base: Case) -> Answer:
    """Lost when the project lies elsewhere."""
    return _unless(case.world.cwd != base.world.cwd, case)


@agent(defect="thinking")
def needs_whole_thoughts(case: Case, base: Case) -> Answer:
    """Loses the thread when one of its thoughts was cut short."""
    now, before = ([t.thinking for t in _said(c, "assistant")] for c in (case, base))
    cut = [a for a, b in zip(now, before, strict=False) if a and len(a) < len(b) and b.startswith(a[:10])]
    return _unless(len(now) == len(before) and bool(cut), case)


@agent(defect="thinking")
def shaken_by_added_thoughts(case: Case, base: Case) -> Answer:
    """Loses the thread when a thought says more than it thought."""
    now, before = ([t.thinking for t in _said(c, "assistant")] for c in (case, base))
    grown = [a for a, b in zip(now, before, strict=False) if b and len(a) > len(b) and b in a]
    return _unless(len(now) == len(before) and bool(grown), case)


@agent(defect="results")
def dazed_by_colours(case: Case, base: Case) -> Answer:
    """Cannot read a result with colour codes."""
    return _unless(len(_edits(case, "ansi")) > len(_edits(base, "ansi")), case)


@agent(defect="results")
def dazed_by_long_results(case: Case, base: Case) -> Answer:
    """Cannot read a result with a long tail."""
    return _unless(sum(map(len, _edits(case, "suffix"))) > sum(map(len, _edits(base, "suffix"))) + 400, case)


@agent(defect="results")
def stopped_by_warnings(case: Case, base: Case) -> Answer:
    """Stops when a result begins with a warning."""
    return _unless(len(_edits(case, "prefix")) > len(_edits(base, "prefix")), case)


@agent(defect="history")
def needs_its_own_words(case: Case, base: Case) -> Answer:
    """Loses the thread when its earlier messages have lost their words."""
    now, before = _texts(case, "assistant"), _texts(base, "assistant")
    return _unless(len(now) == len(before) and any(b and not a for a, b in zip(now, before, strict=True)), case)


@agent(defect="history")
def misled_by_other_talk(case: Case, base: Case) -> Answer:
    """Stays with an unrelated conversation that came before."""
    now, before = _texts(case), _texts(base)
    return _unless(len(now) > len(before) and now[0] != before[0] and now[-1] == before[-1], case)


@agent(defect="history")
def bored_by_long_words(case: Case, base: Case) -> Answer:
    """Loses the thread when its earlier messages have more words, other than thoughts that were moved there."""
    now, before = _said(case, "assistant"), _said(base, "assistant")
    grown = [b for a, b in zip(now, before, strict=False) if b.text and len(a.text) > len(b.text) and b.text in a.text]
    same = [turn.thinking for turn in now] == [turn.thinking for turn in before]
    return _unless(len(now) == len(before) and same and bool(grown), case)


@agent(defect="scaffold")
def needs_tool_role(case: Case, base: Case) -> Answer:
    """Does not see results that come in another role."""
    same = case.scaffold == base.scaffold and case.surface.protocol == base.surface.protocol
    return _unless(same and case.surface.result_role != base.surface.result_role, case)


@agent(defect="scaffold")
def needs_system_role(case: Case, base: Case) -> Answer:
    """Does not read a system prompt that the user sends."""
    same = case.scaffold == base.scaffold
    return _unless(same and case.surface.system_role != base.surface.system_role, case)


@agent()
def noise_one_in_a_hundred(case: Case, _base: Case) -> Answer:
    """Wrong once in a hundred times, for no reason."""
    return _unless(_chance(case) < 0.01, case)


@agent()
def noise_one_in_ten(case: Case, _base: Case) -> Answer:
    """Wrong once in ten times, for no reason."""
    return _unless(_chance(case) < 0.1, case)


@agent()
def noise_every_other_time(case: Case, _base: Case) -> Answer:
    """Wrong every other time, for no reason."""
    return _unless(_chance(case) < 0.5, case)


@agent()
def only_calls_never_words(case: Case, _base: Case) -> Answer:
    """Says nothing where words are right; calls are ideal."""
    return Answer(Reply(), ()) if case.expect.any_of[0][0].action == "say" else ideal(case)


@agent()
def fails_on_three_fixtures(case: Case, _base: Case) -> Answer:
    """Never right on three fixtures, whatever is done to them; ideal elsewhere."""
    return _unless(case.cluster in _THREE, case)


@agent()
def breaks_on_three_fixtures(case: Case, base: Case) -> Answer:
    """Right on three fixtures until anything is changed; ideal elsewhere."""
    return _unless(case.cluster in _THREE and canonical(case) != canonical(base), case)


@agent()
def fails_on_one_protocol(case: Case, _base: Case) -> Answer:
    """Never right where calls are written as XML tags: shows where a decision is moved there, and in base accuracy."""
    return _unless("xml" in case.surface.protocol, case)
