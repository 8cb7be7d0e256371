"""What every test needs: everything that ships is registered, and where reference data would be."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from perturb.core.registry import load_builtin
from tests.loopback import Server, serving

load_builtin()
# Tests that run pytest themselves are no workers of the run that they are part of.
for name in [name for name in os.environ if name.startswith("PYTEST_XDIST_")]:
    del os.environ[name]
DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def data() -> Path:
    """The folder of public reference data, which is not part of this repository."""
    if not DATA.is_dir():
        pytest.skip("the reference data is not beside this checkout")
    return DATA


@pytest.fixture
def server() -> Iterator[Server]:
    """An OpenAI-compatible server on the loopback interface."""
    with serving() as made:
        yield made


@pytest.fixture
def guard() -> Iterator[None]:
    """Ends a test that hangs, far beyond what a slow machine needs: no time is measured here."""

    def hung(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError("this should have ended at once")

    before = signal.signal(signal.SIGALRM, hung)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
