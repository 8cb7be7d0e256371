"""Reading a GGUF file: its metadata, and its tensors as 32-bit floats.

The layout is the one of ggml's specification (version 3): little-endian, length-prefixed strings, tensors in blocks
of 32 values. Only the three tensor types are read that the package's file holds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perturb.core.errors import UserError

if TYPE_CHECKING:
    import numpy as np

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_F32, _Q4_1, _Q8_0 = 0, 3, 8
_BLOCK = 32
_BYTES_PER_BLOCK = {_F32: 4 * _BLOCK, _Q4_1: 20, _Q8_0: 34}


@dataclass(frozen=True, slots=True)
class Gguf:
    """An open file: `meta` by key, tensors by name. Make one with :func:`read`."""

    data: memoryview
    meta: dict[str, Any]
    places: dict[str, tuple[tuple[int, ...], int, int]]  # shape, type, first byte

    def __iter__(self) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
        """Every tensor by its name, one at a time."""
        return ((name, self.tensor(name)) for name in self.places)

    def tensor(self, name: str) -> np.ndarray[Any, Any]:
        """One tensor, dequantised to float32."""
        import numpy as np

        shape, kind, at = self.places[name]
        width = _BYTES_PER_BLOCK[kind]
        raw = np.frombuffer(self.data, "u1", prod(shape) // _BLOCK * width, at)
        if kind == _F32:
            plain: np.ndarray[Any, Any] = raw.view("<f4").reshape(shape)
            return plain
        blocks = raw.reshape(-1, width)
        scale = blocks[:, :2].copy().view("<f2").astype("<f4")
        if kind == _Q8_0:
            values = scale * blocks[:, 2:].view("i1")
        else:
            least, nibbles = blocks[:, 2:4].copy().view("<f2").astype("<f4"), blocks[:, 4:]
            # The low nibbles of a block are its first half, the high ones its second.
            values = scale * np.hstack([nibbles & 15, nibbles >> 4]) + least
        whole: np.ndarray[Any, Any] = values.astype("<f4").reshape(shape)
        return whole


def read(path: Path) -> Gguf:
    """Open a GGUF file. Raises UserError for one that is cut, no GGUF, or holds a tensor type not read here."""
    try:
        data = memoryview(path.read_bytes())
        return _parsed(data)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    except (struct.error, UnicodeDecodeError, KeyError, ValueError) as error:
        raise UserError(f"{path}: not a GGUF file that can be read here ({error})") from error


def _parsed(data: memoryview) -> Gguf:
    reader = _Reader(data)
    if bytes(reader.take(4)) != b"GGUF":
        raise ValueError("it does not begin with GGUF")
    reader.number("I")  # the version
    tensors, pairs = reader.number("Q"), reader.number("Q")
    meta = {reader.string(): reader.value(reader.number("I")) for _ in range(pairs)}
    index = [_entry(reader) for _ in range(tensors)]
    align = int(meta.get("general.alignment", 32))
    start = -(-reader.at // align) * align
    places = {name: (shape, kind, start + offset) for name, shape, kind, offset in index}
    for name, (shape, kind, at) in places.items():
        if kind not in _BYTES_PER_BLOCK:
            raise ValueError(f"{name} has tensor type {kind}")
        if at + prod(shape) // _BLOCK * _BYTES_PER_BLOCK[kind] > len(data):
            raise ValueError(f"{name} is cut off")
    return Gguf(data, meta, places)


def _entry(reader: _Reader) -> tuple[str, tuple[int, ...], int, int]:
    name = reader.string()
    # Dimensions stand fastest first; arrays here have theirs last.
    shape = tuple(reader.number("Q") for _ in range(reader.number("I")))[::-1]
    return name, shape, reader.number("I"), reader.number("Q")


class _Reader:
    """A place in the header."""

    def __init__(self, data: memoryview) -> None:
        self.data, self.at = data, 0

    def take(self, size: int) -> memoryview:
        if self.at + size > len(self.data):
            raise ValueError("the header is cut off")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, code: str) -> Any:
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def string(self) -> str:
        return bytes(self.take(self.number("Q"))).decode("utf-8")

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY:
            inner, count = self.number("I"), self.number("Q")
            return [self.value(inner) for _ in range(count)]
        return self.number(_NUMBERS[kind])
