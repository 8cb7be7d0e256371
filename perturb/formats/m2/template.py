"""The exact prompt text that MiniMax-M2's chat template gives for a conversation.

Facts of the template (MiniMax-AI/MiniMax-M2), kept even where they surprise: thinking is rendered only after the last
user message; only a *first* system message counts; results carry no ids; a result needs an assistant turn with calls
somewhere before it and no assistant turn without calls since; content that is ``None`` reads ``None``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from perturb.core.format import TemplateError
from perturb.core.values import JsonObject

START, END_MARK = "]~!b[", "[e~["
END = END_MARK + "\n"
ROLES = {"system": "]~b]system\n", "user": "]~b]user\n", "ai": "]~b]ai\n", "tool": "]~b]tool"}
GENERATION = "]~b]ai\n<think>\n"
THINK_OPEN, THINK_CLOSE = "<think>", "</think>"
CALL_OPEN, CALL_CLOSE = "<minimax:tool_call>", "</minimax:tool_call>"
IDENTITY = "You are a helpful assistant."
TOOLS_INTRO = (
    "\n\n# Tools\nYou may call one or more tools to assist with the user query.\n"
    "Here are the tools available in JSONSchema format:\n\n<tools>\n"
)
HOW_TO_CALL = (
    "</tools>\n\nWhen making tool calls, use XML format to invoke tools and pass parameters:\n\n"
    f"{CALL_OPEN}\n"
    '<invoke name="tool-name-1">\n'
    '<parameter name="param-key-1">param-value-1</parameter>\n'
    '<parameter name="param-key-2">param-value-2</parameter>\n'
    "...\n</invoke>\n"
    f"{CALL_CLOSE}"
)
_ABSENT: Any = object()
_encode = json.JSONEncoder(ensure_ascii=False).encode


def render(
    messages: Sequence[JsonObject],
    tools: Sequence[JsonObject] = (),
    *,
    retention: str = "template",
    add_generation_prompt: bool = True,
) -> str:
    """The prompt text. `retention` says which past thinking stays: ``template`` (M2's own rule), ``keep_all`` or
    ``drop_all``. Tool-call arguments may be objects or JSON text. Raises TemplateError where the template fails.

    >>> render([{"role": "user", "content": "hi"}]).split("[e~[")[1]
    '\\n]~b]user\\nhi'
    """
    system: JsonObject = {}
    if messages and messages[0].get("role") == "system":
        system, messages = messages[0], messages[1:]
    roles = [message.get("role") for message in messages]
    last_user = max((n for n, role in enumerate(roles) if role == "user"), default=-1)
    parts = [START, ROLES["system"], _system_text(system), _tool_block(tools), END]
    called = False
    for number, (role, message) in enumerate(zip(roles, messages, strict=True)):
        if role == "user":
            parts += (ROLES["user"], _text(message.get("content", _ABSENT)), END)
        elif role == "assistant":
            keep = retention == "keep_all" or (retention == "template" and number > last_user)
            called = bool(message.get("tool_calls"))
            parts += (ROLES["ai"], *_assistant(message, keep), END)
        elif role == "tool":
            if not called:
                raise TemplateError("tool message without a call: no assistant message with tool calls precedes it")
            if not number or roles[number - 1] != "tool":
                parts.append(ROLES["tool"])
            parts += _responses(message.get("content", _ABSENT))
            if number + 1 == len(roles) or roles[number + 1] != "tool":
                parts.append(END)
    return "".join(parts) + (GENERATION if add_generation_prompt else "")


def as_json(value: Any) -> str:
    """A value as the template's JSON: spaces after separators, text as it is. Raises TemplateError if it is none."""
    try:
        return _encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise TemplateError(f"not JSON: {error}") from error


def _system_text(system: JsonObject) -> str:
    content = system.get("content")
    text = _text(content) if content else IDENTITY
    for key, label in (("current_date", "Current date: "), ("current_location", "Current location: ")):
        if system.get(key):
            text += f"\n{label}{system[key]}"
    return text


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if content is _ABSENT:
        return ""
    if not isinstance(content, (list, tuple)):
        return str(content)
    texts = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Mapping) and part.get("type") == "text":
            texts.append(str(part.get("text", "")))
    return "".join(texts)


def _tool_block(tools: Sequence[JsonObject]) -> str:
    return f"{TOOLS_INTRO}{''.join(map(_tool_line, tools))}{HOW_TO_CALL}" if tools else ""


def _tool_line(tool: JsonObject) -> str:
    try:
        function = tool["function"]
    except (KeyError, TypeError) as error:
        raise TemplateError("a tool without a 'function'") from error
    try:
        # Bytes in the tool's own key order are its exact text: no two different texts share a cache entry.
        return _cached_line(orjson.dumps(function))
    except TypeError:  # what orjson refuses and the template does not: integers beyond 64 bits, lone surrogates
        return f"<tool>{as_json(function)}</tool>\n"


@lru_cache(maxsize=8192)
def _cached_line(function: bytes) -> str:
    return f"<tool>{as_json(json.loads(function))}</tool>\n"


def _assistant(message: JsonObject, keep_thinking: bool) -> Iterator[str]:
    content = _text(message.get("content", _ABSENT))
    thinking = message.get("reasoning_content")
    if not isinstance(thinking, str):
        thinking = ""
        if THINK_CLOSE in content:
            before, _, _ = content.partition(THINK_CLOSE)
            thinking = before.strip("\n").rpartition(THINK_OPEN)[2].strip("\n")
            content = content.rpartition(THINK_CLOSE)[2].strip("\n")
    if thinking and keep_thinking:
        yield f"{THINK_OPEN}\n{thinking}\n{THINK_CLOSE}\n\n"
    yield content
    calls = message.get("tool_calls")
    if calls:
        yield f"{CALL_OPEN}\n"
        for call in calls:
            yield invocation(call.get("function") or call)
        yield CALL_CLOSE


def invocation(function: JsonObject) -> str:
    """One ``<invoke>`` block: strings raw, everything else JSON. Arguments may be an object or JSON text."""
    if not isinstance(function.get("name"), str):
        raise TemplateError("a tool call without a name")
    lines = "".join(
        f'<parameter name="{name}">{value if isinstance(value, str) else as_json(value)}</parameter>\n'
        for name, value in _arguments(function.get("arguments", "")).items()
    )
    return f'<invoke name="{function["name"]}">\n{lines}</invoke>\n'


def _arguments(arguments: Any) -> JsonObject:
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments) if arguments.strip() else {}
        except (ValueError, RecursionError) as error:
            raise TemplateError(f"tool-call arguments are not JSON: {error}") from error
    if not isinstance(arguments, Mapping):
        raise TemplateError("tool-call arguments are not an object")
    return arguments


def _responses(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield f"\n<response>{content}</response>"
        return
    if content is not _ABSENT and not isinstance(content, (list, tuple, Mapping)):
        raise TemplateError("a tool message's content is neither text nor a list")
    for part in () if content is _ABSENT else content:
        shown = part
        if isinstance(part, Mapping):
            text = part["text"] if part.get("type") == "text" and "text" in part else part
            shown = part.get("output", text)
        yield f"\n<response>{shown}\n</response>"
