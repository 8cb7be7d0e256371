"""Ways out of an emulated world: every hand-made attempt, thousands drawn from products, and what must stay bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.attack import Row
from tests.hostile.test_escapes import made


def _bad(found: dict[str, Any]) -> int:
    """How many attempts came to anything else than an answer."""
    rows = (row for kind in ("reached", "shown", "slow", "unanswered") for row in found[kind])
    return len({row if isinstance(row, str) else row[0] for row in rows})


def attack() -> Iterator[Row]:
    """The matrix."""
    yield from matrix(5, 1_000)


def sample() -> Iterator[Row]:
    """Some."""
    yield from matrix(1, 200)


def matrix(seeds: int, count: int) -> Iterator[Row]:
    """So many drawn for each seed, and what must stay bounded."""
    for seed in range(seeds):
        found = made("escapes", count, seed)
        survived = found["tried"] - _bad(found)
        yield Row(
            f"escapes from a world, seed {seed}", found["tried"], survived, "nothing of the host is reached or shown"
        )
    found = made("bounded")
    detail = f"each answered within 20 s, grown by {found['grown_mib']} MiB"
    yield Row("endless loops, floods and giants in a world", found["tried"], found["tried"] - _bad(found), detail)
