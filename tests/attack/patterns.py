"""Patterns that run for ever where a matcher backs off and tries again."""

from __future__ import annotations

import time
from collections.abc import Iterator

from perturb.core.errors import UserError
from perturb.core.patterns import compile_pattern
from tests.attack import Row
from tests.hostile.test_patterns import REFUSED, RUNAWAYS


def attack() -> Iterator[Row]:
    """The matrix."""
    began, slow = time.monotonic(), 0
    for pattern, text in RUNAWAYS:
        start = time.monotonic()
        compile_pattern(pattern).search(text)
        slow += time.monotonic() - start > 1
    took = time.monotonic() - began
    yield Row("patterns that run away", len(RUNAWAYS), len(RUNAWAYS) - slow, f"all within {1000 * took:.0f} ms")
    taken = 0
    for pattern in REFUSED:
        try:
            compile_pattern(pattern)
            taken += 1
        except UserError:
            pass
    yield Row("patterns that need backtracking or are none", len(REFUSED), len(REFUSED) - taken, "refused in one line")
