"""Writing and reading safetensors files with numpy alone: a length, a JSON header, the data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from perturb.core.errors import UserError

if TYPE_CHECKING:
    import numpy as np

Precision = Literal["float32", "bfloat16", "int8"]
_NAMES = {"float32": "F32", "bfloat16": "BF16", "int8": "I8"}
# What an int8 tensor is to be multiplied by stands under its name with this ending.
_SCALE = ".scale"
_HEADER_LIMIT = 100_000_000


def write(
    path: Path, tensors: Iterable[tuple[str, np.ndarray[Any, Any]]], precision: Precision, about: dict[str, str]
) -> None:
    """Write `tensors` (float32 in) in their order; `about` is the header's free metadata. Raises OSError.

    As int8, tensors are matrices: 255 steps, their size that of the largest value along the longer side.
    """
    header: dict[str, Any] = {"__metadata__": {"format": "pt", **about}}
    blobs, offset = [], 0
    for name, value, kind in _pieces(tensors, precision):
        blob = _encoded(value, kind)
        header[name] = {
            "dtype": _NAMES[kind],
            "shape": list(value.shape),
            "data_offsets": [offset, offset + len(blob)],
        }
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.writelines((len(text).to_bytes(8, "little"), text, *blobs))


def _pieces(
    tensors: Iterable[tuple[str, np.ndarray[Any, Any]]], precision: Precision
) -> Iterator[tuple[str, np.ndarray[Any, Any], Precision]]:
    """What is stored of each tensor: itself, or whole numbers and their scale."""
    import numpy as np

    for name, value in tensors:
        if precision != "int8":
            yield name, value, precision
            continue
        scale = np.abs(value).max(axis=int(np.argmax(value.shape)), keepdims=True) / 127
        yield name, np.round(value / np.maximum(scale, 1e-30)), "int8"
        yield name + _SCALE, scale, "float32"


def _encoded(value: np.ndarray[Any, Any], precision: Precision) -> bytes:
    import numpy as np

    plain = np.ascontiguousarray(value, "<f4")
    if precision == "float32":
        return plain.tobytes()
    if precision == "int8":
        return plain.astype("i1").tobytes()
    bits = plain.view("<u4")
    # To the nearest; a tie goes to the even one.
    return bytes(((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes())


def read(path: Path) -> tuple[dict[str, str], dict[str, np.ndarray[Any, Any]]]:
    """The metadata and the tensors (as float32). Raises UserError for a file that is none or is cut."""
    try:
        data = path.read_bytes()
        size = int.from_bytes(data[:8], "little")
        if size > min(len(data), _HEADER_LIMIT):
            raise ValueError("the header is cut off")
        header = json.loads(data[8 : 8 + size])
        about = header.pop("__metadata__", {})
        found = dict(_decoded(header, memoryview(data)[8 + size :]))
        whole = {name for name in found if name + _SCALE in found}
        scales = {name: found.pop(name + _SCALE) for name in whole}
        return about, {name: value * scales[name] if name in whole else value for name, value in found.items()}
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: not a safetensors file that can be read here ({error})") from error


def _decoded(header: dict[str, Any], data: memoryview) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    import numpy as np

    for name, entry in header.items():
        start, end = entry["data_offsets"]
        kind, raw = entry["dtype"], data[start:end]
        if kind == "BF16":
            values = (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")
        elif kind == "F32":
            values = np.frombuffer(raw, "<f4")
        elif kind == "I8":
            values = np.frombuffer(raw, "i1").astype("<f4")
        else:
            raise ValueError(f"{name} has type {kind}")
        yield name, values.reshape(entry["shape"])
