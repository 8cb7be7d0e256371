"""A sample of the broken recordings; the whole is in ``make attack``."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.recordings.mutations import broken, outcome
from tests.recordings.samples import SAMPLES

EACH = 10


@pytest.mark.parametrize("sample", SAMPLES, ids="-".join)
def test_broken_recordings_are_read_or_refused_in_a_line(tmp_path: Path, sample: tuple[str, str]) -> None:
    draw = random.Random(f"{sample} 2")
    assert [said for _ in range(EACH) if (said := outcome(sample, tmp_path, draw.randrange))] == []


def test_there_are_enough_of_them_and_they_differ() -> None:
    assert len(SAMPLES) * EACH >= 200
    draw = random.Random(3)
    made = {broken(sample, draw.randrange) for sample in SAMPLES for _ in range(EACH)}
    assert len(made) > 0.9 * len(SAMPLES) * EACH
