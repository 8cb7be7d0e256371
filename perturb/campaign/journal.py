"""The append-only record of a run. A line is written whole or, after a crash, cut off and asked again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import orjson

from perturb.core.errors import UserError
from perturb.core.files import read_json, write_atomic

JOURNAL = "journal.jsonl"
MANIFEST = "run.json"


class Journal:
    """Appends records; knows which ids it holds. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.done: dict[str, str] = {}
        for record in read(folder):
            self.done[record["id"]] = record["digest"]
        self._log = LineLog(folder / JOURNAL)

    def append(self, record: dict[str, Any]) -> None:
        """One record, handed to the operating system before this returns: it survives a killed process."""
        self._log.append(record)
        self.done[record["id"]] = record["digest"]

    def sync(self) -> None:
        """Force what was appended to the disk."""
        self._log.sync()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._log.sync()
        self._log.close()


class LineLog:
    """An append-only file of JSON lines. A line survives a killed process; one cut by it is cut off when opened.

    Raises UserError when the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            _cut_torn_tail(path)
            self._file: BinaryIO = path.open("ab")
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from error

    def append(self, row: Any) -> None:
        """One line, handed to the operating system before this returns."""
        self._file.write(orjson.dumps(row, option=orjson.OPT_SORT_KEYS) + b"\n")
        self._file.flush()

    def sync(self) -> None:
        """Force what was appended to the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file. What was appended is with the operating system, and after `sync` on the disk."""
        self._file.close()

    def __enter__(self) -> LineLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read(folder: Path) -> Iterator[dict[str, Any]]:
    """Every whole record, in the order written. Raises UserError naming the line of a damaged one.

    A last line without its newline is what a kill leaves behind; it is passed over.
    """
    path = folder / JOURNAL
    for number, record in enumerate(read_lines(path), 1):
        if not {"id", "digest", "kind"} <= record.keys():
            raise UserError(f"{path}: line {number}: not a record of a run")
        yield record


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Every whole line of an append-only file of JSON objects; none when it is not there.

    A last line without its newline is what a kill leaves behind; it is passed over. Raises UserError naming the line
    of a damaged one.
    """
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise UserError(f"{path}: line {number}: damaged record: {error.msg}") from error
            if not isinstance(record, dict):
                raise UserError(f"{path}: line {number}: damaged record: not an object")
            yield record


def append_lines(path: Path, rows: Iterable[Any]) -> None:
    """Append `rows` and close the file again. Raises UserError when it cannot be written."""
    with LineLog(path) as log:
        for row in rows:
            log.append(row)


def _cut_torn_tail(path: Path) -> None:
    if not path.exists():
        return
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        end = size
        while end > 0:
            start = max(0, end - 65536)
            file.seek(start)
            at = file.read(end - start).rfind(b"\n")
            if at >= 0:
                file.truncate(start + at + 1)
                return
            end = start
        file.truncate(0)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write ``run.json`` through a temporary file, so that it is there whole or not at all."""
    write_atomic(folder / MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")


def open_folder(folder: Path, manifest: dict[str, Any], resume: bool) -> None:
    """Make `folder` this run's, or check that it is. Raises UserError when it belongs to another run."""
    known = read_manifest(folder) if (folder / MANIFEST).exists() else None
    if known is None:
        if resume:
            raise UserError(f"{folder}: no run to resume here (no {MANIFEST})")
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError(f"{folder}: not empty and not a run's folder; choose another --out")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{folder}: {error.strerror}") from error
        write_manifest(folder, manifest)
        return
    drift = sorted(key for key in manifest.keys() | known.keys() if manifest.get(key) != known.get(key))
    if drift:
        raise UserError(f"{folder}: holds another run (different: {', '.join(drift)}); choose another --out")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the run in `folder`. Raises UserError when there is none."""
    if not (folder / MANIFEST).is_file():
        raise UserError(f"{folder}: no run here (no {MANIFEST})")
    manifest = read_json(folder / MANIFEST)
    if not isinstance(manifest, dict):
        raise UserError(f"{folder / MANIFEST}: not an object")
    return manifest
