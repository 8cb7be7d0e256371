"""The attack table can only be believed when nothing in it can be left out or pass by trying nothing."""

from __future__ import annotations

import importlib

import pytest

from tests.attack import Row
from tests.attack.__main__ import line, names, rows


@pytest.mark.parametrize("name", names())
def test_every_file_attacks(name: str) -> None:
    assert callable(importlib.import_module(f"tests.attack.{name}").attack)


def test_what_was_not_survived_is_marked() -> None:
    assert line(Row("a", 3, 3)).startswith(" ")
    assert line(Row("a", 3, 2)).startswith("!")
    assert line(Row("a", 0, 0)).startswith("!")


def test_an_attack_that_breaks_is_not_survived() -> None:
    assert [(row.tried, row.survived) for row in rows("nothing_of_that_name")] == [(1, 0)]
