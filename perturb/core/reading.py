"""Reading what others wrote: JSON, strictly, with the file and line of whatever is wrong.

Refused: what is no UTF-8 (a byte order mark included), a key twice in one object, numbers beyond 64 bits, nesting
beyond `DEEPEST`, files beyond `LARGEST` bytes. Every refusal is a UserError of one line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from json.decoder import JSONObject  # type: ignore[attr-defined]  # the pure Python parser knows places
from json.scanner import py_make_scanner  # type: ignore[attr-defined]  # likewise
from pathlib import Path
from stat import S_ISREG
from typing import Any

import orjson

from perturb.core.errors import UserError

LARGEST = 16_000_000
DEEPEST = 100
_BOM = b"\xef\xbb\xbf"
_WHOLE = 2**63
# The longest way to write a number of 64 bits.
_DIGITS = 20


def read_json(path: Path, largest: int = LARGEST) -> Any:
    """The JSON in a file. Raises UserError naming the file, line and what is wrong."""
    return parsed(read_bytes(path, largest), str(path))


def json_lines(path: Path, largest: int = 20 * LARGEST) -> Iterator[tuple[int, Any]]:
    """(number, JSON) of every line of a file that is not blank. Raises UserError naming the file and line."""
    for number, line in enumerate(read_bytes(path, largest).split(b"\n"), 1):
        if line.strip():
            yield number, parsed(line, str(path), number)


def read_bytes(path: Path, largest: int = LARGEST) -> bytes:
    """The bytes of a regular file. Raises UserError when there is none of that name, or it is too large."""
    with opening(path):
        if path.stat().st_size > largest:
            raise UserError(f"{path}: larger than {largest} bytes")
        return path.read_bytes()


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Within, what keeps `path` from being read becomes a UserError: not there, no right to, no name for a file.

    So is what is no file: reading a pipe or a device may never end.
    """
    try:
        if not S_ISREG(path.stat().st_mode):
            raise UserError(f"{path}: not a file" if not path.is_dir() else f"{path}: a folder, not a file")
        yield
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise UserError(f"{path}: no name for a file: {error}") from error


def is_folder(path: Path) -> bool:
    """Whether there is a folder of that name; a name that no file can have is none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_file(path: Path) -> bool:
    """Whether there is a regular file of that name."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def parsed(data: bytes, where: str, line: int = 1) -> Any:
    """JSON data. `where` is its file and `line` the number of its first line, for the message of the UserError."""
    if data.startswith(_BOM):
        raise UserError(f"{where}: line {line}: begins with a byte order mark; save it as UTF-8 without one")
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        place = f"line {line + error.lineno - 1} column {error.colno}"
        raise UserError(f"{where}: {place}: {_reason(data, error.msg)}") from error
    if _deeper(found, DEEPEST):
        raise UserError(f"{where}: line {line}: nested deeper than {DEEPEST}")
    try:
        json.loads(data, object_pairs_hook=_once, parse_int=_whole)
    except _TwiceError:
        above, key = _first_twice(data.decode("utf-8"))
        raise UserError(f"{where}: line {line + above}: the key {key[:40]!r} stands twice in one object") from None
    except _TooLargeError as error:
        above = data.count(b"\n", 0, data.find(str(error).encode()))
        raise UserError(f"{where}: line {line + above}: holds a whole number beyond 64 bits") from None
    return found


def _reason(data: bytes, said: str) -> str:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"not UTF-8 (byte {error.start})"
    return said


def _deeper(value: Any, depth: int) -> bool:
    layer = [value]
    for _ in range(depth):
        layer = [item for one in layer for item in _members(one)]
    return bool(layer)


def _members(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


class _TwiceError(Exception):
    """An object has a key twice: which of them counts is anyone's guess."""


class _TooLargeError(Exception):
    """A whole number that becomes another one when it is read as 64 bits."""


def _whole(digits: str) -> None:
    if len(digits) > _DIGITS or not -_WHOLE <= int(digits) < _WHOLE:
        raise _TooLargeError(digits)


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise _TwiceError


def _first_twice(text: str) -> tuple[int, str]:
    """How many lines above, and the key, of the second standing in the first object that has one twice."""
    decoder: Any = json.JSONDecoder()
    found: list[tuple[int, str]] = []

    def parse(state: tuple[str, int], *rest: Any) -> Any:
        value, end = JSONObject(state, *rest)
        if found:
            return value, end
        keys = [key for key, _ in value]
        twice = next((key for n, key in enumerate(keys) if key in keys[:n]), None)
        if twice is not None:
            spelled = re.escape(json.dumps(twice, ensure_ascii=False))
            places = [m.start() for m in re.finditer(rf"{spelled}\s*:", text[state[1] : end])]
            found.append((text.count("\n", 0, state[1] + (places[1] if len(places) > 1 else 0)), twice))
        return value, end

    decoder.object_pairs_hook = lambda pairs: pairs
    decoder.parse_object = parse
    decoder.scan_once = py_make_scanner(decoder)
    decoder.decode(text)
    return found[0]
