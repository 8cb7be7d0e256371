"""Which format a file is of, by its content."""

from __future__ import annotations

from pathlib import Path

from perturb.core.errors import UserError
from perturb.core.reading import opening
from perturb.core.registry import find
from perturb.recordings.registry import HEAD, IMPORTERS, Importer


def claims(path: Path) -> list[str]:
    """The names of all importers that recognise a file. Raises UserError when it cannot be read."""
    with opening(path), path.open("rb") as file:
        head = file.read(HEAD)
    if not head.strip():
        raise UserError(f"{path}: is empty")
    return [name for name, one in sorted(IMPORTERS.items()) if one.recognises(head, path)]


def importer_of(path: Path, name: str = "") -> Importer:
    """The importer of a file: the one called `name`, or the only one that recognises it.

    Raises UserError where none does, or several do.
    """
    if name:
        found: Importer = find(IMPORTERS, name, "format")
        return found
    names = claims(path)
    if not names:
        raise UserError(f"{path}: is of no format that is known ({', '.join(sorted(IMPORTERS))})")
    if len(names) > 1:
        raise UserError(f"{path}: could be {' or '.join(names)}; say which with --format")
    return IMPORTERS[names[0]]
