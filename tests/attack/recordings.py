"""Broken files of every recorded format, seeded, so that a failure can be had again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.attack import Row
from tests.recordings.mutations import outcome
from tests.recordings.samples import SAMPLES

FILES = 150


def attack() -> Iterator[Row]:
    """A row a format."""
    for form in sorted({form for form, _ in SAMPLES}):
        names = [sample for sample in SAMPLES if sample[0] == form]
        draw = random.Random(f"{form} 1")
        with TemporaryDirectory() as folder:
            bad = [said for n in range(FILES) if (said := outcome(names[n % len(names)], Path(folder), draw.randrange))]
        yield Row(f"broken recordings: {form}", FILES, FILES - len(bad), bad[0][:120] if bad else "read, or one line")
