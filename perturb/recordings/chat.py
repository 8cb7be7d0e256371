"""Messages as OpenAI's chat completions have them: the shape that half of all formats share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from perturb.core.values import JsonObject
from perturb.recordings.fields import UnreadableError, a_list, a_text, an_object, arguments, content_text
from perturb.recordings.leftover import items_of, kept
from perturb.recordings.values import Message, ToolCall

Role = Literal["system", "user", "assistant", "tool"]
ROLES: dict[str, Role] = {
    "system": "system", "developer": "system", "user": "user", "human": "user",
    "assistant": "assistant", "ai": "assistant", "tool": "tool", "function": "tool",
}  # fmt: skip
_THINKING = ("reasoning_content", "reasoning", "thinking")


def messages_of(items: Any, field: str = "messages") -> tuple[Message, ...]:
    """Chat messages as messages. Raises UnreadableError naming the field."""
    read: list[Message] = []
    for number, item in enumerate(a_list(items, field)):
        where = f"{field}.{number}"
        read += kept([chat_message(an_object(item, where), where)], [item], spelled)
    return tuple(read)


def chat_items(messages: Sequence[Message]) -> list[JsonObject]:
    """The chat messages that they were read from."""
    return list(items_of(messages, spelled))


def chat_message(item: dict[str, Any], field: str) -> Message:
    """One chat message. Raises UnreadableError."""
    said = item.get("role")
    role = ROLES.get(said) if isinstance(said, str) else None
    if role is None:
        raise UnreadableError(f"{field}.role: none of system, user, assistant, tool")
    thinking = next((item[key] for key in _THINKING if isinstance(item.get(key), str)), "")
    calls = a_list(item.get("tool_calls") or [], f"{field}.tool_calls")
    found = [chat_call(call, f"{field}.tool_calls.{n}") for n, call in enumerate(calls)]
    if not found and isinstance(item.get("function_call"), dict):
        found = [chat_call({"function": item["function_call"]}, f"{field}.function_call")]
    if found and role != "assistant":
        raise UnreadableError(f"{field}.tool_calls: only an assistant calls tools")
    answers = a_text(item.get("tool_call_id"), f"{field}.tool_call_id") if role == "tool" else ""
    return Message(role, content_text(item.get("content"), f"{field}.content"), thinking, tuple(found), answers)


def chat_call(call: Any, field: str) -> ToolCall:
    """One tool call, its arguments as text or as an object. Raises UnreadableError."""
    call = an_object(call, field)
    inner = call.get("function", call.get("custom"))
    inner = an_object(call if inner is None else inner, f"{field}.function")
    name = inner.get("name")
    if not isinstance(name, str):
        raise UnreadableError(f"{field}.function.name: not a text")
    return tool_call(call.get("id"), name, inner.get("arguments", inner.get("input")), field)


def tool_call(number: Any, name: str, given: Any, field: str) -> ToolCall:
    """A call of which the arguments are an object, a text, or absent. Raises UnreadableError."""
    made = a_text(number, f"{field}.id")
    if isinstance(given, dict):
        return ToolCall(made, name, given, "")
    raw = a_text(given, f"{field}.arguments")
    return ToolCall(made, name, arguments(raw), raw)


def call_arguments(call: ToolCall) -> Any:
    """The arguments as the source wrote them: their text, or the object."""
    return call.raw if call.raw or call.args is None else dict(call.args)


def spelled(messages: Sequence[Message]) -> list[JsonObject]:
    """Each message as a chat message."""
    return [_spelled(message) for message in messages]


def _spelled(message: Message) -> JsonObject:
    made: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.thinking:
        made["reasoning_content"] = message.thinking
    if message.calls:
        made["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call_arguments(call)}}
            for call in message.calls
        ]
    if message.role == "tool":
        made["tool_call_id"] = message.answers
    return made
