"""LiveMCPBench runs: a list of judged conversations. Their tools are in the servers' own lists (``--tools``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.chat import messages_of, spelled
from perturb.recordings.fields import an_object
from perturb.recordings.heads import Head, seen
from perturb.recordings.leftover import recording, source_of
from perturb.recordings.records import each
from perturb.recordings.registry import exporter, importer
from perturb.recordings.values import LeftOut, Recording


@seen
def _recognises(head: Head) -> bool:
    return {"task_id", "question", "messages"} <= head.names()


@importer("livemcpbench", recognises=_recognises)
def livemcpbench(path: Path) -> Iterator[Recording | LeftOut]:
    """Each run; the judge's word says whether it was right."""
    return each(path, _run)


def _run(where: str, record: Any) -> Recording:
    record = an_object(record, "run")
    success = {"success": True, "failure": False}.get(str(record.get("judge")))
    name = str(record.get("task_id") or "")
    messages = messages_of(record.get("messages"))
    return recording((name, "livemcpbench", where), messages, record, ("messages",), success=success)


@exporter("livemcpbench")
def livemcpbench_out(found: Recording) -> JsonObject:
    """The run as it was."""
    return source_of(found, ("messages",), spelled)
