"""OpenHands histories of version 0: events of action and observation, alone or as the `history` of a benchmark row.

An action of the agent is a call, by the provider's own where it is recorded. What only concerns the program (recalls,
states) is kept beside the message before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.chat import chat_call, tool_call
from perturb.recordings.fields import a_list, a_text, an_object
from perturb.recordings.heads import Head, seen
from perturb.recordings.items import sides
from perturb.recordings.leftover import kept, recording, source_of
from perturb.recordings.records import document, each, taken
from perturb.recordings.registry import exporter, importer
from perturb.recordings.tool_lists import tool_specs
from perturb.recordings.values import LeftOut, Message, Recording, ToolCall

_UNSEEN = ("recall", "agent_state_changed", "change_agent_state", "null", "condensation", "loop_recovery")
# What stands in an event of the oldest files beside an action's arguments.
_BESIDE = ("action", "thought", "keep_prompt", "is_confirmed", "action_risk", "id", "timestamp", "source", "message")


@seen
def _recognises(head: Head) -> bool:
    told = head.names("history")
    row = {"action", "observation"} & told and "role" not in told
    return bool(row) or {"source", "action", "args"} <= head.names()


@importer("openhands", recognises=_recognises)
def openhands(path: Path) -> Iterator[Recording | LeftOut]:
    """Each row of a benchmark's output, or the run of a file of events."""
    with path.open("rb") as file:
        bare = file.read(1024).lstrip().startswith(b"[")
    if bare:
        yield taken(str(path), {"history": document(path), "bare": True}, _row)
    else:
        yield from each(path, _row)


def _row(where: str, record: Any) -> Recording:
    record = an_object(record, "row")
    events = [an_object(event, f"history.{n}") for n, event in enumerate(a_list(record.get("history"), "history"))]
    messages: list[Message] = []
    tools = None
    for side, group in sides(events, _side):
        event = next(one for one in group if _side(one, 0))
        if event.get("action") == "system":
            tools = tool_specs(an_object(event.get("args"), "history.args").get("tools"), "history.args.tools")
        messages += kept([_message(side, event)], group, _spelled)
    name = str(record.get("instance_id") or "")
    success = record.get("success") if isinstance(record.get("success"), bool) else None
    more = {"tools": tools, "scaffold": "openhands", "success": success}
    return recording((name, "openhands", where), messages, record, ("history",), **more)


def _side(event: dict[str, Any], number: int) -> str:
    """Whose message an event is; "" for none. Each action of the agent is an answer of its own."""
    if "action" in event:
        action = event["action"]
        if action in _UNSEEN or not isinstance(action, str):
            return ""
        if action == "system":
            return "system"
        return "user" if action == "message" and event.get("source") != "agent" else f"assistant {number}"
    return "tool" if isinstance(event.get("observation"), str) and event["observation"] not in _UNSEEN else ""


def _message(side: str, event: dict[str, Any]) -> Message:
    given = event.get("args")
    args = an_object(given, "history.args") if given is not None else event
    meta = an_object(event.get("tool_call_metadata") or {}, "history.tool_call_metadata")
    number = a_text(meta.get("tool_call_id"), "history.tool_call_metadata.tool_call_id")
    if side == "tool":
        failed = event["observation"] == "error" or event.get("success") is False
        return Message("tool", a_text(event.get("content"), "history.content"), answers=number, failed=failed)
    text = a_text(args.get("content", args.get("thought")), "history.args.content")
    if side in ("system", "user"):
        return Message(side, text)  # type: ignore[arg-type]
    if event["action"] == "message":
        return Message("assistant", text)
    thought = a_text(args.get("thought"), "history.args.thought")
    return Message("assistant", thought, calls=(_call(event, args, meta, number),))


def _call(event: dict[str, Any], args: dict[str, Any], meta: dict[str, Any], number: str) -> ToolCall:
    """The provider's own call where it is recorded, else the action with its arguments."""
    reply = meta.get("model_response")
    choices = reply.get("choices") if isinstance(reply, dict) else None
    said = choices[0].get("message") if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None
    for call in (said.get("tool_calls") or ()) if isinstance(said, dict) else ():
        if isinstance(call, dict) and call.get("id") == number:
            return chat_call(call, "history.tool_call_metadata.model_response")
    name = meta.get("function_name")
    plain = {key: value for key, value in args.items() if key not in _BESIDE}
    return tool_call(number, name if isinstance(name, str) else event["action"], plain, "history")


def _spelled(messages: Sequence[Message]) -> list[JsonObject]:
    made: list[JsonObject] = []
    for message in messages:
        who = "user" if message.role == "user" else "agent"
        if message.role == "tool":
            made.append({"source": who, "content": message.text})
        elif message.calls:
            call = message.calls[0]
            meta = {"tool_call_metadata": {"function_name": call.name, "tool_call_id": call.id}} if call.id else {}
            made.append({"source": who, "args": {"thought": message.text}, **meta})
        else:
            action = "system" if message.role == "system" else "message"
            made.append({"source": who, "action": action, "args": {"content": message.text}})
    return made


@exporter("openhands")
def openhands_out(found: Recording) -> JsonObject:
    """The row as it was; a file of events under `history`, beside `bare`."""
    return source_of(found, ("history",), _spelled)
