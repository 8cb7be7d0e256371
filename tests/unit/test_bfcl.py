"""The importer on the real records: every case it makes is one that a perfect agent gets right."""

from __future__ import annotations

from pathlib import Path

import pytest

from perturb.core.errors import UserError
from perturb.core.registry import SCAFFOLDS
from perturb.judging.ideal import ideal, spoken
from perturb.judging.scoring import score
from perturb.recordings.loading import import_files
from perturb.scaffolding.binding import bind
from perturb.trajectories.bfcl_functions import json_schema, legal
from perturb.trajectories.imported import load_cases

FILES = (
    "simple_python",
    "simple_java",
    "multiple",
    "parallel_multiple",
    "irrelevance",
    "live_relevance",
    "live_simple",
)


def test_type_names_become_json_schema() -> None:
    source = {
        "type": "dict",
        "properties": {"a": {"type": "ArrayList", "items": {"type": "float"}}, "b": {"type": "any"}},
    }
    made = json_schema(source)
    assert made["properties"] == {"a": {"type": "array", "items": {"type": "number"}}, "b": {}}
    assert legal("a.b c") == "a_b_c"


@pytest.mark.parametrize("name", [*FILES, "multi_turn_miss_func"])
def test_perfect_is_right_on_every_imported_record(name: str, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "cases.jsonl"
    (report,) = import_files([data / "bfcl" / f"BFCL_v4_{name}.json"], out)
    assert report.format == "bfcl"
    assert report.cases > 10
    assert all("accepted answer" in one.reason for one in report.left_out)
    scaffold = SCAFFOLDS["mini_agent"]
    for episode in load_cases(out):
        for case in episode.cases:
            bound = bind(case, scaffold)
            assert bound is not None, case.id
            assert score(bound, spoken(bound, ideal(bound).reply)).joint == 1, case.id


def test_bad_files_name_line_and_field(tmp_path: Path) -> None:
    bad = tmp_path / "BFCL_bad.json"
    bad.write_text('{"id": "x", "question": [], "function": []}\n{"id": 3}\n')
    with pytest.raises(UserError, match=r"line 2: id, question"):
        list(import_files([bad], tmp_path / "out.jsonl"))
    cases = tmp_path / "cases.jsonl"
    cases.write_text('{"id": "a"}\n')
    with pytest.raises(UserError, match="line 1: cluster"):
        list(load_cases(cases))
