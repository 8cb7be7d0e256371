"""OpenHands events of version 1 (its software-agent SDK): a line an event, told apart by `kind`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.chat import call_arguments, chat_message, tool_call
from perturb.recordings.fields import UnreadableError, a_name, a_text, an_object, content_text
from perturb.recordings.heads import Head, seen
from perturb.recordings.items import sides
from perturb.recordings.leftover import items_of, kept
from perturb.recordings.records import records
from perturb.recordings.registry import exporter, importer
from perturb.recordings.tool_lists import tool_specs
from perturb.recordings.values import LeftOut, Message, Recording, ToolCall

_SIDES = {
    "SystemPromptEvent": "system",
    "ObservationEvent": "tool",
    "AgentErrorEvent": "tool",
    "UserRejectObservation": "tool",
}


@seen
def _recognises(head: Head) -> bool:
    return {"kind", "source"} <= head.names() and any(one.endswith("Event") for one in head.texts("kind"))


@importer("openhands-events", recognises=_recognises)
def openhands_events(path: Path) -> Iterator[Recording | LeftOut]:
    """The conversation of a file; lines that are no events are left out by number."""
    events: list[dict[str, Any]] = []
    for where, event in records(path):
        if isinstance(event, LeftOut):
            yield event
        elif not isinstance(event, dict):
            yield LeftOut(where, "not an object")
        else:
            events.append(event)
    try:
        yield _conversation(path, events)
    except UnreadableError as error:
        yield LeftOut(str(path), str(error))


def _conversation(path: Path, events: Sequence[dict[str, Any]]) -> Recording:
    messages = [one for side, group in sides(events, _side) for one in kept([_message(side, group)], group, _spelled)]
    if not messages:
        raise UnreadableError("no event of it is a message, an action or an observation")
    prompt = next((event for event in events if event.get("kind") == "SystemPromptEvent"), {})
    tools = tool_specs(prompt.get("tools"))
    return Recording(path.stem, "openhands-events", tuple(messages), tools, str(path), "openhands")


def _side(event: dict[str, Any], number: int) -> str:
    kind = event.get("kind")
    if kind == "ActionEvent":
        return f"assistant {event.get('llm_response_id') or number}"
    if kind == "MessageEvent":
        said = an_object(event.get("llm_message"), f"event {number + 1}: llm_message")
        return f"assistant {number}" if said.get("role") == "assistant" else "user"
    return _SIDES.get(kind, "") if isinstance(kind, str) else ""


def _message(side: str, group: Sequence[dict[str, Any]]) -> Message:
    event = next(one for one in group if _side(one, 0))
    kind = event["kind"]
    if kind == "SystemPromptEvent":
        return Message("system", content_text([event.get("system_prompt")], "system_prompt"))
    if kind == "MessageEvent":
        said = an_object(event["llm_message"], "llm_message")
        return chat_message({key: value for key, value in said.items() if key != "tool_calls"}, "llm_message")
    answers = a_text(event.get("tool_call_id"), "tool_call_id") if side == "tool" else ""
    if kind == "ObservationEvent":
        seen_there = an_object(event.get("observation"), "observation")
        text = content_text(seen_there.get("content", seen_there.get("output")), "observation.content")
        return Message("tool", text, answers=answers, failed=seen_there.get("is_error") is True)
    if side == "tool":
        why = event.get("error", event.get("rejection_reason"))
        return Message("tool", a_text(why, "error"), answers=answers, failed=True)
    actions = [one for one in group if one.get("kind") == "ActionEvent"]
    texts = [content_text(one.get("thought"), "thought") for one in actions if one.get("thought")]
    thinking = next((one["reasoning_content"] for one in actions if isinstance(one.get("reasoning_content"), str)), "")
    return Message("assistant", "\n".join(texts), thinking, tuple(_call(one) for one in actions))


def _call(event: dict[str, Any]) -> ToolCall:
    inner = event.get("tool_call")
    number = a_text(event.get("tool_call_id"), "tool_call_id")
    if not isinstance(inner, dict):
        return tool_call(number, a_name(event.get("tool_name"), "tool_name"), event.get("action"), "action")
    inner = inner["function"] if isinstance(inner.get("function"), dict) else inner
    return tool_call(number, a_name(inner.get("name"), "tool_call.name"), inner.get("arguments"), "tool_call")


def _spelled(messages: Sequence[Message]) -> list[JsonObject]:
    made: list[JsonObject] = []
    for message in messages:
        content = [{"cache_prompt": False, "type": "text", "text": message.text}]
        if message.role == "system":
            made.append({"kind": "SystemPromptEvent", "system_prompt": content[0]})
        elif message.role == "tool":
            seen_there = {"content": content, "is_error": message.failed}
            made.append({"kind": "ObservationEvent", "tool_call_id": message.answers, "observation": seen_there})
        elif not message.calls:
            made.append({"kind": "MessageEvent", "llm_message": {"role": message.role, "content": content}})
        for number, call in enumerate(message.calls):
            first = {"thought": content if message.text else [], "reasoning_content": message.thinking or None}
            inner = {"id": call.id, "name": call.name, "arguments": call_arguments(call)}
            thought = first if number == 0 else {"thought": [], "reasoning_content": None}
            made.append({"kind": "ActionEvent", **thought, "tool_call_id": call.id, "tool_call": inner})
    return made


@exporter("openhands-events")
def openhands_events_out(found: Recording) -> JsonObject:
    """The events as they were, under `lines`."""
    return {"lines": list(items_of(found.messages, _spelled))}
