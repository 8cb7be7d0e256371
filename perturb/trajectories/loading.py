"""Which episodes there are: the shipped ones, a file, a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from perturb.core.errors import UserError
from perturb.trajectories.episodes import Episode, read_episode
from perturb.trajectories.imported import load_cases

_PACKAGE = Path(__file__).parents[1]
SHIPPED = _PACKAGE / "_fixtures"
SOURCE_TREE = _PACKAGE.parent / "fixtures"


def shipped_folder() -> Path:
    """Where the shipped fixtures are, installed or in a source tree."""
    return SHIPPED if SHIPPED.is_dir() else SOURCE_TREE


# Folders below one that holds fixtures; a disk has more.
MOST_FOLDERS = 1_000


def fixture_files(folder: Path, endings: tuple[str, ...] = (".json",)) -> list[Path]:
    """Every fixture file below `folder`, in name order; what stands beside another (rules, or ``_…``) is none.

    Raises UserError for a folder that holds none, or so many folders that it cannot be one of fixtures.
    """
    found: list[Path] = []
    for number, (place, below, names) in enumerate(os.walk(folder)):
        below.sort()
        if number >= MOST_FOLDERS:
            raise UserError(
                f"{folder}: more than {MOST_FOLDERS} folders below it; name the one that holds the fixtures"
            )
        found += (Path(place) / name for name in names if name.endswith(endings) and not _beside(name))
    if not found:
        raise UserError(f"{folder}: no fixture here (it would end in {' or '.join(endings)})")
    return sorted(found)


def _beside(name: str) -> bool:
    return name.startswith("_") or name.endswith(".rules.json")


def load_all(folder: Path | None = None) -> Iterator[Episode]:
    """Every episode below `folder` (the shipped ones by default). Raises UserError for the first bad one."""
    seen: dict[str, Path] = {}
    for path in fixture_files(folder or shipped_folder()):
        for episode in load(path):
            if episode.id in seen:
                raise UserError(f"{path}: id {episode.id!r} is taken by {seen[episode.id]}")
            seen[episode.id] = path
            yield episode


def load(path: Path) -> Iterator[Episode]:
    """The episodes of one file: a fixture, or a file of ready cases that an importer wrote."""
    if path.suffix == ".jsonl":
        yield from load_cases(path)
    else:
        yield read_episode(path)
