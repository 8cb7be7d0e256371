"""The grader against labelled pairs, the outcomes against labelled replies, and what a bad line gives."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturb.core.exact import loads, same
from perturb.judging.grading.kinds import KINDS, UnusableError, compare
from perturb.judging.grading.lines_in import graded, verdict
from tests.judging_data import tables

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def test_labelled_pairs() -> None:
    table = Counter((item["kind"], item["equal"], got.get("equal")) for item, got in tables.pairs())
    assert sum(table.values()) >= 600
    wrong = [(item["id"], got) for item, got in tables.pairs() if item["equal"] != got.get("equal")]
    assert wrong == []
    assert {kind for kind, _, _ in table} == set(KINDS)
    for kind in KINDS:
        labels = Counter(label for (name, label, _), n in table.items() for _ in range(n) if name == kind)
        assert sum(labels.values()) >= 18, kind
        assert min(labels[True], labels[False]) >= 0.2 * sum(labels.values()), kind


def test_labelled_replies() -> None:
    found = list(tables.replies())
    assert len(found) >= 150
    assert [pair for pair in found if pair[0] != pair[1]] == []
    assert len({label for label, _ in found}) == 9


def test_the_page_is_what_the_graders_do() -> None:
    assert tables.PAGE.read_text() == tables.page(), "run `make confusion`"


@pytest.mark.parametrize("kind", ["json", "number", "enum", "list_ordered", "list_unordered"])
@given(value=JSON)
@settings(max_examples=25, deadline=None)
def test_a_value_is_itself_and_nothing_of_another_type(kind: str, value: object) -> None:
    text = json.dumps([value] if kind.startswith("list") else value)
    assert compare(kind, {}, loads(text), loads(text)).equal
    assert not compare(kind, {}, loads(text), text + " ").equal
    assert same(loads(text), json.loads(text))


ITEMS = {item["kind"]: item for item, _ in tables.pairs() if item["kind"] != "reply"}


@pytest.mark.parametrize("kind", sorted(ITEMS))
@given(got=JSON)
@settings(max_examples=20, deadline=None)
def test_anything_at_all_gets_a_verdict(kind: str, got: object) -> None:
    item = ITEMS[kind]
    judged = compare(kind, item["context"], item["expected"], got)
    assert isinstance(judged.equal, bool)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"kind": "pth", "expected": "a", "got": "a"}, "did you mean 'path'"),
        ({"expected": "a", "got": "a"}, "kind: missing"),
        ({"kind": "path", "got": "a"}, "expected: missing"),
        ({"kind": "path", "expected": "a"}, "got: missing"),
        ({"kind": "path", "context": [], "expected": "a", "got": "a"}, "context: not an object"),
        ({"kind": "glob", "context": {}, "expected": "a", "got": "a"}, "context.files"),
        ({"kind": "regex", "context": {"text": "x"}, "expected": "(", "got": "a"}, "expected"),
        ({"kind": "text", "context": {"compare": "zodiac"}, "expected": "a", "got": "a"}, "no way to compare"),
        ({"kind": "integer", "context": {"codec": "rot13"}, "expected": 1, "got": 1}, "is no codec"),
        ({"kind": "line_range", "context": {"total_lines": -1}, "expected": [1, 2], "got": [1, 2]}, "total_lines"),
        ({"kind": "date", "context": {"timezone": "Mars"}, "expected": "2026-01-01", "got": ""}, "no time zone"),
    ],
)
def test_a_line_that_cannot_be_used_says_why(item: dict[str, object], said: str) -> None:
    with pytest.raises(UnusableError, match=said):
        verdict(item)


def test_lines_come_back_in_order_and_a_bad_one_sets_the_exit_code() -> None:
    good = {"id": "a", "kind": "integer", "expected": 2**53 + 1, "got": 2**53}
    source = "\n".join([json.dumps(good), "", "{oops", "[1]", json.dumps({**good, "id": 7, "got": 2**53 + 1})])
    command = [sys.executable, "-m", "perturb.cli.main", "grade", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 2
    assert [row.get("id") for row in found] == ["a", None, None, 7]
    assert [row.get("equal") for row in found] == [False, None, None, True]
    wrong = subprocess.run([*command, "--reading", "strickt"], input="", capture_output=True, text=True)
    assert (wrong.returncode, "did you mean 'strict'" in wrong.stderr) == (2, True)


def test_the_reading_of_bfcl_forgives_what_that_benchmark_forgives() -> None:
    tool = {"name": "f", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
    item = {
        "kind": "call",
        "context": {"tools": [tool]},
        "expected": {"name": "f", "arguments": {"city": "San Francisco, CA"}},
        "got": {"name": "f", "arguments": {"city": "san francisco ca"}},
    }
    assert [verdict(item, reading)["equal"] for reading in ("strict", "bfcl")] == [False, True]
    assert next(graded([json.dumps(item).encode()], "bfcl"))["equal"] is True
