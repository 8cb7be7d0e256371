"""The records of a file, one by one, in memory that does not grow with the file.

A JSON Lines file is read line by line, a broken line does no harm to the others. Of one JSON document that holds
records in a list, only one record at a time is held: the text is split at the brackets outside of strings, each
record is parsed as strictly as any other input, and what stands between the records must be JSON as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from perturb.core.errors import UserError
from perturb.core.reading import opening, parsed, read_bytes
from perturb.recordings.fields import UnreadableError
from perturb.recordings.values import LeftOut, Recording

# Bytes of one record, and of a document that is read as a whole.
LARGEST = 64_000_000
_CHUNK = 1 << 20
# A string (perhaps cut where the text read so far ends), or a bracket.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+("|\\?\Z)|[][{}]', re.S)


def each(path: Path, make: Callable[[str, Any], Recording], inside: str = "") -> Iterator[Recording | LeftOut]:
    """What `make` reads of each record (its place, its JSON), or why it is left out.

    `inside`: the key of the list that holds the records, where the document is an object.
    """
    for where, record in records(path, inside):
        yield record if isinstance(record, LeftOut) else taken(where, record, make)


def taken(where: str, record: Any, make: Callable[[str, Any], Recording]) -> Recording | LeftOut:
    """What `make` reads of a record, or the reason why it is left out."""
    try:
        return make(where, record)
    except UnreadableError as error:
        return LeftOut(where, str(error))


def records(path: Path, inside: str = "") -> Iterator[tuple[str, Any | LeftOut]]:
    """(place, JSON or why it is left out) of each record: of a list, of the list `inside`, of the lines, or the one."""
    if _first(path) == b"[" or inside:
        for key, line, data in members(path, inside):
            if key == inside:
                yield _parsed(data, path, line)
    elif _is_lines(path):
        yield from lines(path)
    else:
        yield f"{path}", document(path)


def lines(path: Path) -> Iterator[tuple[str, Any | LeftOut]]:
    """(place, JSON or why it is left out) of each line that is not blank. Raises UserError for an endless line."""
    _first(path)
    with opening(path), path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(LARGEST), b""), 1):
            if len(line) == LARGEST:
                raise UserError(f"{path}: line {number}: longer than {LARGEST} bytes")
            if line.strip():
                yield _parsed(line, path, number)


def document(path: Path) -> Any:
    """The JSON of a whole file. Raises UserError naming file and line."""
    return parsed(read_bytes(path, LARGEST), str(path))


def members(path: Path, inside: str = "") -> Iterator[tuple[str, int, bytes]]:
    """(key, line, JSON text) of each list or object within a document: a list's items, an object's members.

    Of the member `inside`, which is a list, each item comes by itself. Raises UserError when what stands between them
    is no JSON.
    """
    between: list[bytes] = []
    item: list[bytes] | None = None
    key, begun, line, depth, floor = "", 1, 1, 0, 1
    for gap, token in _tokens(path):
        line += gap.count(b"\n")
        into = between if item is None else item
        into.append(gap)
        if token in (b"[", b"{"):
            if item is None and depth == floor and not (key == inside and token == b"[" and floor == 1 and inside):
                item, begun = [], line
            elif item is None and depth == floor:
                floor = 2
            (between if item is None else item).append(token)
            depth += 1
        elif token in (b"]", b"}"):
            into.append(token)
            depth -= 1
            if item is not None and depth == floor:
                text = b"".join(item)
                yield key, begun, text
                between.append(b"0" + b"\n" * text.count(b"\n"))
                item = None
            elif item is None and depth < floor:
                floor = 1
        else:
            into.append(token)
            if item is None and depth == 1 and inside:
                key = token[1:-1].decode("utf-8", "replace")
    parsed(b"".join([*between, *(item or ())]), str(path))


def _tokens(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """(what stands before it, string or bracket) through a file; joined they are its text."""
    rest = b""
    with opening(path), path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            text, at = rest + chunk, 0
            for found in _TOKEN.finditer(text):
                if found[1] is not None and found[1] != b'"':
                    break
                yield text[at : found.start()], found[0]
                at = found.end()
            rest = text[at:]
            if len(rest) > LARGEST:
                raise UserError(f"{path}: holds a text longer than {LARGEST} bytes")
    yield rest, b""


def _first(path: Path) -> bytes:
    """The first byte that is no white space. Raises UserError when there is no file, or it is empty."""
    with opening(path), path.open("rb") as file:
        head = file.read(_CHUNK).lstrip()
    if not head:
        raise UserError(f"{path}: is empty")
    return head[:1]


def _is_lines(path: Path) -> bool:
    """Whether one of the first lines is a whole record by itself."""
    with opening(path), path.open("rb") as file:
        for _ in range(4):
            line = file.readline(LARGEST)
            with suppress(orjson.JSONDecodeError):
                if line.startswith(b"{") and isinstance(orjson.loads(line), dict):
                    return True
    return False


def _parsed(data: bytes, path: Path, line: int) -> tuple[str, Any | LeftOut]:
    where = f"{path}: line {line}"
    try:
        return where, parsed(data, str(path), line)
    except UserError as error:
        return where, LeftOut(where, str(error).removeprefix(f"{path}: "))
