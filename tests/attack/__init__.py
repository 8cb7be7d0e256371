"""Attacks on the suite, told as a table: what was tried, how often, and how much of it was survived.

Every file here has a function ``attack() -> Iterator[Row]``, which runs its matrix in full. A small sample of the same
matrix runs with the tests. ``make attack`` (``python -m tests.attack``) runs every file and prints the table.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Survived means that exactly what is promised happened; `detail` says what that is."""

    name: str
    tried: int
    survived: int
    detail: str = ""
