"""Which format a file is of, by its content."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perturb.core.errors import UserError
from perturb.core.reading import opening
from perturb.core.registry import find
from perturb.core.values import Case
from perturb.recordings.registry import HEAD, IMPORTERS, Importer
from perturb.recordings.values import LeftOut, Recording


def claims(path: Path) -> list[str]:
    """The names of all importers that recognise a file. Raises UserError when it cannot be read."""
    with opening(path), path.open("rb") as file:
        head = file.read(HEAD)
    if not head.strip():
        raise UserError(f"{path}: is empty")
    return [name for name, one in sorted(IMPORTERS.items()) if _recognises(one, head, path)]


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


def records(one: Importer, path: Path) -> Iterator[Recording | Case | LeftOut]:
    """What an importer reads of a file. Raises UserError where a user's own fails, or reads what is no recording."""
    with _blamed(one, path):
        for found in one.read(path):
            yield found if _shipped(one) else _sound(found)


def _sound(found: object) -> Recording | Case | LeftOut:
    """`found`, with every field of the kind that it has to be. Raises TypeError or ValueError where one is not."""
    import msgspec

    if isinstance(found, Case | LeftOut):
        return found
    if not isinstance(found, Recording):
        raise TypeError(f"gave {type(found).__name__}, which is no Recording")
    return msgspec.convert(msgspec.to_builtins(found), Recording)


def _recognises(one: Importer, head: bytes, path: Path) -> bool:
    with _blamed(one, path):
        return one.recognises(head, path)


def _shipped(one: Importer) -> bool:
    return one.read.__module__.startswith("perturb.")


@contextmanager
def _blamed(one: Importer, path: Path) -> Iterator[None]:
    """Within, a mistake of a user's own importer is told in one line with its place; one of ours stays what it is."""
    try:
        yield
    except (UserError, OSError):
        raise
    except Exception as error:
        if _shipped(one):
            raise
        own = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == one.read.__code__.co_filename]
        place = f" at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
        raise UserError(f"{path}: the importer {one.name!r} failed{place}: {type(error).__name__}: {error}") from error
