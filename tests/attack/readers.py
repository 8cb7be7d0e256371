"""Twenty thousand broken inputs for every reader of what others write."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.attack import Row
from tests.hostile.fuzzing import READERS, outcome

INPUTS = 20_000


def matrix(count: int) -> Iterator[Row]:
    """`count` inputs of each reader, seeded, so that a failure can be had again."""
    for reader in sorted(READERS):
        draw = random.Random(f"{reader} 1")
        with TemporaryDirectory() as folder:
            bad = [said for _ in range(count) if (said := outcome(reader, Path(folder), draw.randrange))]
        yield Row(f"broken input: {reader}", count, count - len(bad), bad[0][:120] if bad else "read, or one line")


def attack() -> Iterator[Row]:
    """All."""
    yield from matrix(INPUTS)


def sample() -> Iterator[Row]:
    """Some."""
    yield from matrix(500)
