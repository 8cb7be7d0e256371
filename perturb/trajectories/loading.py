"""Which episodes there are: the shipped ones, a file, a folder."""

from __future__ import annotations

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


def fixture_files(folder: Path) -> list[Path]:
    """Every fixture file below `folder`, in name order."""
    return sorted(p for p in folder.rglob("*.json") if not p.name.startswith("_"))


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
