"""Every promise of docs/reliability.md names tests, and those exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.storage.test_attacks import SAMPLES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text()
NAMED = re.findall(r"`(tests/\S+\.py)::(\w+)(?:\[(\w+)\])?`", PAGE)


def test_the_named_tests_exist() -> None:
    assert len(NAMED) >= 20
    for file, name, parameter in NAMED:
        tree = ast.parse((ROOT / file).read_text())
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{file}::{name}"
        assert not parameter or parameter in SAMPLES, parameter


def test_every_promise_names_its_test() -> None:
    """A paragraph that begins with a bold promise says how it is shown, or that it is an arrangement."""
    text = PAGE.partition("## Exit codes")[0]
    promises = re.split(r"\n(?=\*\*)", text)[1:]
    unshown = [p.splitlines()[0] for p in promises if "hown by*" not in p and "not a measurement" not in p]
    # Shown together with the promise that follows.
    assert [line for line in unshown if not line.startswith("**Code runs only")] == []


def test_every_sample_shows_a_promise() -> None:
    assert {parameter for _, name, parameter in NAMED if name == "test_survives"} == set(SAMPLES)
