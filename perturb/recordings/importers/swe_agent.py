"""SWE-agent trajectories (.traj): `history` is what the model was shown, in both generations.

The newer one calls functions; the older one writes a thought and one command, answered by the user's side. There the
command becomes a call of `bash`, and what follows it the result. Tools are recorded by name only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.chat import chat_message, spelled
from perturb.recordings.fields import a_list, a_text, an_object
from perturb.recordings.heads import Head, seen
from perturb.recordings.leftover import kept, recording, source_of
from perturb.recordings.records import each
from perturb.recordings.registry import exporter, importer
from perturb.recordings.values import LeftOut, Message, Recording, ToolCall


@seen
def _recognises(head: Head) -> bool:
    keys = head.names()
    told = "agent" in head.names("history") or {"thought", "action", "observation"} <= head.names("trajectory")
    return told and ("history" in keys or "trajectory" in keys)


@importer("swe-agent", recognises=_recognises)
def swe_agent(path: Path) -> Iterator[Recording | LeftOut]:
    """The run of a file."""
    return each(path, _run)


def _run(where: str, record: Any) -> Recording:
    record = an_object(record, "run")
    items = [an_object(item, f"history.{n}") for n, item in enumerate(a_list(record.get("history"), "history"))]
    native = any(item.get("tool_calls") or item.get("tool_call_ids") for item in items)
    messages: list[Message] = []
    for number, item in enumerate(items):
        before = messages[-1] if messages else None
        read = _native(item, f"history.{number}") if native else _written(item, before, f"history.{number}")
        messages += kept([read], [item], _spelled)
    return recording(("", "swe-agent", where), messages, record, ("history",), scaffold="swe_agent")


def _native(item: dict[str, Any], field: str) -> Message:
    ids = item.get("tool_call_ids") or [None]
    first = a_list(ids, f"{field}.tool_call_ids")[0] if item.get("role") == "tool" else None
    return chat_message({**item, "tool_call_id": item.get("tool_call_id", first)}, field)


def _written(item: dict[str, Any], before: Message | None, field: str) -> Message:
    """A message of the older generation: the command that it acts by is a call, the next message its result."""
    plain = chat_message({"role": item.get("role"), "content": item.get("content")}, field)
    action = a_text(item.get("action"), f"{field}.action")
    if plain.role == "assistant" and action.strip():
        thought = a_text(item.get("thought"), f"{field}.thought")
        return Message("assistant", thought or plain.text, calls=(ToolCall("", "bash", {"command": action}),))
    if plain.role == "user" and before and before.calls:
        return Message("tool", plain.text)
    return plain


def _spelled(messages: Sequence[Message]) -> list[JsonObject]:
    made: list[JsonObject] = []
    for message in messages:
        written = message.role == "tool" and not message.answers
        item = dict(spelled([message])[0])
        if message.calls and not message.calls[0].id:
            item = {
                "role": "assistant",
                "thought": message.text,
                "action": (message.calls[0].args or {}).get("command"),
            }
        elif written:
            item = {"role": "user", "content": message.text}
        elif message.role == "tool":
            item["tool_call_ids"] = [item.pop("tool_call_id")]
        made.append(item)
    return made


@exporter("swe-agent")
def swe_agent_out(found: Recording) -> JsonObject:
    """The run as it was."""
    return source_of(found, ("history",), _spelled)
