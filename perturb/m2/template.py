"""The exact prompt text that MiniMax-M2's chat template gives for a conversation.

Facts of the template (MiniMax-AI/MiniMax-M2): thinking is rendered only after the last user message, only a first
system message counts, results carry no ids, a tool message needs a call before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from perturb.values import JsonObject

START, END = "]~!b[", "[e~[\n"
ROLES = {"system": "]~b]system\n", "user": "]~b]user\n", "ai": "]~b]ai\n", "tool": "]~b]tool"}
GENERATION = "]~b]ai\n<think>\n"
CALL_OPEN, CALL_CLOSE = "<minimax:tool_call>", "</minimax:tool_call>"
IDENTITY = "You are a helpful assistant."
_HOW_TO_CALL = (
    "When making tool calls, use XML format to invoke tools and pass parameters:\n\n"
    f"{CALL_OPEN}\n"
    '<invoke name="tool-name-1">\n'
    '<parameter name="param-key-1">param-value-1</parameter>\n'
    '<parameter name="param-key-2">param-value-2</parameter>\n'
    "...\n</invoke>\n"
    f"{CALL_CLOSE}"
)


class TemplateError(ValueError):
    """The conversation is one that the template refuses."""


def render(
    messages: Sequence[JsonObject],
    tools: Sequence[JsonObject] = (),
    *,
    retention: str = "template",
    add_generation_prompt: bool = True,
) -> str:
    """The prompt text. `retention` says which past thinking stays: ``template`` (M2's own rule), ``keep_all`` or
    ``drop_all``. Raises TemplateError where the template does.
    """
    rest = list(messages)
    system = ""
    if rest and rest[0].get("role") == "system":
        system = _text(rest.pop(0).get("content"))
    parts = [START, ROLES["system"], system or IDENTITY, _tool_block(tools), END]
    last_user = max((n for n, m in enumerate(rest) if m.get("role") == "user"), default=-1)
    for number, message in enumerate(rest):
        role = message.get("role")
        if role == "user":
            parts += (ROLES["user"], _text(message.get("content")), END)
        elif role == "assistant":
            keep = retention == "keep_all" or (retention == "template" and number > last_user)
            parts += (ROLES["ai"], *_assistant(message, keep), END)
        elif role == "tool":
            parts += _tool_message(rest, number)
    if add_generation_prompt:
        parts.append(GENERATION)
    return "".join(parts)


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if part.get("type") == "text")
    return ""


def _tool_block(tools: Sequence[JsonObject]) -> str:
    if not tools:
        return ""
    lines = "\n".join(f"<tool>{_tool_line(canonical_order(tool))}</tool>" for tool in tools)
    return (
        "\n\n# Tools\nYou may call one or more tools to assist with the user query.\n"
        f"Here are the tools available in JSONSchema format:\n\n<tools>\n{lines}\n</tools>\n\n{_HOW_TO_CALL}"
    )


def canonical_order(tool: JsonObject) -> bytes:
    """A tool's function object as bytes that keep its own key order: what the cache of rendered lines is keyed on."""
    import orjson

    return orjson.dumps(tool.get("function", tool))


@lru_cache(maxsize=8192)
def _tool_line(tool: bytes) -> str:
    return json.dumps(json.loads(tool), ensure_ascii=False)


def _assistant(message: JsonObject, keep_thinking: bool) -> Iterator[str]:
    content = _text(message.get("content"))
    thinking = message.get("reasoning_content")
    if not isinstance(thinking, str):
        thinking = ""
        if "</think>" in content:
            thinking = content.split("</think>")[0].strip("\n").split("<think>")[-1].strip("\n")
            content = content.split("</think>")[-1].strip("\n")
    if thinking and keep_thinking:
        yield f"<think>\n{thinking}\n</think>\n\n"
    yield content
    calls = message.get("tool_calls")
    if calls:
        yield f"{CALL_OPEN}\n"
        for call in calls:
            yield invocation(call.get("function", call))
        yield CALL_CLOSE


def invocation(function: JsonObject) -> str:
    """One ``<invoke>`` block: strings raw, everything else JSON. Arguments may be an object or JSON text."""
    arguments = function.get("arguments") or {}
    if isinstance(arguments, str):
        arguments = json.loads(arguments)
    lines = "".join(
        f'<parameter name="{name}">{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}'
        "</parameter>\n"
        for name, value in arguments.items()
    )
    return f'<invoke name="{function.get("name", "")}">\n{lines}</invoke>\n'


def _tool_message(messages: Sequence[JsonObject], number: int) -> Iterator[str]:
    before = messages[number - 1] if number else {}
    called = next((m for m in reversed(messages[:number]) if m.get("role") == "assistant"), {})
    if before.get("role") not in ("assistant", "tool") or not called.get("tool_calls"):
        raise TemplateError("Message has tool role, but there was no previous assistant message with a tool call!")
    if before.get("role") != "tool":
        yield ROLES["tool"]
    content = messages[number].get("content")
    if isinstance(content, str):
        yield f"\n<response>{content}</response>"
    else:
        for part in content or ():
            yield f"\n<response>{part.get('text', '')}\n</response>"
    after = messages[number + 1] if number + 1 < len(messages) else {}
    if after.get("role") != "tool":
        yield END


