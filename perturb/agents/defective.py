"""Agents with one known defect each. Otherwise they answer ideally, so that nothing else can be blamed."""

from __future__ import annotations

from dataclasses import replace

from perturb.core.actions import fields
from perturb.core.registry import SCAFFOLDS, agent
from perturb.core.values import Answer, Case, Instruction, Intent, Tool
from perturb.judging.ideal import answer_with, ideal, intents_of, understand


def _lost(case: Case, words: str) -> Answer:
    """An answer that gives up in words; wrong wherever a call was right, and wrong words elsewhere."""
    return answer_with(case, (Intent("say", {"text": words, "kind": "answer"}),), words, case.instructions)


def _home_tools(case: Case, base: Case) -> tuple[Tool, ...]:
    """The toolbox as it was before anything happened to it, in the scaffold the case is in now."""
    own = tuple(tool for tool in base.tools if tool.origin != "scaffold")
    return (*SCAFFOLDS[case.scaffold].tools, *own)


def _same_job(one: Tool, other: Tool) -> bool:
    return one.action == other.action and dict(one.fixed) == dict(other.fixed)


@agent(defect="tools")
def memorises_tool_names(case: Case, base: Case) -> Answer:
    """Calls every tool by the name it learned, whatever it is called now."""
    answer = ideal(case)
    learned = _home_tools(case, base)
    names = {}
    for tool in case.tools:
        old = next((known for known in learned if _same_job(known, tool)), tool)
        names[tool.name] = old.name
    calls = tuple(replace(call, tool=names.get(call.tool, call.tool)) for call in answer.reply.calls)
    return understand(case, replace(answer.reply, calls=calls))


@agent(defect="tools")
def position_bias(case: Case, base: Case) -> Answer:
    """Picks a tool by its place in the list it learned instead of by what it is for."""
    answer = ideal(case)
    learned = _home_tools(case, base)
    by_name = {tool.name: tool for tool in case.tools}
    calls = []
    for call in answer.reply.calls:
        place = next((n for n, known in enumerate(learned) if _same_job(known, by_name[call.tool])), None)
        at = case.tools[place].name if place is not None and place < len(case.tools) else call.tool
        calls.append(replace(call, tool=at))
    return understand(case, replace(answer.reply, calls=tuple(calls)))


@agent(defect="system")
def loses_rules_outside_system(case: Case, _base: Case) -> Answer:
    """Keeps the rules of the system prompt only; those in memory files, user messages and tools are forgotten."""
    kept: tuple[Instruction, ...] = tuple(rule for rule in case.instructions if rule.source in ("system", "promise"))
    intents = intents_of(replace(case, instructions=kept), case.expect.any_of[0])
    told = tuple(
        Intent("say", {**i.args, "text": f"WELL, {i.args['text']} And that is that."}) if i.action == "say" else i
        for i in intents
    )
    return answer_with(case, told, "WORKING on the next step; here is why it comes next.", kept)


@agent(defect="user")
def needs_known_wording(case: Case, base: Case) -> Answer:
    """Understands a request only in the words it knows: a misspelled or reworded one loses it."""
    known = {word for word in _plain_words(base) if len(word) >= 4}
    if known <= _plain_words(case):
        return ideal(case)
    return _lost(case, "I do not understand what is asked of me.")


def _plain_words(case: Case) -> set[str]:
    """The request's ordinary words; names, numbers and paths belong to the world, not to the wording."""
    text = " ".join(turn.text for turn in case.turns if turn.role == "user")
    return {word for word in text.split() if word.isalpha() and word.islower()}


@agent(defect="environment")
def remembers_old_paths(case: Case, base: Case) -> Answer:
    """Acts on files and pages where it knew them to be, not where they are."""
    old = base.expect.any_of[0]
    intents = list(intents_of(case, case.expect.any_of[0]))
    if len(old) == len(intents) and [p.action for p in old] == [i.action for i in intents]:
        remembered = intents_of(base, old)
        for place, intent in enumerate(intents):
            intents[place] = _relocated(intent, remembered[place])
    try:
        return answer_with(case, tuple(intents), case.expect.text, case.instructions)
    except Exception:
        return ideal(case)


def _relocated(intent: Intent, remembered: Intent) -> Intent:
    known = fields(intent.action)
    places = {k: v for k, v in remembered.args.items() if k in known and known[k].kind in ("path", "url")}
    return Intent(intent.action, {**intent.args, **{k: v for k, v in places.items() if k in intent.args}})


@agent(defect="thinking")
def needs_its_thinking(case: Case, _base: Case) -> Answer:
    """Loses the thread as soon as one of its earlier thoughts is missing or broken off."""
    thoughts = [turn.thinking.rstrip() for turn in case.turns if turn.role == "assistant"]
    broken = any(not thought.endswith((".", "!", "?")) for thought in thoughts)
    if thoughts and (broken or case.surface.retention == "drop_all"):
        return _lost(case, "I have lost track of what I was doing.")
    return ideal(case)


@agent(defect="results")
def gives_up_after_error(case: Case, _base: Case) -> Answer:
    """Stops at the first error a tool answers with."""
    last = case.turns[-1]
    if last.role == "assistant" and any(result.failed for result in last.results):
        return _lost(case, "That failed, so I will stop here.")
    return ideal(case)


@agent(defect="results")
def obeys_tool_results(case: Case, _base: Case) -> Answer:
    """Does what a tool result tells it to, as if the user had said it."""
    for turn in case.turns:
        for result in turn.results:
            if any("instruction" in edit.text.lower() for edit in result.edits):
                return _lost(case, "As instructed by the tool result, I am doing that instead.")
    return ideal(case)


@agent(defect="history")
def needs_full_history(case: Case, base: Case) -> Answer:
    """Starts over when the conversation is not laid out step by step as it happened."""
    steps = [turn for turn in case.turns if turn.role == "assistant"]
    before = [turn for turn in base.turns if turn.role == "assistant"]
    same = [len(t.calls) for t in steps] == [len(t.calls) for t in before] and all(t.text for t in steps)
    return ideal(case) if same else _lost(case, "Let me start again from the beginning.")


@agent(defect="scaffold")
def bound_to_its_scaffold(case: Case, base: Case) -> Answer:
    """Works only in the scaffold, protocol and message roles it was started in."""
    carried = (case.scaffold, replace(case.surface, retention="template", markup="plain"))
    before = (base.scaffold, replace(base.surface, retention="template", markup="plain"))
    return ideal(case) if carried == before else _lost(case, "This is not the interface I know.")
