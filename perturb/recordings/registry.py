"""Importers and exporters: one decorator each, one file each.

A user's own are registered by ``--load FILE.py``, where the same decorators are imported from ``perturb``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from perturb.core.errors import UserError
from perturb.core.values import Case, JsonObject
from perturb.recordings.values import LeftOut, Recording

# What the first bytes of a file must hold to be of a format (`head` is at most HEAD bytes, whole files if shorter).
HEAD = 65_536
Recognises = Callable[[bytes, Path], bool]
# An importer may yield ready cases too, where its format holds gold answers.
Imports = Callable[[Path], Iterator[Recording | Case | LeftOut]]
Exports = Callable[[Recording], JsonObject]


@dataclass(frozen=True, slots=True)
class Importer:
    """A format that can be read: its name, how its files are known, and how they are read, record by record."""

    name: str
    recognises: Recognises
    read: Imports
    summary: str


IMPORTERS: dict[str, Importer] = {}
EXPORTERS: dict[str, Exports] = {}


def importer(name: str, *, recognises: Recognises) -> Callable[[Imports], Imports]:
    """Register ``path -> Recording | Case | LeftOut, …`` as the reader of the format `name`.

    ``recognises(head, path)`` sees the first :data:`HEAD` bytes of a file and says whether it is of this format: cheap,
    and true of no other format's files, since a file that two importers claim is refused with both names.
    """

    def register(function: Imports) -> Imports:
        if name in IMPORTERS:
            raise UserError(f"{name!r} is registered twice")
        summary = (function.__doc__ or "").strip().partition("\n")[0]
        IMPORTERS[name] = Importer(name, recognises, function, summary)
        return function

    return register


def exporter(name: str) -> Callable[[Exports], Exports]:
    """Register ``recording -> JSON object`` as the writer of the format `name`."""

    def register(function: Exports) -> Exports:
        if name in EXPORTERS:
            raise UserError(f"{name!r} is registered twice")
        EXPORTERS[name] = function
        return function

    return register
