"""Fine-tuning lines: chat messages with tools as JSON text or functions, parts of `value`, prompt and completion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from perturb.core.errors import UserError
from perturb.core.reading import parsed
from perturb.core.values import JsonObject
from perturb.recordings.chat import chat_message, messages_of, spelled, tool_call
from perturb.recordings.fields import UnreadableError, a_list, a_text, an_object, content_text
from perturb.recordings.heads import Head, seen
from perturb.recordings.leftover import items_of, kept, placed, recording
from perturb.recordings.records import each
from perturb.recordings.registry import exporter, importer
from perturb.recordings.tool_lists import tool_specs
from perturb.recordings.values import LeftOut, Message, Recording, ToolCall

_LISTS = ("messages", "conversations", "prompt")


@seen
def _recognises(head: Head) -> bool:
    keys = head.names()
    return bool(
        ("messages" in keys and ("functions" in keys or "value" in head.names("messages", "content")))
        or ("messages" in keys and bool(head.texts("tools")))
        or ("conversations" in keys and "role" in head.names("conversations"))
        or {"prompt", "completion"} <= keys
    )


@importer("finetune", recognises=_recognises)
def finetune(path: Path) -> Iterator[Recording | LeftOut]:
    """Each example."""
    return each(path, _example)


def _example(where: str, record: Any) -> Recording:
    record = an_object(record, "record")
    key = next((key for key in _LISTS if isinstance(record.get(key), list)), "messages")
    items = a_list(record.get(key), key)
    messages = [one for n, item in enumerate(items) for one in _read(item, f"{key}.{n}")]
    if key == "prompt":
        messages += messages_of(record.get("completion"), "completion")
    tools = tool_specs(record.get("tools", record.get("functions", record.get("tool_definitions"))))
    name = str(record.get("instance_id") or record.get("trial_name") or record.get("id") or "")
    return recording((name, "finetune", where), messages, record, (key,), tools=tools)


def _read(item: Any, field: str) -> Sequence[Message]:
    item = an_object(item, field)
    parts = item.get("content")
    if not isinstance(parts, list) or not any(isinstance(part, dict) and "value" in part for part in parts):
        return kept([chat_message(item, field)], [item], spelled)
    parts = [an_object(part, f"{field}.content.{n}") for n, part in enumerate(parts)]
    plain = [part for part in parts if part.get("type") not in ("reasoning", "tool_call")]
    message = chat_message({**item, "content": content_text(plain, f"{field}.content")}, field)
    thoughts = [_value(part, field) for part in parts if part.get("type") == "reasoning"]
    calls = [_call(_value(part, field), field) for part in parts if part.get("type") == "tool_call"]
    read = Message(message.role, message.text, "\n".join(thoughts), tuple(calls), message.answers)
    return kept([read], [item], spelled)


def _value(part: Any, field: str) -> str:
    return a_text(an_object(part, f"{field}.content").get("value"), f"{field}.content.value")


def _call(text: str, field: str) -> ToolCall:
    try:
        found = an_object(parsed(text.encode(), f"{field}.content"), f"{field}.content.value")
    except UserError as error:
        raise UnreadableError(str(error)) from error
    name = found.get("name")
    if not isinstance(name, str):
        raise UnreadableError(f"{field}.content.value.name: not a text")
    return tool_call("", name, found.get("arguments"), field)


@exporter("finetune")
def finetune_out(found: Recording) -> JsonObject:
    """The record as it was."""
    record = found.rest["record"]
    key = next(key for key in _LISTS if key in record and record[key] is None)
    items = list(items_of(found.messages, spelled))
    if key != "prompt":
        return placed(record, (key,), items)
    said = len(record["completion"])
    return {**record, "prompt": items[:-said] if said else items}
