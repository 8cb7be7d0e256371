"""Any bytes at any reader: read, or refused in one line that names the file; never anything else."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile.fuzzing import READERS, outcome

FEW = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("reader", sorted(READERS))
def test_anything_is_read_or_refused(reader: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp(reader)

    @FEW
    @given(st.data())
    def one(data: st.DataObject) -> None:
        assert outcome(reader, folder, lambda n: data.draw(st.integers(0, n - 1))) == ""

    one()
