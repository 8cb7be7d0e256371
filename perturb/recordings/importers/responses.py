"""OpenAI Responses: request bodies, alone or with the answer that came (`request`, `response`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.fields import UnreadableError, a_list, an_object, content_text
from perturb.recordings.heads import Head, seen
from perturb.recordings.items import messages_of, spelled
from perturb.recordings.leftover import aside, recording, source_of, within
from perturb.recordings.records import each
from perturb.recordings.registry import exporter, importer
from perturb.recordings.tool_lists import tool_specs
from perturb.recordings.values import LeftOut, Message, Recording


@seen
def _recognises(head: Head) -> bool:
    keys, asked = head.first(), head.names("request")
    return {"input", "model"} <= keys - {"messages"} or ("input" in asked and "messages" not in asked)


@importer("responses", recognises=_recognises)
def responses(path: Path) -> Iterator[Recording | LeftOut]:
    """Each request; an answer beside it becomes its last message."""
    return each(path, _conversation)


def _conversation(where: str, record: Any) -> Recording:
    record = an_object(record, "record")
    path = _path(record)
    request = an_object(within(record, path[:-1]), "request")
    messages: list[Message] = []
    if request.get("instructions"):
        messages += aside(Message("system", content_text(request["instructions"], "instructions")), spelled)
    asked = request.get("input")
    if isinstance(asked, str):
        messages += aside(Message("user", asked), spelled)
    else:
        messages += messages_of(asked)
    answer = record.get("response")
    if isinstance(answer, dict) and answer.get("output"):
        for message in messages_of(a_list(answer["output"], "response.output"), "response.output"):
            messages += aside(message, spelled)
    if not messages:
        raise UnreadableError("input: holds no message")
    tools = tool_specs(request.get("tools"))
    made = recording((str(record.get("id") or ""), "responses", where), messages, record, path, tools=tools)
    # A question that is a text stays as it was.
    return made if not isinstance(asked, str) else _kept_text(made, record)


def _kept_text(made: Recording, record: JsonObject) -> Recording:
    from dataclasses import replace

    return replace(made, rest={"record": record, "asked": True})


def _path(record: JsonObject) -> tuple[str, ...]:
    return ("input",) if "input" in record else ("request", "input")


@exporter("responses")
def responses_out(found: Recording) -> JsonObject:
    """The record as it was."""
    if found.rest.get("asked"):
        return dict(found.rest["record"])
    return source_of(found, _path(found.rest["record"]), spelled)
