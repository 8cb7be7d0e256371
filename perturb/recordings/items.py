"""Items of OpenAI's Responses: what is asked, answered, called and returned, in one list. Codex writes the same items.

An answer is all of reasoning, text and calls between two items of another side. What a provider ran itself (a web
search) is kept beside the answer that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.chat import call_arguments, tool_call
from perturb.recordings.fields import UnreadableError, a_list, a_name, a_text, an_object, content_text
from perturb.recordings.leftover import kept
from perturb.recordings.values import Message, ToolCall

_ROLES = {"developer": "system", "system": "system", "user": "user", "assistant": "assistant"}
_CALLS = ("function_call", "custom_tool_call", "tool_call", "local_shell_call")
_OUTPUTS = ("function_call_output", "custom_tool_call_output", "tool_result", "local_shell_call_output")


def messages_of(items: Any, field: str = "input") -> list[Message]:
    """Items as messages. Raises UnreadableError naming the field."""
    read: list[Message] = []

    def own(item: Any, number: int) -> str:
        return side_of(an_object(item, f"{field}.{number}"), f"{field}.{number}")

    for side, group in sides(a_list(items, field), own):
        read += kept([message_of(side, group, field)], group, spelled)
    return read


def sides(items: Sequence[Any], side_of: Callable[[Any, int], str]) -> Iterator[tuple[str, list[Any]]]:
    """Items that make one message, with whose it is: the neighbouring ones of one answer ("assistant…"), else one each.

    Those that say nothing ("") go with the one before, the first of them with the one after.
    """
    side, group = "", []
    for number, item in enumerate(items):
        own = side_of(item, number)
        if side and (own == "" or (own == side and own.startswith("assistant"))):
            group.append(item)
        elif not side:
            side, group = own, [*group, item]
        else:
            yield side, group
            side, group = own, [item]
    if side:
        yield side, group


def side_of(item: dict[str, Any], field: str) -> str:
    """Whose an item is; "" for one that says nothing to or from the model."""
    kind = item.get("type")
    if kind == "message" or (kind is None and "role" in item):
        role = item.get("role")
        side = _ROLES.get(role) if isinstance(role, str) else None
        if side is None:
            raise UnreadableError(f"{field}.role: none of {', '.join(_ROLES)}")
        return side
    if kind == "reasoning" or kind in _CALLS:
        return "assistant"
    return "tool" if kind in _OUTPUTS else ""


def message_of(side: str, group: Sequence[dict[str, Any]], field: str) -> Message:
    """One message of the items of one side. Raises UnreadableError."""
    texts, thoughts, calls, answers = [], [], [], ""
    for item in group:
        kind = item.get("type")
        if kind == "reasoning":
            parts = [*(item.get("summary") or ()), *(item.get("content") or ())]
            thoughts += [content_text([part], f"{field}.reasoning") for part in parts]
        elif kind in _CALLS:
            calls.append(_call(item, field))
        elif kind in _OUTPUTS:
            answers = a_text(item.get("call_id"), f"{field}.call_id")
            texts.append(_output(item, field))
        elif kind in (None, "message"):
            texts.append(content_text(item.get("content"), f"{field}.content"))
    return Message(side, "\n".join(texts), "\n".join(thoughts), tuple(calls), answers)  # type: ignore[arg-type]


def _call(item: dict[str, Any], field: str) -> ToolCall:
    inner = item.get("function") if isinstance(item.get("function"), dict) else item
    if item.get("type") == "local_shell_call":
        return tool_call(item.get("call_id"), "local_shell", an_object(item.get("action"), f"{field}.action"), field)
    name = a_name(an_object(inner, field).get("name"), f"{field}.name")
    return tool_call(item.get("call_id"), name, item.get("arguments", item.get("input")), field)


def _output(item: dict[str, Any], field: str) -> str:
    output = item.get("output", item.get("result"))
    if isinstance(output, dict):
        inner = output.get("content", output.get("stdout"))
        output = inner if isinstance(inner, str) else ""
    return content_text(output, f"{field}.output")


def spelled(messages: Sequence[Message]) -> list[JsonObject]:
    """Messages as items."""
    made: list[JsonObject] = []
    for message in messages:
        if message.role == "tool":
            made.append({"type": "function_call_output", "call_id": message.answers, "output": message.text})
            continue
        if message.thinking:
            summary = [{"type": "summary_text", "text": message.thinking}]
            made.append({"type": "reasoning", "summary": summary})
        if message.text or (message.role != "assistant"):
            kind = "output_text" if message.role == "assistant" else "input_text"
            content = [{"type": kind, "text": message.text}]
            made.append({"type": "message", "role": message.role, "content": content})
        made += [
            {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call_arguments(call)}
            for call in message.calls
        ]
    return made
