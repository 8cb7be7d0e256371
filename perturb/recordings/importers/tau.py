"""tau-bench and tau-trait results: a list of runs, each a chat under `traj` with its reward. No tools are recorded."""

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
    return {"task_id", "reward", "traj"} <= head.names()


@importer("tau-bench", recognises=_recognises)
def tau(path: Path) -> Iterator[Recording | LeftOut]:
    """Each run of a results file; its reward says whether it was right."""
    return each(path, _run)


def _run(where: str, record: Any) -> Recording:
    record = an_object(record, "run")
    name = f"task-{record.get('task_id')}-trial-{record.get('trial', 0)}"
    reward = record.get("reward")
    success = reward >= 1 if isinstance(reward, int | float) else None
    return recording(
        (name, "tau-bench", where), messages_of(record.get("traj"), "traj"), record, ("traj",), success=success
    )


@exporter("tau-bench")
def tau_out(found: Recording) -> JsonObject:
    """The run as it was."""
    return source_of(found, ("traj",), spelled)
