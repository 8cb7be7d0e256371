"""Which episodes a selection names: shipped ones by glob, files and folders of fixtures and of recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import count
from os.path import realpath
from pathlib import Path

from perturb.core.errors import UserError
from perturb.core.reading import is_file, is_folder
from perturb.core.registry import find
from perturb.recordings.loading import load
from perturb.trajectories.episodes import Episode
from perturb.trajectories.loading import fixture_files, load_all


def chosen_episodes(fixtures: Sequence[str], tools: str = "") -> Iterator[Episode]:
    """Episodes by glob over shipped ids, or from files and folders. Raises UserError when one selects nothing.

    `tools` is a file with the tools of recordings that hold none. What is named twice comes once. Of two files with
    recordings of one name the later one's get another, the same each time; two fixtures of one id are refused.
    """
    if not fixtures:
        yield from load_all()
        return
    seen: dict[str, str] = {}
    for found in _sources(fixtures, tools):
        mine: dict[str, str] = {}
        for episode in found:
            path = realpath(episode.path)
            if seen.get(episode.id) == path:
                continue
            if episode.family == "recorded":
                episode = _named(episode, seen.keys() | mine.keys())
            elif episode.id in seen:
                raise UserError(f"{episode.path}: id {episode.id!r} is taken by {seen[episode.id]}")
            mine[episode.id] = path
            yield episode
        seen |= mine


def chosen_files(wanted: str) -> list[Path]:
    """The files that a file or folder of a selection stands for; none for a glob. Raises UserError for an empty one."""
    if not wanted:
        raise UserError("--fixture: is empty; name fixtures, a file or a folder")
    path = Path(wanted)
    if is_folder(path):
        return fixture_files(path, (".json", ".jsonl"))
    return [path] if path.suffix in (".json", ".jsonl") or is_file(path) else []


def _sources(fixtures: Sequence[str], tools: str) -> Iterator[Iterator[Episode]]:
    """Episodes of each file, once, and all that each glob selects."""
    read: set[str] = set()
    for wanted in fixtures:
        files = chosen_files(wanted)
        for path in files:
            if realpath(path) not in read:
                read.add(realpath(path))
                yield load(path, tools)
        if not files:
            yield _shipped(wanted)


def _shipped(glob: str) -> Iterator[Episode]:
    found = [e for e in load_all() if fnmatchcase(e.id, glob)]
    yield from found or [find({e.id: e for e in load_all()}, glob, "fixture")]


def _named(episode: Episode, taken: set[str]) -> Episode:
    """`episode` under a name that is free."""
    if episode.id not in taken:
        return episode
    name = next(name for n in count(2) if (name := f"{episode.id}-{n}") not in taken)
    cases = tuple(replace(c, id=name + c.id.removeprefix(c.cluster), cluster=name) for c in episode.cases)
    return replace(episode, id=name, cases=cases)
