"""AgentDojo runs: one conversation a file, with its attack and whether the user's task succeeded. No tools recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.chat import call_arguments, chat_message, tool_call
from perturb.recordings.fields import a_list, a_name, an_object
from perturb.recordings.heads import Head, seen
from perturb.recordings.leftover import kept, recording, source_of
from perturb.recordings.records import each
from perturb.recordings.registry import exporter, importer
from perturb.recordings.values import LeftOut, Message, Recording, ToolCall

_NAMED = ("suite_name", "pipeline_name", "user_task_id", "attack_type", "injection_task_id")


@seen
def _recognises(head: Head) -> bool:
    return {"suite_name", "pipeline_name", "user_task_id"} <= head.names()


@importer("agentdojo", recognises=_recognises)
def agentdojo(path: Path) -> Iterator[Recording | LeftOut]:
    """The run of a file. `utility` says whether it was right; a tool's `error` whether that call failed."""
    return each(path, _run)


def _run(where: str, record: Any) -> Recording:
    record = an_object(record, "run")
    name = "-".join(str(record[key]) for key in _NAMED if record.get(key))
    messages: list[Message] = []
    for number, item in enumerate(a_list(record.get("messages"), "messages")):
        where_it_is = f"messages.{number}"
        messages += kept([_message(an_object(item, where_it_is), where_it_is)], [item], _spelled)
    success = record.get("utility") if isinstance(record.get("utility"), bool) else None
    return recording((name, "agentdojo", where), messages, record, ("messages",), success=success)


def _message(item: dict[str, Any], field: str) -> Message:
    calls = [
        _call(an_object(call, f"{field}.tool_calls.{n}"), f"{field}.tool_calls.{n}")
        for n, call in enumerate(a_list(item.get("tool_calls") or [], f"{field}.tool_calls"))
    ]
    plain = chat_message({key: item.get(key) for key in ("role", "content", "tool_call_id")}, field)
    failed = plain.role == "tool" and bool(item.get("error"))
    text = str(item["error"]) if failed and not plain.text else plain.text
    return Message(plain.role, text, calls=tuple(calls), answers=plain.answers, failed=failed)


def _call(call: dict[str, Any], field: str) -> ToolCall:
    return tool_call(call.get("id"), a_name(call.get("function"), f"{field}.function"), call.get("args"), field)


def _spelled(messages: Sequence[Message]) -> list[JsonObject]:
    made: list[JsonObject] = []
    for message in messages:
        item: dict[str, Any] = {"role": message.role, "content": message.text}
        if message.role == "assistant":
            item["tool_calls"] = [
                {"function": call.name, "args": call_arguments(call), "id": call.id} for call in message.calls
            ]
        if message.role == "tool":
            item |= {"tool_call_id": message.answers, "error": message.text if message.failed else None}
        made.append(item)
    return made


@exporter("agentdojo")
def agentdojo_out(found: Recording) -> JsonObject:
    """The run as it was."""
    return source_of(found, ("messages",), _spelled)
