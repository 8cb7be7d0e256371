"""Cline's sessions (``*.messages.json``): messages of blocks. No tools are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.blocks import messages_of, spelled
from perturb.recordings.fields import a_text, an_object
from perturb.recordings.heads import Head, seen
from perturb.recordings.leftover import aside, recording, source_of
from perturb.recordings.records import each
from perturb.recordings.registry import exporter, importer
from perturb.recordings.values import LeftOut, Message, Recording


@seen
def _recognises(head: Head) -> bool:
    return {"sessionId", "messages", "agent"} <= head.names()


@importer("cline", recognises=_recognises)
def cline(path: Path) -> Iterator[Recording | LeftOut]:
    """The session of a file."""
    return each(path, _session)


def _session(where: str, record: Any) -> Recording:
    record = an_object(record, "session")
    prompt = a_text(record.get("system_prompt"), "system_prompt")
    system = aside(Message("system", prompt), spelled) if prompt else ()
    messages = [*system, *messages_of(record.get("messages"))]
    name = str(record.get("sessionId") or "")
    return recording((name, "cline", where), messages, record, ("messages",), scaffold="cline")


@exporter("cline")
def cline_out(found: Recording) -> JsonObject:
    """The session as it was."""
    return source_of(found, ("messages",), spelled)
