"""Messages made of content blocks, as Anthropic's Messages have them; Claude Code and Cline write the same blocks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.chat import call_arguments, tool_call
from perturb.recordings.fields import UnreadableError, a_list, a_name, a_text, an_object, content_text, shown
from perturb.recordings.leftover import items_of, kept
from perturb.recordings.values import Message, ToolCall


def messages_of(items: Any, field: str = "messages") -> tuple[Message, ...]:
    """Messages of blocks as messages: each tool result becomes one of its own. Raises UnreadableError."""
    read: list[Message] = []
    for number, item in enumerate(a_list(items, field)):
        where = f"{field}.{number}"
        item = an_object(item, where)
        read += kept(block_messages(item.get("role"), item.get("content"), where), [item], spelled)
    return tuple(read)


def block_items(messages: Sequence[Message]) -> list[JsonObject]:
    """The messages of blocks that they were read from."""
    return list(items_of(messages, spelled))


def block_messages(role: Any, content: Any, field: str) -> list[Message]:
    """What one message of blocks says: at least one message. Raises UnreadableError."""
    if role not in ("system", "user", "assistant"):
        raise UnreadableError(f"{field}.role: none of system, user, assistant")
    content = [content] if isinstance(content, dict) else content
    if not isinstance(content, list):
        return [Message(role, a_text(content, f"{field}.content"))]
    blocks = [an_object(block, f"{field}.content.{n}") for n, block in enumerate(content)]
    if role == "assistant":
        return [assistant_message(blocks, field)]
    made = []
    for is_result, several in groupby(blocks, key=lambda block: block.get("type") == "tool_result"):
        if is_result:
            made += [_result(block, field) for block in several]
        else:
            made.append(Message(role, content_text(list(several), f"{field}.content")))
    return made or [Message(role)]


def assistant_message(blocks: Sequence[dict[str, Any]], field: str) -> Message:
    """An answer's blocks as one message. Raises UnreadableError."""
    texts, thoughts, calls = [], [], []
    for number, block in enumerate(blocks):
        where, kind = f"{field}.content.{number}", block.get("type")
        if kind == "thinking":
            thoughts.append(a_text(block.get("thinking"), f"{where}.thinking"))
        elif kind == "tool_use":
            calls.append(_call(block, where))
        elif kind != "redacted_thinking":
            texts.append(shown(block, where))
    return Message("assistant", "\n".join(texts), "\n".join(thoughts), tuple(calls))


def _call(block: dict[str, Any], field: str) -> ToolCall:
    return tool_call(block.get("id"), a_name(block.get("name"), f"{field}.name"), block.get("input"), field)


def _result(block: dict[str, Any], field: str) -> Message:
    answers = a_text(block.get("tool_use_id"), f"{field}.tool_use_id")
    text = content_text(block.get("content"), f"{field}.tool_result.content")
    return Message("tool", text, answers=answers, failed=block.get("is_error") is True)


def spelled(messages: Sequence[Message]) -> list[JsonObject]:
    """Messages as messages of blocks: results, and what the user says after them, in one of the user."""
    made: list[JsonObject] = []
    for place, several in groupby(messages, key=lambda m: "user" if m.role == "tool" else m.role):
        group = list(several)
        joined = [group] if place == "user" else [[one] for one in group]
        made += [{"role": place, "content": [block for one in some for block in blocks_of(one)]} for some in joined]
    return made


def blocks_of(message: Message) -> list[JsonObject]:
    """A message's content as blocks: thinking, text, calls; or a result."""
    if message.role == "tool":
        failed = {"is_error": True} if message.failed else {}
        return [{"type": "tool_result", "tool_use_id": message.answers, "content": message.text, **failed}]
    thinking = [{"type": "thinking", "thinking": message.thinking}] if message.thinking else []
    text = [{"type": "text", "text": message.text}] if message.text else []
    calls = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call_arguments(call)} for call in message.calls
    ]
    return [*thinking, *text, *calls]
