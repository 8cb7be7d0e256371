"""M2's raw reply as thinking, words and calls; and the raw text a reply would have been.

The format escapes nothing: a value is typed by the tool's schema alone, and a text that holds a delimiter cannot be
said. The parser is a scanner (``str.find``): linear on any text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from perturb.errors import UnrepresentableError
from perturb.m2.template import CALL_CLOSE, CALL_OPEN
from perturb.values import Call, JsonObject, Reply, Unparsed

_THINK_CLOSE, _INVOKE, _INVOKE_CLOSE = "</think>", "<invoke name=", "</invoke>"
_PARAMETER, _PARAMETER_CLOSE = "<parameter name=", "</parameter>"


def split_thinking(raw: str) -> tuple[str, str, bool]:
    """(thinking, content, whether the thinking ends). `raw` starts inside the thinking.

    >>> split_thinking("plan\\n</think>\\n\\nHello")
    ('plan', 'Hello', True)
    """
    raw = raw.removeprefix("<think>")
    thinking, mark, content = raw.partition(_THINK_CLOSE)
    return thinking.strip("\n"), content.lstrip("\n"), bool(mark)


def parse(raw: str, tools: Sequence[JsonObject], finish: str) -> Reply | Unparsed:
    """What a raw reply says. Total; a value that is no JSON where the schema wants some stays text."""
    thinking, content, closed = split_thinking(raw)
    cut = finish == "length"
    if not closed:
        return Unparsed("cut" if cut else "reasoning_only", "the thinking never ends", thinking)
    at = content.find(CALL_OPEN)
    if at < 0:
        if cut:
            return Unparsed("cut", "the answer hit the token limit", thinking, content)
        if not content.strip():
            return Unparsed("reasoning_only", "nothing after the thinking", thinking)
        return Reply(thinking, content)
    types = {t["function"]["name"]: t["function"].get("parameters", {}).get("properties", {}) for t in tools}
    try:
        calls, after = _blocks(content, at, types)
    except ValueError as error:
        return Unparsed("cut" if cut else "malformed", str(error), thinking, content)
    return Reply(thinking, content[:at].rstrip("\n") + after, tuple(calls))


def _blocks(content: str, at: int, types: Mapping[str, JsonObject]) -> tuple[list[Call], str]:
    """Every call of every block, and the words between and after them."""
    calls: list[Call] = []
    words: list[str] = []
    while at >= 0:
        start = at + len(CALL_OPEN)
        calls_here, end = _invocations(content, start, types)
        if not calls_here:
            raise ValueError("a call block without a call")
        calls += calls_here
        at = content.find(CALL_OPEN, end)
        words.append(content[end : at if at >= 0 else len(content)].strip("\n"))
    return calls, "".join(words)


def _invocations(text: str, at: int, types: Mapping[str, JsonObject]) -> tuple[list[Call], int]:
    calls = []
    while True:
        at = _skip_space(text, at)
        if text.startswith(CALL_CLOSE, at):
            return calls, at + len(CALL_CLOSE)
        if not text.startswith(_INVOKE, at):
            raise ValueError("expected an invocation or the end of the call block")
        name, at = _name(text, at + len(_INVOKE))
        arguments, at = _parameters(text, at, types.get(name, {}))
        calls.append(Call(name, arguments))


def _parameters(text: str, at: int, properties: JsonObject) -> tuple[dict[str, Any], int]:
    arguments: dict[str, Any] = {}
    while True:
        at = _skip_space(text, at)
        if text.startswith(_INVOKE_CLOSE, at):
            return arguments, at + len(_INVOKE_CLOSE)
        if not text.startswith(_PARAMETER, at):
            raise ValueError("expected a parameter or the end of the invocation")
        name, start = _name(text, at + len(_PARAMETER))
        end = text.find(_PARAMETER_CLOSE, start)
        if end < 0:
            raise ValueError(f"parameter {name[:40]!r} never ends")
        if name in arguments:
            raise ValueError(f"parameter {name[:40]!r} is given twice")
        arguments[name] = typed(text[start:end], properties.get(name, {}))
        at = end + len(_PARAMETER_CLOSE)


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _name(text: str, at: int) -> tuple[str, int]:
    end = text.find(">", at)
    if end < 0:
        raise ValueError("a tag never ends")
    return text[at:end].strip().strip("\"'"), end + 1


def typed(text: str, schema: JsonObject) -> Any:
    """A parameter's text as the value its schema types it as; text that is none of its types stays text."""
    types = schema_types(schema)
    if not types or types == {"string"}:
        return text
    if "string" in types and not (text == "null" and "null" in types):
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        lowered = text.strip().lower()
        return {"true": True, "false": False, "none": None}.get(lowered, text)


def schema_types(schema: JsonObject) -> set[str]:
    """The JSON types that a schema allows; empty when it names none."""
    found = schema.get("type")
    if isinstance(found, str):
        return {found}
    if isinstance(found, list):
        return {str(name) for name in found}
    types: set[str] = set()
    for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if isinstance(option, dict):
            types |= schema_types(option)
    if not types and "enum" in schema:
        types = {"string"} if all(isinstance(value, str) for value in schema["enum"]) else {"json"}
    return types


def emit(reply: Reply) -> str:
    """The raw text of `reply`, as M2 writes it. Raises UnrepresentableError for what the format cannot say."""
    for text in (reply.thinking, reply.text):
        if _THINK_CLOSE in text or (text is reply.text and reply.calls and CALL_OPEN in text):
            raise UnrepresentableError("the text holds a delimiter of the format")
    blocks = "".join(_emit_call(call) for call in reply.calls)
    calls = f"{CALL_OPEN}\n{blocks}{CALL_CLOSE}" if reply.calls else ""
    between = "\n" if reply.text and calls else ""
    return f"{reply.thinking}\n{_THINK_CLOSE}\n\n{reply.text}{between}{calls}"


def _emit_call(call: Call) -> str:
    lines = []
    for name, value in call.args.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if _PARAMETER_CLOSE in text or any(mark in name for mark in '<>"'):
            raise UnrepresentableError(f"parameter {name!r} holds a delimiter of the format")
        lines.append(f'<parameter name="{name}">{text}</parameter>\n')
    return f'<invoke name="{call.tool}">\n{"".join(lines)}</invoke>\n'
