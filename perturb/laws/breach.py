"""What a broken law looks like."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Breach:
    """`law` was broken by `name` at `example` (a record-like id that replays); `detail` says how."""

    law: str
    name: str
    example: str
    detail: str
