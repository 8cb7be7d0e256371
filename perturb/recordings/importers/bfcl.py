"""Berkeley Function-Calling Leaderboard: questions with the answers that are accepted, as ready cases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from perturb.core.values import Case
from perturb.recordings.heads import Head, seen
from perturb.recordings.registry import importer
from perturb.recordings.values import LeftOut
from perturb.trajectories.bfcl import cases_of


@seen
def _recognises(head: Head) -> bool:
    keys = head.first()
    return {"id", "question"} <= keys and bool({"function", "initial_config"} & keys)


@importer("bfcl", recognises=_recognises)
def bfcl(path: Path) -> Iterator[Case | LeftOut]:
    """Each record whose accepted answer agrees with its own functions."""
    for name, found in cases_of(path):
        yield found if isinstance(found, Case) else LeftOut(f"{path}: {name}", found)
