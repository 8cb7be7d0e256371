"""One XML-like element per call: the tag is the tool, its children are the parameters, values are raw text."""

from __future__ import annotations

import json

from perturb.core.registry import protocol
from perturb.core.scaffold import Protocol
from perturb.core.values import Call, Json, JsonObject, Reply
from perturb.formats.m2.schema_types import typed
from perturb.scaffolding.protocols.documents import parameter_lines, property_types
from perturb.scaffolding.protocols.guards import refuse_native, verified

_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_NAME_LIMIT = 80


def _document(tools: tuple[JsonObject, ...]) -> str:
    shown = [
        f"## {tool['function']['name']}\n{tool['function']['description']}\n{parameter_lines(tool['function'])}"
        for tool in tools
    ]
    return (
        "# Tools\nUse one tool per message. Write the tool's name as a tag and each parameter as a tag inside it, with "
        "the plain value between its tags:\n\n<tool_name>\n<parameter_name>value</parameter_name>\n</tool_name>\n\n"
        "Nothing is escaped. A value of several lines begins and ends on lines of its own; objects and lists are "
        "written as JSON. Wait for the result before the next step.\n\n" + "\n\n".join(shown)
    )


def _emit(reply: Reply) -> str:
    blocks = [reply.text] if reply.text else []
    for call in reply.calls:
        lines = [f"<{name}>{_written(value)}</{name}>" for name, value in call.args.items()]
        blocks.append("\n".join([f"<{call.tool}>", *lines, f"</{call.tool}>"]))
    return verified("\n\n".join(blocks), reply, _parse)


def _written(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"\n{text}\n" if "\n" in text else text


def _read(text: str) -> str:
    framed = len(text) > 1 and text[0] == "\n" == text[-1]
    return text[1:-1] if framed else text


def _parse(text: str, tools: tuple[JsonObject, ...]) -> Reply:
    refuse_native(text)
    known = {tool["function"]["name"] for tool in tools}
    calls: list[Call] = []
    words: list[str] = []
    after = 0
    for start, name, end in _blocks(text, known):
        words.append(text[after:start])
        body = text[start + len(name) + 2 : end]
        calls.append(Call(name, _arguments(body, property_types(tools, name))))
        after = end + len(name) + 3
    words.append(text[after:])
    if not calls:
        return _unknown_call(text) or Reply("", text.strip())
    return Reply("", "\n\n".join(filter(None, map(str.strip, words))), tuple(calls))


def _blocks(text: str, known: set[str]) -> list[tuple[int, str, int]]:
    """(start, tool, where its closing tag is) of every call. A tag inside a sentence that never closes is prose."""
    found: list[tuple[int, str, int]] = []
    unclosed: set[str] = set()
    at = text.find("<")
    while at >= 0:
        name = _tag(text, at)
        if name in known:
            end = -1 if name in unclosed else text.find(f"</{name}>", at)
            if end >= 0:
                found.append((at, name, end))
                at = end
            elif _starts_line(text, at):
                raise ValueError(f"<{name}> is never closed")
            else:
                # Looked for once: no later tag of this name closes either, and the scan stays linear.
                unclosed.add(name)
        at = text.find("<", at + 1)
    return found


def _tag(text: str, at: int) -> str:
    """The name in an opening tag at `at`; empty when there is none."""
    end = text.find(">", at, at + _NAME_LIMIT)
    name = text[at + 1 : end] if end > 0 else ""
    return name if name and set(name) <= _NAME else ""


def _starts_line(text: str, at: int) -> bool:
    before = text[max(0, at - _NAME_LIMIT) : at]
    return not before.rpartition("\n")[2].strip()


def _unknown_call(text: str) -> Reply | None:
    """A reply that ends in a well-formed element of a tool that does not exist."""
    body = text.rstrip()
    name = body[body.rfind("</", -_NAME_LIMIT) + 2 : -1] if body.endswith(">") else ""
    start = body.find(f"<{name}>") if name and set(name) <= _NAME else -1
    if start < 0 or not _starts_line(body, start):
        return None
    inside = body[start + len(name) + 2 : -len(name) - 3].strip()
    if not (inside.startswith("<") and inside.endswith(">")):
        return None
    try:
        arguments = _arguments(inside, {})
    except ValueError:
        return None
    return Reply("", body[:start].strip(), (Call(name, arguments),))


def _arguments(body: str, properties: JsonObject) -> dict[str, Json]:
    """The parameters in the body of a call. Text between them is passed over, as products do."""
    arguments: dict[str, Json] = {}
    at = body.find("<")
    while at >= 0:
        name = _tag(body, at)
        start = at + len(name) + 2
        end = body.find(f"</{name}>", start) if name else -1
        if end < 0:
            raise ValueError(f"a parameter is not closed: {body[at : at + 40]!r}")
        if name in arguments:
            raise ValueError(f"parameter {name!r} is given twice")
        arguments[name] = typed(_read(body[start:end]), properties.get(name, {}))
        at = body.find("<", end + len(name) + 3)
    return arguments


XML_TAGS = protocol(Protocol("xml_tags", False, _document, _emit, _parse, calls_per_reply=1))
