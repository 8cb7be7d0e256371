"""A sample of each attack on the storage of a run. `make attack` runs them in full."""

from __future__ import annotations

import pytest

from tests.attack import Row, damage, disk, folders, kills, limits, output, processes, trust

SAMPLES = {
    module.__name__.rpartition(".")[2]: module
    for module in (damage, disk, folders, kills, limits, output, processes, trust)
}


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_survives(name: str) -> None:
    module = SAMPLES[name]
    found: list[Row] = list(getattr(module, "sample", module.attack)())
    assert found
    assert [row for row in found if not 0 < row.tried == row.survived] == []
