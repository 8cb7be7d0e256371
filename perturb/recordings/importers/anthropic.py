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
from perturb.recordings.records import each
from perturb.recordings.registry import exporter, importer
from perturb.recordings.tool_lists import tool_specs
from perturb.recordings.values import LeftOut, Message, Recording

# Blocks that no other format has.
_BLOCKS = {"tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use"}


@seen
def _recognises(head: Head) -> bool:
    for above in ((), ("request",)):
        keys = head.names(*above)
        if (
            "messages" in keys
            and "sessionId" not in keys
            and "tool" not in head.texts(*above, "messages", "role")
            and (
                {"system", "anthropic_version", "stop_sequences"} & keys
                or "input_schema" in head.names(*above, "tools")
                or head.texts(*above, "messages", "content", "type") & _BLOCKS
            )
        ):
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


@exporter("anthropic")
def anthropic_out(found: Recording) -> JsonObject:
    """The record as it was."""
    return source_of(found, _path(found.rest["record"]), spelled)
