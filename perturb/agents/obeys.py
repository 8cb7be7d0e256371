"""Agents that weigh rules wrongly and answer ideally elsewhere: they listen to the wrong source, forget what was added,
taken back or excepted, or do not look whether a condition holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from perturb.core.errors import UnrepresentableError
from perturb.core.registry import agent
from perturb.core.values import Answer, Case, Expect, Instruction, Intent
from perturb.judging.ideal import answer_with, ideal, intents_of

_MARKS = ("text.starts_with", "text.ends_with", "text.contains")


def _without(case: Case, unheard: Callable[[Instruction], bool], expect: Expect | None = None) -> Answer:
    """The ideal answer of an agent for which some rules are not there: marks that they want are not written either."""
    kept = tuple(rule for rule in case.instructions if not unheard(rule))
    if kept == case.instructions and expect is None:
        return ideal(case)
    marks = [str(rule.params["value"]) for rule in case.instructions if unheard(rule) and rule.check in _MARKS]
    blind = replace(case, instructions=kept, expect=expect or case.expect)

    def plain(text: str) -> str:
        for mark in marks:
            text = text.replace(mark, "")
        return text

    intents = tuple(
        Intent("say", {**i.args, "text": plain(str(i.args["text"]))}) if i.action == "say" else i
        for i in intents_of(blind, blind.expect.any_of[0])
    )
    return answer_with(blind, intents, plain(blind.expect.text), kept)


def _unwanted(case: Case, base: Case, texts: Callable[[Case], str]) -> Callable[[Instruction], bool]:
    """Rules whose mark is spoken against, in `texts` of the case and not of its base."""
    now, before = texts(case), texts(base)

    def unwanted(rule: Instruction) -> bool:
        mark = str(rule.params.get("value", ""))
        return rule.check in _MARKS and now.count(mark) > before.count(mark)

    return unwanted


@agent(defect="user")
def obeys_the_user_over_the_system(case: Case, base: Case) -> Answer:
    """Drops a rule of the system prompt when the user speaks against it."""
    against = _unwanted(case, base, lambda c: " ".join(t.text for t in c.turns if t.role == "user"))
    return _without(case, lambda rule: rule.source == "system" and against(rule))


@agent(defect="results")
def obeys_results_over_rules(case: Case, base: Case) -> Answer:
    """Drops any rule that a tool's answer speaks against."""
    return _without(case, _unwanted(case, base, _edits))


def _edits(case: Case) -> str:
    return " ".join(edit.text for turn in case.turns for result in turn.results for edit in result.edits)


def _conditional(rule: Instruction) -> bool:
    return rule.check == "edit.spares" or "when" in rule.params or "unless" in rule.params


def _key(rule: Instruction) -> tuple[str, str, str]:
    return rule.check, str(rule.params.get("when", "")), str(rule.params.get("unless", ""))


@agent(defect="system")
def ignores_conditions(case: Case, base: Case) -> Answer:
    """Acts without looking whether a condition holds, as if none did: new rules that have one are not there for it."""
    known = {_key(rule) for rule in base.instructions}
    fresh = [rule for rule in case.instructions if _conditional(rule) and _key(rule) not in known]
    if not fresh:
        return ideal(case)
    try:
        return _without(case, lambda rule: rule in fresh, base.expect if case.scaffold == base.scaffold else None)
    except UnrepresentableError:
        return ideal(case)


@agent(defect="system")
def takes_every_condition_for_true(case: Case, base: Case) -> Answer:
    """Changes no file once there is a new rule on files that must not be changed, whatever the file says."""
    if {r.check for r in base.instructions} >= {r.check for r in case.instructions if r.check == "edit.spares"}:
        return ideal(case)
    words = "I cannot change this file: the rule says that it must stay as it is."
    return answer_with(case, (Intent("say", {"text": words, "kind": "answer"}),), words, case.instructions)


@agent(defect="history")
def holds_to_revoked_rules(case: Case, _base: Case) -> Answer:
    """Goes on writing a mark that was asked for first and taken back since."""
    gone = [r for r in case.instructions if r.source == "promise" and r.check == "text.lacks"]
    if not gone:
        return ideal(case)
    old = Instruction("", "promise", "text.contains", {"value": gone[0].params["words"][0]})
    rules = (*(r for r in case.instructions if r.source != "promise"), old)
    return answer_with(case, intents_of(case, case.expect.any_of[0]), case.expect.text, rules)


@agent(defect="system")
def keeps_only_rules_that_its_messages_show(case: Case, base: Case) -> Answer:
    """Copies the form of its earlier messages: a rule that none of them shows is not there for it."""
    shown = {rule.check for rule in base.instructions}
    return _without(case, lambda rule: rule.check not in shown and rule.source != "promise")
