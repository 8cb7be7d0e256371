"""Anthropic Messages: request bodies, alone or with the answer that came (`request`, `response`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.blocks import block_messages, messages_of, spelled
from perturb.recordings.fields import a_list, an_object, content_text
from perturb.recordings.heads import Head, seen
from perturb.recordings.leftover import aside, recording, source_of, within
from perturb.recordings.linked import linked
from perturb.recordings.records import each
from perturb.recordings.registry import exporter, importer
from perturb.recordings.tool_lists import tool_specs
from perturb.recordings.values import LeftOut, Message, Recording

# Blocks that no other format has.
_BLOCKS = {"tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use"}


@seen
def _recognises(head: Head) -> bool:
    if "choices" in head.names("response"):
        return False
    if "messages" in head.names("request") and "content" in head.names("response"):
        return True
    for above in ((), ("request",)):
        keys = head.names(*above)
        if "messages" not in keys or "sessionId" in keys or "tool" in head.texts(*above, "messages", "role"):
            continue
        if {"system", "anthropic_version", "stop_sequences"} & keys or "input_schema" in head.names(*above, "tools"):
            return True
        if head.texts(*above, "messages", "content", "type") & _BLOCKS:
            return True
    return False


@importer("anthropic", recognises=_recognises)
def anthropic(path: Path) -> Iterator[Recording | LeftOut]:
    """Each request; an answer beside it becomes its last message."""
    return each(path, _conversation)


def _conversation(where: str, record: Any) -> Recording:
    record = an_object(record, "record")
    path = _path(record)
    request = an_object(within(record, path[:-1]), "request")
    messages: list[Message] = []
    if request.get("system"):
        messages += aside(Message("system", content_text(request["system"], "system")), spelled)
    messages += messages_of(a_list(request.get("messages"), "messages"))
    answer = record.get("response")
    if isinstance(answer, dict) and answer.get("role") == "assistant":
        for message in block_messages("assistant", answer.get("content"), "response"):
            messages += aside(message, spelled)
    name = str(record.get("id") or "")
    return recording((name, "anthropic", where), messages, record, path, tools=tool_specs(request.get("tools")))


def _path(record: JsonObject) -> tuple[str, ...]:
    return ("messages",) if "messages" in record else ("request", "messages")


def _body(found: Recording) -> JsonObject:
    messages = linked(found.messages, as_text=False)
    first = next((n for n, message in enumerate(messages) if message.role != "system"), len(messages))
    # What is said by the system later on stands where it was said.
    system = "\n\n".join(message.text for message in messages[:first])
    tools = [
        {"name": spec["name"], "description": spec["description"], "input_schema": spec["parameters"]}
        for spec in found.tools or ()
    ]
    return {"system": system, "messages": spelled(messages[first:]), "tools": tools}


@exporter("anthropic")
def anthropic_out(found: Recording) -> JsonObject:
    """The record as it was; of another format, the body that would ask for what comes next."""
    if found.format != "anthropic":
        return _body(found)
    return source_of(found, _path(found.rest["record"]), spelled)
