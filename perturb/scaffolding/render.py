"""A bound case as the request an engine is asked: system text, tools, and every turn in the scaffold's words."""

from __future__ import annotations

from dataclasses import replace

from perturb.core.errors import UnrepresentableError
from perturb.core.registry import PROTOCOLS, SCAFFOLDS
from perturb.core.scaffold import Scaffold
from perturb.core.values import (
    Call,
    Case,
    Instruction,
    Intent,
    JsonObject,
    Reply,
    Request,
    Result,
    Section,
    Source,
    Turn,
)
from perturb.formats.m2.template import render as m2_prompt
from perturb.scaffolding.wording import edited
from perturb.toolbox import toolbox

Message = JsonObject


def render(case: Case) -> Request:
    """The request for a bound case. Raises UnrepresentableError when the history cannot be said."""
    scaffold = SCAFFOLDS[case.scaffold]
    protocol = PROTOCOLS[case.surface.protocol]
    definitions = visible_tools(case)
    system = system_text(case)
    if not protocol.native:
        system = f"{system}\n\n{protocol.document(definitions)}"
    body = list(scaffold.compose(case)) if scaffold.compose else _chat(case, scaffold)
    for note in filter(None, (case.surface.reminder, _reminder(case))):
        body[-1] = {**body[-1], "content": f"{body[-1]['content']}\n\n{note}"}
    if case.surface.system_role == "user":
        first = next(n for n, message in enumerate(body) if message["role"] == "user")
        body[first] = {**body[first], "content": f"{system}\n\n{body[first]['content']}"}
    elif system or not scaffold.verbatim:
        body.insert(0, {"role": "system", "content": system})
    return Request(tuple(body), definitions if protocol.native else (), case.surface.retention)


def _reminder(case: Case) -> str:
    """Rules that stand in a reminder after the last message."""
    rules = stated(case, "reminder")
    return f"<reminder>\nRules to keep in every message from here on:\n{bullets(rules)}\n</reminder>" if rules else ""


def visible_tools(case: Case) -> tuple[JsonObject, ...]:
    """The tool objects the model sees, rules stated in tool descriptions included."""
    notes: dict[str, str] = {}
    for rule in stated(case, "tool"):
        target = _described_tool(case, str(rule.params.get("action", "")))
        notes[target] = f"{notes.get(target, '')} {rule.text}".strip()
    return tuple(toolbox.definition(tool, notes.get(tool.name, "")) for tool in case.tools)


def _described_tool(case: Case, action: str) -> str:
    """The tool whose description states a rule about `action`: its own, else the shell, else the first."""
    for wanted in (action, "shell.run"):
        for tool in case.tools:
            if tool.action == wanted:
                return tool.name
    return case.tools[0].name if case.tools else ""


def stated(case: Case, source: Source) -> tuple[Instruction, ...]:
    """The instructions stated at `source`."""
    return tuple(rule for rule in case.instructions if rule.source == source)


def bullets(rules: tuple[Instruction, ...]) -> str:
    """Rules as a list, one a line."""
    return "\n".join(f"- {rule.text}" for rule in rules)


def system_text(case: Case) -> str:
    """The system prompt: sections and the system's rules in the case's markup."""
    sections = list(case.system)
    rules = stated(case, "system")
    if rules:
        sections.append(Section("Rules", bullets(rules)))
    skill = stated(case, "skill")
    if skill:
        sections.append(Section("Skill file: house-style.md", bullets(skill)))
    return "\n\n".join(_block(section, case.surface.markup) for section in sections)


def _block(section: Section, markup: str) -> str:
    if not section.title:
        return section.text
    if markup == "xml":
        tag = section.title.lower().replace(" ", "_")
        return f"<{tag}>\n{section.text}\n</{tag}>"
    if markup == "markdown":
        return f"# {section.title}\n{section.text}"
    return f"{section.title}:\n{section.text}"


def _chat(case: Case, scaffold: Scaffold) -> list[Message]:
    messages: list[Message] = []
    first = True
    for turn in case.turns:
        if turn.role == "user":
            messages.append({"role": "user", "content": user_text(case, scaffold, turn, first)})
            first = False
        else:
            for step in one_by_one(case, turn):
                messages.append(_assistant(case, step))
                messages.extend(_observations(case, scaffold, step))
    return messages


def one_by_one(case: Case, turn: Turn) -> tuple[Turn, ...]:
    """`turn` as the replies that the case's protocol needs for it: one a call where a reply holds only one."""
    if PROTOCOLS[case.surface.protocol].calls_per_reply != 1 or len(turn.calls) < 2:
        return (turn,)
    first = replace(turn, calls=turn.calls[:1], results=turn.results[:1])
    rest = (
        Turn("assistant", "", "", turn.calls[n : n + 1], turn.results[n : n + 1]) for n in range(1, len(turn.calls))
    )
    return (first, *rest)


def user_text(case: Case, scaffold: Scaffold, turn: Turn, first: bool) -> str:
    """A user message as the scaffold sends it; the first one also carries memory, environment and user rules."""
    if not first:
        return _joined(turn.text, scaffold.aside(case))
    opening = scaffold.opening(case, bullets(stated(case, "memory")))
    asked = bullets(stated(case, "user"))
    wishes = f"Please also keep to this:\n{asked}" if asked else ""
    return _joined(opening, turn.text, wishes, scaffold.aside(case))


def _joined(*blocks: str) -> str:
    return "\n\n".join(block for block in blocks if block)


def _assistant(case: Case, turn: Turn) -> Message:
    protocol = PROTOCOLS[case.surface.protocol]
    reply = reply_of(case, turn.calls, turn.text, turn.thinking)
    message: dict[str, object] = {"role": "assistant", "content": reply.text}
    if reply.thinking:
        message["reasoning_content"] = reply.thinking
    if not protocol.native:
        message["content"] = protocol.emit(reply)
    elif reply.calls:
        message["tool_calls"] = [
            {"type": "function", "function": {"name": call.tool, "arguments": dict(call.args)}} for call in reply.calls
        ]
    return message


def reply_of(case: Case, intents: tuple[Intent, ...], text: str, thinking: str) -> Reply:
    """The reply in which this case's agent would do `intents`. Raises UnrepresentableError."""
    calls: list[Call] = []
    for intent in map(_asked_or_answered, intents):
        if intent.action == "say" and not _speaks_by_tool(case, intent):
            text = str(intent.args["text"])
        else:
            calls.append(toolbox.encode(case.tools, intent, case.world))
    return Reply(thinking, text, tuple(calls))


def _asked_or_answered(intent: Intent) -> Intent:
    """Words that end in a question mark are a question, which some scaffolds have a tool of its own for."""
    if intent.action != "say" or "kind" in intent.args or not str(intent.args["text"]).rstrip().endswith("?"):
        return intent
    return Intent("say", {**intent.args, "kind": "ask"})


def _speaks_by_tool(case: Case, intent: Intent) -> bool:
    try:
        toolbox.encode(case.tools, intent, case.world)
    except UnrepresentableError:
        return False
    return True


def _observations(case: Case, scaffold: Scaffold, turn: Turn) -> list[Message]:
    worded = [
        (toolbox.encode(case.tools, intent, case.world), word(case, scaffold, intent, result))
        for intent, result in zip(turn.calls, turn.results, strict=True)
        if intent.action != "say"
    ]
    if not worded:
        return []
    if case.surface.result_role == "tool":
        return [{"role": "tool", "content": text} for _, text in worded]
    framed = "\n\n".join(scaffold.observe(call, text) for call, text in worded)
    return [{"role": "user", "content": _joined(framed, scaffold.aside(case))}]


def word(case: Case, scaffold: Scaffold, intent: Intent, result: Result) -> str:
    """A result in the scaffold's words, then with the edits an operator put on it."""
    return edited(scaffold.word(intent, result, case.world), result, scaffold.limit)


def prompt_text(case: Case) -> str:
    """The exact text M2 would be given. Raises TemplateError for a conversation its template refuses."""
    request = render(case)
    return m2_prompt(request.messages, request.tools, retention=request.retention)
