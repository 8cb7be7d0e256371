"""One XML-like element per call: the tag is the tool, its children are the parameters, values are raw text."""

from __future__ import annotations

import json

from perturb.errors import UnrepresentableError
from perturb.m2.parse import typed
from perturb.protocols.documents import parameter_lines, property_types
from perturb.registry import protocol
from perturb.scaffold import Protocol
from perturb.values import Call, Json, JsonObject, Reply

_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def _document(tools: tuple[JsonObject, ...]) -> str:
    shown = [
        f"## {tool['function']['name']}\n{tool['function']['description']}\n{parameter_lines(tool['function'])}"
        for tool in tools
    ]
    return (
        "# Tools\nUse one tool per message. Write the tool's name as a tag and each parameter as a tag inside it, with "
        "the plain value between its tags:\n\n<tool_name>\n<parameter_name>value</parameter_name>\n</tool_name>\n\n"
        "Objects and lists are written as JSON. Wait for the result before the next step.\n\n" + "\n\n".join(shown)
    )


def _emit(reply: Reply) -> str:
    blocks = [reply.text] if reply.text else []
    for call in reply.calls:
        lines = [_parameter(call, name, value) for name, value in call.args.items()]
        blocks.append("\n".join([f"<{call.tool}>", *lines, f"</{call.tool}>"]))
    return "\n\n".join(blocks)


def _parameter(call: Call, name: str, value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if f"</{name}>" in text or f"</{call.tool}>" in text:
        raise UnrepresentableError(f"{name} holds its own closing tag")
    return f"<{name}>{text}</{name}>"


def _parse(text: str, tools: tuple[JsonObject, ...]) -> Reply:
    known = [tool["function"]["name"] for tool in tools]
    calls: list[Call] = []
    first = len(text)
    at = 0
    while (found := _next_call(text, at, known)) is not None:
        start, name = found
        body_start = start + len(name) + 2
        end = text.find(f"</{name}>", body_start)
        if end < 0:
            raise ValueError(f"<{name}> is never closed")
        calls.append(Call(name, _arguments(text[body_start:end], property_types(tools, name))))
        first, at = min(first, start), end + len(name) + 3
    return Reply("", text[:first].strip(), tuple(calls))


def _next_call(text: str, at: int, known: list[str]) -> tuple[int, str] | None:
    """The next tag that is a known tool, or any tag at the start of a line with a tag right inside it."""
    while (at := text.find("<", at)) >= 0:
        name = _tag(text, at)
        if name and (name in known or (_starts_line(text, at) and _tag_follows(text, at + len(name) + 2))):
            return at, name
        at += 1
    return None


def _tag(text: str, at: int) -> str:
    end = at + 1
    while end < len(text) and end - at < 80 and text[end] in _NAME:
        end += 1
    return text[at + 1 : end] if text[end : end + 1] == ">" else ""


def _starts_line(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] == "\n"


def _tag_follows(text: str, at: int) -> bool:
    return text.startswith("\n<", at) and bool(_tag(text, at + 1))


def _arguments(body: str, properties: JsonObject) -> dict[str, Json]:
    arguments: dict[str, Json] = {}
    at = 0
    while (at := body.find("<", at)) >= 0:
        name = _tag(body, at)
        start = at + len(name) + 2
        end = body.find(f"</{name}>", start) if name else -1
        if end < 0:
            raise ValueError("a parameter is not closed")
        arguments[name] = typed(body[start:end], properties.get(name, {}))
        at = end + len(name) + 3
    return arguments


XML_TAGS = protocol(Protocol("xml_tags", False, _document, _emit, _parse, calls_per_reply=1))

