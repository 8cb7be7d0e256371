"""OpenAI chat messages: request bodies ``{messages, tools}``, one a line, in a list, alone; a bare list of messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.chat import messages_of, spelled
from perturb.recordings.fields import an_object
from perturb.recordings.heads import head_of
from perturb.recordings.leftover import recording, source_of
from perturb.recordings.linked import functions, linked
from perturb.recordings.records import document, each, taken
from perturb.recordings.registry import IMPORTERS, exporter, importer
from perturb.recordings.tool_lists import tool_specs
from perturb.recordings.values import LeftOut, Recording

_ROLES = {"system", "developer", "user", "assistant", "tool", "function"}


def _recognises(head: bytes, path: Path) -> bool:
    """Chat messages that no format with more to it claims."""
    found = head_of(head)
    chat = found.texts("messages", "role") & _ROLES or (_is_bare(head) and {"role", "content"} <= found.first())
    return bool(chat) and not any(one.recognises(head, path) for name, one in IMPORTERS.items() if name != "openai")


def _is_bare(head: bytes) -> bool:
    return head.lstrip().startswith(b"[") and bool(head_of(head).texts("role") & _ROLES)


@importer("openai", recognises=_recognises)
def openai(path: Path) -> Iterator[Recording | LeftOut]:
    """Each request body; a bare list of messages is one conversation."""
    with path.open("rb") as file:
        bare = _is_bare(file.read(65_536))
    if bare:
        yield taken(str(path), {"messages": document(path), "bare": True}, _conversation)
    else:
        yield from each(path, _conversation)


def _conversation(where: str, record: Any) -> Recording:
    record = an_object(record, "record")
    name = str(record.get("id") or record.get("name") or "")
    messages = messages_of(record.get("messages"))
    return recording((name, "openai", where), messages, record, ("messages",), tools=tool_specs(record.get("tools")))


@exporter("openai")
def openai_out(found: Recording) -> JsonObject:
    """The request body as it was (a bare list beside `bare`); of another format, messages and tools."""
    if found.format != "openai":
        return {"messages": spelled(linked(found.messages)), "tools": functions(found)}
    return source_of(found, ("messages",), spelled)
