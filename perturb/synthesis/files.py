"""Writing examples: JSON Lines or Parquet, whole or not at all, and which of two files a cluster belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from perturb.core.errors import UserError
from perturb.core.files import storing

Write = Callable[[dict[str, Any], bytes], None]
# Rows of a Parquet file that are held in memory at a time.
_GROUP = 1_000
VALIDATION = ".validation"


def line_of(row: dict[str, Any]) -> bytes:
    """A row as one JSON line."""
    return orjson.dumps(row) + b"\n"


def beside(path: Path) -> Path:
    """The file of the other side of a split.

    >>> beside(Path("data.jsonl")).name
    'data.validation.jsonl'
    """
    return path.with_name(f"{path.stem}{VALIDATION}{path.suffix}")


def set_aside(cluster: str, share: float) -> bool:
    """Whether a cluster belongs to the smaller side of a split; the same for every file and seed."""
    return int.from_bytes(blake2b(cluster.encode(), digest_size=4).digest(), "big") < share * 2**32


@contextmanager
def writing(path: Path) -> Iterator[Write]:
    """What takes one row after the other, given with its JSON line; `path` is there when all have been written.

    Raises UserError when the file cannot be made, StorageError when the disk takes no more; nothing is left then.
    """
    temporary = path.with_name(path.name + ".tmp")
    opened = _parquet if path.suffix == ".parquet" else _lines
    try:
        temporary.touch()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    try:
        with storing(path):
            with opened(temporary) as write:
                yield write
            temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def _lines(path: Path) -> Iterator[Write]:
    with path.open("wb") as file:

        def write(_row: dict[str, Any], line: bytes) -> None:
            file.write(line)

        yield write


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    """Texts and numbers as columns; what is nested (messages, tools) as JSON text, for no two tools have one form."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise UserError("Parquet needs pyarrow: pip install 'perturb-agents[parquet]'") from error
    rows: list[dict[str, Any]] = []
    made: list[Any] = []

    def flush() -> None:
        table = pa.Table.from_pylist(rows)
        made[:] = made or [parquet.ParquetWriter(path, table.schema)]
        made[0].write_table(table)
        rows.clear()

    def write(row: dict[str, Any], _line: bytes) -> None:
        rows.append(
            {key: value if isinstance(value, str) else orjson.dumps(value).decode() for key, value in row.items()}
        )
        if len(rows) == _GROUP:
            flush()

    try:
        yield write
        if rows:
            flush()
    finally:
        for writer in made:
            writer.close()
