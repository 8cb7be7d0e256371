"""Chat requests with the answer that came: what a provider verifier records, and logs of raw calls.

Lines of ``{request, response}``, or request bodies with `response` beside `messages`. The answer becomes the last
message.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.chat import chat_message, messages_of, spelled
from perturb.recordings.fields import an_object
from perturb.recordings.heads import Head, seen
from perturb.recordings.leftover import aside, recording, source_of, within
from perturb.recordings.records import each
from perturb.recordings.registry import exporter, importer
from perturb.recordings.tool_lists import tool_specs
from perturb.recordings.values import LeftOut, Recording


@seen
def _recognises(head: Head) -> bool:
    return is_exchange(head)


def is_exchange(head: Head) -> bool:
    """Whether the records are chat requests with their answers."""
    keys = head.names()
    beside = "response" in keys and ("messages" in head.names("request") or {"messages", "kwargs"} <= keys)
    return beside and not {"content", "output"} & head.names("response")


@importer("exchange", recognises=_recognises)
def exchange(path: Path) -> Iterator[Recording | LeftOut]:
    """Each request and its answer."""
    return each(path, _exchange)


def _exchange(where: str, record: Any) -> Recording:
    record = an_object(record, "record")
    path = _path(record)
    request = an_object(within(record, path[:-1]), "request")
    messages = [*messages_of(request.get("messages"))]
    answer = record.get("response")
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        said = an_object(choices[0].get("message"), "response.choices.0.message")
        messages += aside(chat_message(said, "response.choices.0.message"), spelled)
    name = str(record.get("id") or record.get("hash") or "")
    return recording((name, "exchange", where), messages, record, path, tools=tool_specs(request.get("tools")))


def _path(record: JsonObject) -> tuple[str, ...]:
    return ("messages",) if "messages" in record else ("request", "messages")


@exporter("exchange")
def exchange_out(found: Recording) -> JsonObject:
    """The record as it was."""
    return source_of(found, _path(found.rest["record"]), spelled)
