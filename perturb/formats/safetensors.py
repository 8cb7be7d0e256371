"""Writing and reading safetensors files with numpy alone: a length, a JSON header, the data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from perturb.core.errors import UserError

if TYPE_CHECKING:
    import numpy as np

Precision = Literal["float32", "bfloat16"]
_NAMES = {"float32": "F32", "bfloat16": "BF16"}
_HEADER_LIMIT = 100_000_000


def write(
    path: Path, tensors: Iterable[tuple[str, np.ndarray[Any, Any]]], precision: Precision, about: dict[str, str]
) -> None:
    """Write `tensors` (float32 in) in their order; `about` is the header's free metadata. Raises OSError."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt", **about}}
    blobs, offset = [], 0
    for name, value in tensors:
        blob = _encoded(value, precision)
        header[name] = {
            "dtype": _NAMES[precision],
            "shape": list(value.shape),
            "data_offsets": [offset, offset + len(blob)],
        }
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.writelines((len(text).to_bytes(8, "little"), text, *blobs))


def _encoded(value: np.ndarray[Any, Any], precision: Precision) -> bytes:
    import numpy as np

    plain = np.ascontiguousarray(value, "<f4")
    if precision == "float32":
        return plain.tobytes()
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
        return about, dict(_decoded(header, memoryview(data)[8 + size :]))
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
        else:
            raise ValueError(f"{name} has type {kind}")
        yield name, values.reshape(entry["shape"])
