"""Twenty thousand broken inputs for every reader of what others write."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.attack import Row
from tests.hostile.fuzzing import READERS, outcome

INPUTS = 20_000


def attack() -> Iterator[Row]:
    """The matrix: each reader, seeded, so that a failure can be had again."""
    for reader in sorted(READERS):
        draw = random.Random(f"{reader} 1")
        with TemporaryDirectory() as folder:
            bad = [said for _ in range(INPUTS) if (said := outcome(reader, Path(folder), draw.randrange))]
        yield Row(f"broken input: {reader}", INPUTS, INPUTS - len(bad), bad[0][:120] if bad else "read, or one line")
