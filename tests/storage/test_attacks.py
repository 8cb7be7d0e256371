"""A sample of each attack on the storage of a run. `make attack` runs them in full."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.attack import Row, damage, disk, folders, kills, limits, output, processes, trust

SAMPLES = {
    "damage": lambda: damage.matrix(300, 29),
    "disk": lambda: disk.matrix(11, ("run", "score")),
    "folders": lambda: folders.matrix(60),
    "kills": lambda: kills.kills(3),
    "limits": lambda: limits.matrix((100, 9000)),
    "output": lambda: output.matrix(output.COMMANDS[:1]),
    "processes": lambda: processes.matrix(1),
    "trust": trust.attack,
}


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_survives(name: str) -> None:
    rows: Iterator[Row] = SAMPLES[name]()
    found = list(rows)
    assert found
    assert [row for row in found if not 0 < row.tried == row.survived] == []
