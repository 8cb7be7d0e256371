"""Files: JSON read with a clear error, bytes written in one step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from perturb.core.errors import UserError


def read_json(path: Path, limit: int = 16_000_000) -> Any:
    """The JSON in a file. Raises UserError naming the file, line and column."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from error
    if len(raw) > limit:
        raise UserError(f"{path}: larger than {limit} bytes")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise UserError(f"{path}: line {error.lineno} column {error.colno}: {error.msg}") from error


def write_atomic(path: Path, data: bytes) -> None:
    """Replace `path` by `data` in one step."""
    temporary = path.with_name(path.name + ".tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
