"""A request as prompt text by a model's own chat template, which is first asked what it does with a conversation.

Templates differ in what they take: arguments as objects or as JSON text, one call a turn or several, tools or none at
all. :func:`adapted` finds that out with a conversation of its own, so that no list of models is needed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perturb.core.format import Format, Template, TemplateError
from perturb.core.values import Call, JsonObject, Reply, Request
from perturb.formats.parts import to_json

_NAME, _KEY, _VALUE, _RESULT = "zq_name", "zq_key", "zq_value", "zq_result"
_TOOL: JsonObject = {
    "type": "function",
    "function": {
        "name": _NAME,
        "description": "",
        "parameters": {"type": "object", "properties": {_KEY: {"type": "string", "description": ""}}},
    },
}
# No prompt holds it, and no template changes it.
_PLACE = "zq⟪thought {}⟫"


@dataclass(frozen=True, slots=True)
class Manners:
    """What a template does: whether tools and results reach its text, how calls are taken, several in a turn or not.

    `calls` is ``object`` or ``text`` by how arguments are wanted; empty when past calls do not reach the text at all.
    """

    tools: bool
    calls: str
    parallel: bool
    results: bool


def manners(template: Template) -> Manners:
    """Found out by rendering a small conversation. Never raises."""

    def shown(marks: Sequence[str], *messages: JsonObject, tools: Sequence[JsonObject] = (_TOOL,)) -> bool:
        try:
            text = template([{"role": "user", "content": "Go."}, *messages], tools)
        except TemplateError:
            return False
        # Quotes of Python's, not of JSON: an object was printed as it is.
        return all(mark in text for mark in marks) and f"'{_KEY}'" not in text

    def turn(style: str, *values: str) -> list[JsonObject]:
        calls = [_call(n, _NAME, {_KEY: value}, style) for n, value in enumerate(values)]
        results = [_result(n, _NAME, f"{_RESULT}{n}") for n in range(len(values))]
        return [{"role": "assistant", "content": "", "tool_calls": calls}, *results]

    style = next((s for s in ("object", "text") if shown([_NAME, _VALUE], *turn(s, _VALUE))), "")
    spoken = turn(style or "object", _VALUE)
    several = turn(style or "object", f"{_VALUE}a", f"{_VALUE}b")
    return Manners(
        tools=shown([_NAME]),
        calls=style,
        parallel=shown([f"{_VALUE}a", f"{_VALUE}b"], *several),
        results=shown([f"{_RESULT}0"], *spoken),
    )


def adapted(form: Format, template: Template) -> Template:
    """`template` for conversations in this project's form, whatever its manners are."""
    known = manners(template)

    def render(messages: Sequence[JsonObject], tools: Sequence[JsonObject]) -> str:
        shaped = list(_shaped(form, known, messages))
        if tools and not known.tools:
            shaped = _with_document(form, shaped, tools)
        try:
            return template(shaped, tools)
        except TemplateError:
            joined = _neighbours_joined(shaped)
            if len(joined) == len(shaped):
                raise
            return template(joined, tools)

    return render


def by_template(form: Format, request: Request, template: Template) -> str:
    """The prompt of `request`. Raises TemplateError, also when thinking cannot be kept where it should be."""
    messages, places = list(request.messages), []
    last_user = max((n for n, message in enumerate(messages) if message.get("role") == "user"), default=-1)
    for number, message in enumerate(messages):
        thinking = message.get("reasoning_content")
        if not thinking or request.retention == "template":
            continue
        bare = {key: value for key, value in message.items() if key != "reasoning_content"}
        if request.retention == "drop_all" or not form.think[0]:
            messages[number] = bare
        elif number < last_user:
            # The template would leave it out: its text is put in afterwards, where the turn's words begin.
            place = _PLACE.format(number)
            places.append((place, form.write(Reply(thinking))))
            messages[number] = {**bare, "content": f"{place}{bare.get('content') or ''}"}
    text = template(messages, request.tools)
    for place, written in places:
        before, mark, after = text.partition(place)
        if not mark:
            raise TemplateError("retention: the template leaves out what a past turn said")
        text = f"{_without_empty(form, before)}{written}{after}"
    return text


def _without_empty(form: Format, before: str) -> str:
    """`before` without an empty thought at its end."""
    bare = before.rstrip()
    if bare.endswith(form.think[1]):
        inner = bare.removesuffix(form.think[1]).rstrip()
        return inner.removesuffix(form.think[0])
    return before


def _call(number: int, name: str, arguments: Any, style: str) -> dict[str, Any]:
    given = to_json(arguments) if style == "text" and not isinstance(arguments, str) else arguments
    # Nine letters and digits: what the strictest template asks for.
    return {"id": f"call{number:05}", "type": "function", "function": {"name": name, "arguments": given}}


def _result(number: int, name: str, content: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": f"call{number:05}", "name": name, "content": content}


def _shaped(form: Format, known: Manners, messages: Sequence[JsonObject]) -> list[dict[str, Any]]:
    """The messages as the template takes them: calls with ids, results with the ids and names of their calls."""
    made: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []
    number = 0
    for message in messages:
        functions = [call.get("function") or call for call in message.get("tool_calls") or ()]
        if functions and not known.calls:
            calls = tuple(Call(f["name"], _object(f["arguments"])) for f in functions)
            text = form.write(Reply("", message.get("content") or "", calls))
            made.append({**{k: v for k, v in message.items() if k != "tool_calls"}, "content": text})
        elif functions:
            calls_ = [_call(number + n, f["name"], f["arguments"], known.calls) for n, f in enumerate(functions)]
            made.append({**message, "tool_calls": calls_})
            waiting = list(calls_)
            number += len(calls_)
        elif message.get("role") == "tool" and not known.results:
            made.append({"role": "user", "content": f"<tool_response>\n{message['content']}\n</tool_response>"})
        elif message.get("role") == "tool" and waiting:
            call = waiting.pop(0)
            named = {"tool_call_id": call["id"], "name": call["function"]["name"]}
            made.append({**message, **named})
        else:
            made.append(dict(message))
    return made if known.parallel or not known.calls else _one_by_one(made)


def _object(arguments: Any) -> Mapping[str, Any]:
    found = json.loads(arguments) if isinstance(arguments, str) else arguments
    return found if isinstance(found, Mapping) else {}


def _one_by_one(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A turn of several calls as several turns, each followed by its result."""
    made: list[dict[str, Any]] = []
    results = {message["tool_call_id"]: message for message in messages if "tool_call_id" in message}
    for message in messages:
        calls = message.get("tool_calls") or ()
        if len(calls) < 2:
            if message.get("tool_call_id") not in {m.get("tool_call_id") for m in made if "tool_call_id" in m}:
                made.append(message)
            continue
        for place, call in enumerate(calls):
            said = message if not place else {"role": "assistant", "content": ""}
            made.append({**said, "tool_calls": [call]})
            if call["id"] in results:
                made.append(results[call["id"]])
    return made


def _with_document(form: Format, messages: list[dict[str, Any]], tools: Sequence[JsonObject]) -> list[dict[str, Any]]:
    """The tools in the system message, for a template that knows none."""
    example = form.write(Reply("", "", (Call("tool-name", {"parameter": "value"}),)))
    listed = "\n".join(to_json(tool) for tool in tools)
    text = f"You may call these tools:\n<tools>\n{listed}\n</tools>\n\nA call is written like this:\n{example}"
    if messages and messages[0].get("role") == "system":
        first = {**messages[0], "content": f"{messages[0].get('content') or ''}\n\n{text}"}
        return [first, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]


def _neighbours_joined(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages of one role in a row as one, where both are nothing but text."""
    made: list[dict[str, Any]] = []
    for message in messages:
        before = made[-1] if made else {}
        plain = all(isinstance(m.get("content"), str) and not m.get("tool_calls") for m in (before, message))
        if plain and message["role"] == before.get("role") != "tool":
            made[-1] = {**before, "content": f"{before['content']}\n\n{message['content']}"}
        else:
            made.append(message)
    return made
