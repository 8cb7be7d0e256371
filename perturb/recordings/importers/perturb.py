"""The forms of this project: fixtures, ready cases, and recordings as ``perturb import`` writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from perturb.core.values import Case, JsonObject
from perturb.recordings.heads import Head, seen
from perturb.recordings.records import lines
from perturb.recordings.registry import exporter, importer
from perturb.recordings.stored import VERSION, recording_from
from perturb.recordings.values import LeftOut, Recording
from perturb.trajectories.episodes import read_episode
from perturb.trajectories.imported import load_cases


@seen
def _is_recordings(head: Head) -> bool:
    return "recording" in head.texts("perturb")


@importer("perturb", recognises=_is_recordings)
def stored(path: Path) -> Iterator[Recording | LeftOut]:
    """Recordings that an import wrote."""
    for where, data in lines(path):
        if isinstance(data, LeftOut):
            yield data
            continue
        try:
            yield recording_from(data, where)
        except ValueError as error:
            yield LeftOut(where, str(error))


@exporter("perturb")
def stored_out(found: Recording) -> JsonObject:
    """One line of such a file."""
    return {"perturb": "recording", "version": VERSION, "recording": found}


@seen
def _is_cases(head: Head) -> bool:
    return {"cluster", "expect", "family"} <= head.first()


@importer("cases", recognises=_is_cases)
def cases(path: Path) -> Iterator[Case]:
    """Ready cases, one a line."""
    for episode in load_cases(path):
        yield from episode.cases


@seen
def _is_fixture(head: Head) -> bool:
    return {"version", "family", "licence"} <= head.first()


@importer("fixture", recognises=_is_fixture)
def fixture(path: Path) -> Iterator[Case]:
    """A base episode with its gold."""
    yield from read_episode(path).cases
