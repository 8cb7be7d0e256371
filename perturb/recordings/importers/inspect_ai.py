"""Inspect's evaluation logs: samples of a JSON log, or of an ``.eval`` archive, one at a time."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from perturb.core.errors import UserError
from perturb.core.reading import parsed
from perturb.core.values import JsonObject
from perturb.recordings.chat import call_arguments, chat_message, tool_call
from perturb.recordings.fields import UnreadableError, a_list, a_name, a_text, an_object, content_text
from perturb.recordings.heads import head_of
from perturb.recordings.leftover import kept, recording, source_of
from perturb.recordings.linked import linked
from perturb.recordings.records import LARGEST, each, taken
from perturb.recordings.registry import exporter, importer
from perturb.recordings.tool_lists import tool_specs
from perturb.recordings.values import LeftOut, Message, Recording, ToolCall

_ATTACHED = "attachment://"
_RIGHT = {"C": True, "I": False, "P": False, "N": False, 1: True, 0: False}


def _recognises(head: bytes, path: Path) -> bool:
    del path
    if head.startswith(b"PK\x03\x04"):
        return b"_journal/" in head or b"samples/" in head or b"header.json" in head
    found = head_of(head)
    return {"version", "status", "eval"} <= found.names() and "task" in found.names("eval")


@importer("inspect", recognises=_recognises)
def inspect_ai(path: Path) -> Iterator[Recording | LeftOut]:
    """Each sample; a score of C (or 1) says that it was right."""
    with path.open("rb") as file:
        packed = file.read(2) == b"PK"
    return _archive(path) if packed else each(path, _sample, "samples")


def _archive(path: Path) -> Iterator[Recording | LeftOut]:
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if member.filename.startswith("samples/") and member.filename.endswith(".json"):
                    yield _unpacked(path, archive, member)
    except zipfile.BadZipFile as error:
        raise UserError(f"{path}: not a whole archive: {error}") from error


def _unpacked(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Recording | LeftOut:
    where = f"{path}: {member.filename}"
    try:
        # What the archive says of a size is only said.
        with archive.open(member) as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            return LeftOut(where, f"unpacks to more than {LARGEST} bytes")
        return taken(where, parsed(data, where), _sample)
    except UserError as error:
        return LeftOut(where, str(error).removeprefix(f"{where}: "))
    except NotImplementedError:
        return LeftOut(where, "packed in a way that this Python cannot read (zstd needs 3.14)")
    except (zipfile.BadZipFile, EOFError, ValueError, OSError, RuntimeError, _broken_stream()) as error:
        return LeftOut(where, f"cannot be unpacked: {error}")


def _broken_stream() -> type[Exception]:
    from zlib import error

    return error


def _sample(where: str, record: Any) -> Recording:
    record = an_object(record, "sample")
    attached = record.get("attachments")
    texts = attached if isinstance(attached, dict) else {}
    messages: list[Message] = []
    for number, item in enumerate(a_list(record.get("messages"), "messages")):
        field = f"messages.{number}"
        messages += kept([_message(an_object(item, field), texts, field)], [item], _spelled)
    name = f"{record.get('id')}-epoch-{record.get('epoch', 1)}"
    tools = _tools(record.get("events"))
    return recording((name, "inspect", where), messages, record, ("messages",), tools=tools, success=_success(record))


def _tools(events: Any) -> tuple[JsonObject, ...] | None:
    """Those of the last time that the model was asked with any."""
    asked = [event for event in events or () if isinstance(event, dict) and event.get("event") == "model"]
    given = next((event["tools"] for event in reversed(asked) if event.get("tools")), None)
    return tool_specs(given, "events.tools")


def _success(record: dict[str, Any]) -> bool | None:
    scores = record.get("scores")
    found = scores.values() if isinstance(scores, dict) else ()
    values = [score.get("value") for score in found if isinstance(score, dict)]
    plain = [_RIGHT.get(value) for value in values if isinstance(value, str | int | float)]
    return plain[0] if len(plain) == 1 else None


def _message(item: dict[str, Any], texts: dict[str, Any], field: str) -> Message:
    content = item.get("content")
    parts = content if isinstance(content, list) else []
    thoughts = [one["reasoning"] for one in parts if isinstance(one, dict) and isinstance(one.get("reasoning"), str)]
    spoken = [one for one in parts if not (isinstance(one, dict) and one.get("type") == "reasoning")]
    text = content_text(spoken if parts else content, f"{field}.content")
    if text.startswith(_ATTACHED):
        text = a_text(texts.get(text.removeprefix(_ATTACHED), text), "attachments")
    numbered = {"tool_call_id": item.get("tool_call_id"), "role": item.get("role")}
    plain = chat_message({**numbered, "content": text}, field)
    given = a_list(item.get("tool_calls") or [], f"{field}.tool_calls")
    calls = [_call(call, f"{field}.tool_calls.{n}") for n, call in enumerate(given)]
    if calls and plain.role != "assistant":
        raise UnreadableError(f"{field}.tool_calls: only an assistant calls tools")
    failed = plain.role == "tool" and bool(item.get("error"))
    return Message(plain.role, text, "\n".join(thoughts), tuple(calls), plain.answers, failed)


def _call(call: Any, field: str) -> ToolCall:
    call = an_object(call, field)
    return tool_call(call.get("id"), a_name(call.get("function"), f"{field}.function"), call.get("arguments"), field)


def _spelled(messages: Sequence[Message]) -> list[JsonObject]:
    made: list[JsonObject] = []
    for message in messages:
        text = {"type": "text", "text": message.text}
        thought = {"type": "reasoning", "reasoning": message.thinking}
        item: dict[str, Any] = {"role": message.role, "content": [thought, text] if message.thinking else message.text}
        if message.calls:
            item["tool_calls"] = [
                {"id": call.id, "function": call.name, "arguments": call_arguments(call)} for call in message.calls
            ]
        if message.role == "tool":
            item["tool_call_id"] = message.answers
        if message.failed:
            item["error"] = {"type": "unknown", "message": message.text}
        made.append(item)
    return made


@exporter("inspect")
def inspect_out(found: Recording) -> JsonObject:
    """The sample as it was; of another format, one with its messages, and its tools as metadata."""
    if found.format != "inspect":
        messages = _spelled(linked(found.messages, as_text=False))
        asked = next((message.text for message in found.messages if message.role == "user"), "")
        tools = {"tools": list(found.tools or ())}
        return {"id": found.id, "epoch": 1, "input": asked, "target": "", "messages": messages, "metadata": tools}
    return source_of(found, ("messages",), _spelled)
