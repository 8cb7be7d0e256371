"""Append-only files of JSON lines, each sealed by a checksum: a line is used as it was written, or it is named.

The checksum is 64 bits of BLAKE2 over the line's own bytes, as its last member; so the line stays plain JSON.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, is_dataclass
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import orjson

from perturb.campaign.shapes import Shape, problem
from perturb.core import files
from perturb.core.errors import StorageError, UserError
from perturb.core.redaction import redacted_line

_HEAD, _TAIL = b',"sum":"', b'"}\n'
SEAL = len(_HEAD) + 16 + len(_TAIL)
# What a power cut may cost at most: the lines of so many seconds.
SYNC_S = 1.0
_STEP = 1 << 16
# What a model said is kept to the letter, unless a person wants otherwise (``--redact-replies``).
REPLIES = frozenset(("response", "rounds"))
# So many damaged lines are named one by one.
NAMED = 10


def sealed(row: Any) -> bytes:
    r"""One JSON object (or dataclass) as a line with its checksum.

    >>> sealed({"a": 1})
    b'{"a":1,"sum":"1f8c00645b7df6ce"}\n'
    """
    return _closed(_json(row))


def _closed(body: bytes) -> bytes:
    return b"".join((body[:-1], _HEAD, _sum(body), _TAIL))


def private(row: Any, verbatim: frozenset[str] = REPLIES) -> bytes:
    r"""`row` as a line that holds no secret but in what stands under the keys of `verbatim`.

    >>> private({"detail": "token=abcd1234", "response": {"text": "token=abcd1234"}})[:40]
    b'{"detail":"token=[redacted]","response":'
    """
    return _closed(redacted_line(_json(row), verbatim))


def unsealed(line: bytes) -> dict[str, Any] | None:
    r"""The object of a line, or None when it is not as it was written.

    >>> unsealed(sealed({"a": 1}))
    {'a': 1}
    >>> unsealed(sealed({"a": 1}).replace(b"1", b"2", 1)) is None
    True
    """
    seal = line[-SEAL:]
    body = line[:-SEAL] + b"}"
    if seal != b"".join((_HEAD, _sum(body), _TAIL)):
        return None
    try:
        row = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return row if isinstance(row, dict) else None


def _sum(body: bytes) -> bytes:
    return blake2b(body, digest_size=8).hexdigest().encode()


def _json(row: Any) -> bytes:
    try:
        plain = orjson.dumps(row)
    except TypeError:
        # Lone surrogates and numbers beyond 64 bits, as a server can send them: an answer is kept all the same.
        plain = json.dumps(row, ensure_ascii=False, default=_plain).encode("utf-8", "replace")
    # Twice, because a dataclass keeps the order of its fields: one value has one form.
    return orjson.dumps(orjson.loads(plain), option=orjson.OPT_SORT_KEYS)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


class Line(NamedTuple):
    """A whole line of a file: its number (from 1), its place, and what it says; None when it is damaged.

    `canonical`: it is the form that `sealed` gives what it says, so that two lines of one value are the same bytes.
    """

    number: int
    offset: int
    length: int
    row: dict[str, Any] | None
    seal: bytes = b""
    canonical: bool = False


@dataclass(frozen=True, slots=True)
class Damage:
    """What of a file could not be used: numbers of damaged lines, and whether its end was cut off."""

    path: Path
    lines: tuple[int, ...] = ()
    cut: bool = False

    def __bool__(self) -> bool:
        return bool(self.lines) or self.cut

    def __str__(self) -> str:
        said = []
        if self.lines:
            named = ", ".join(map(str, self.lines[:NAMED])) + (", …" if len(self.lines) > NAMED else "")
            count = "1 damaged line is" if len(self.lines) == 1 else f"{len(self.lines)} damaged lines are"
            said.append(f"{count} left out (line {named})")
        if self.cut:
            said.append("the last line is cut off, as a killed process leaves it, and left out")
        return f"{self.path}: {'; '.join(said)}"


def scan(path: Path) -> Iterator[Line]:
    """Every line of a file; none when it is not there. Raises StorageError when it cannot be read.

    A last line without its newline counts when its checksum is right; else its number is 0: it was never finished.
    """
    offset = 0
    for number, line in enumerate(files.lines(path), 1):
        whole = line.endswith(b"\n")
        sound = line if whole else line + b"\n"
        row = unsealed(sound)
        # What was read is written again rather than hashed again: half the time of a large journal.
        canonical = row is not None and orjson.dumps(row, option=orjson.OPT_SORT_KEYS)[:-1] == sound[:-SEAL]
        yield Line(number if whole or row is not None else 0, offset, len(line), row, sound[-SEAL:-1], canonical)
        offset += len(line)


def damage(path: Path, found: Iterable[Line]) -> Damage:
    """What is wrong with the lines of a file."""
    bad = [line.number for line in found if line.row is None]
    return Damage(path, tuple(number for number in bad if number), 0 in bad)


class LineLog:
    """Appends sealed lines, without secrets (see `private`).

    A line survives a killed process; one that a kill cut off goes when the file is opened.

    Raises StorageError when the disk refuses; the file is then as it was, perhaps with a cut-off line at its end.
    """

    def __init__(self, path: Path, verbatim: frozenset[str] = REPLIES) -> None:
        self._file = files.Appender(path)
        self._verbatim = verbatim
        end, rest = _unfinished(path, self._file.size())
        if rest and unsealed(rest + b"\n") is not None:
            self._file.append(b"\n")
        elif rest:
            self._file.cut(end)
        self._synced = time.monotonic()

    def append(self, row: Any) -> None:
        """One line, handed to the operating system before this returns; on the disk within `SYNC_S` of the next."""
        self._file.append(private(row, self._verbatim))
        if time.monotonic() - self._synced >= SYNC_S:
            self.sync()

    def extend(self, rows: Iterable[Any]) -> None:
        """Several lines."""
        for row in rows:
            self.append(row)

    def sync(self) -> None:
        """Force what was appended to the disk."""
        self._file.sync()
        self._synced = time.monotonic()

    def __enter__(self) -> LineLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.sync()
        except StorageError:
            # The first refusal is the one to tell.
            if not isinstance(error, StorageError):
                raise
        finally:
            self._file.close()


def _unfinished(path: Path, size: int) -> tuple[int, bytes]:
    """Where the last finished line of a file ends, and what stands after it."""
    rest, start = b"", size
    while start and b"\n" not in rest:
        start, end = max(0, start - _STEP), start
        rest = next(files.read_at(path, [(start, end - start)])) + rest
    kept = rest.rfind(b"\n") + 1
    return start + kept, rest[kept:]


class Lines:
    """What the sound lines of a file say, each as `shape` demands; none when it is not there.

    `damage` is what had to be left out, known once all are read. Raises UserError naming the line that is no such one.
    """

    def __init__(self, path: Path, shape: Shape) -> None:
        self.path = path
        self.damage = Damage(path)
        self._shape = shape

    def __iter__(self) -> Iterator[dict[str, Any]]:
        bad = []
        for line in scan(self.path):
            if line.row is None:
                bad.append(line)
                continue
            if wrong := problem(line.row, self._shape):
                raise UserError(f"{self.path}: line {line.number}: {wrong}")
            yield line.row
        self.damage = damage(self.path, bad)
