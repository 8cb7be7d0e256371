"""Compare, gate and export on a run whose truth is known."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from perturb.campaign.journal import Records
from perturb.cli.main import main
from perturb.core.errors import UserError
from perturb.report.export import written
from perturb.statistics.compared import compare
from perturb.statistics.gate import Rules, rulings
from perturb.statistics.power import Assumed, smallest, to_exclude, to_show
from perturb.statistics.summary import summarise


def records(fixtures: int, lost: int, part: str = "tools", failed: int = 0) -> list[dict[str, Any]]:
    """Ten decisions a fixture, all right at base; of the perturbed ones `lost` a fixture are wrong."""
    made: list[dict[str, Any]] = []
    for fixture in range(fixtures):
        for case in range(10):
            name = f"f{fixture}@{case}/mini_agent"
            common = {"case": f"f{fixture}@{case}", "cluster": f"f{fixture}", "scaffold": "mini_agent", "scores": {}}
            common |= {"failure": None, "unscored": None, "response": {"text": "=1+1"}, "digest": "d", "relation": ""}
            for draw in range(4):
                verdict = {"joint": 1, "outcome": "correct", "rules": [], "reason": ""}
                base = {"id": f"{name}#{draw}", "base": f"{name}#{draw}", "kind": "base", "sample": draw}
                made.append({**common, **base, "operator": "", "part": "", "recipe": "", "verdict": verdict})
            right = int(case >= lost)
            verdict = {"joint": right, "outcome": "correct" if right else "wrong_tool", "rules": [], "reason": ""}
            own = {"id": f"{name}+{part}.x[]#0", "base": f"{name}#0", "kind": "perturbed", "sample": 0, "recipe": ""}
            row = {**common, **own, "operator": f"{part}.x", "part": part, "verdict": verdict}
            if failed:
                failed -= 1
                row |= {"verdict": None, "response": None, "failure": {"kind": "timeout", "detail": ""}}
            made.append(row)
    return made


@pytest.mark.parametrize(
    ("run", "rules", "answers"),
    [
        (records(60, 0), Rules(base=0.9), {"requests": "pass", "base": "pass"}),
        (records(60, 0), Rules(no_drop={"tools": 0.05}), {"requests": "pass", "tools": "pass"}),
        (records(60, 2), Rules(no_drop={"tools": 0.05}), {"requests": "pass", "tools": "fail"}),
        (records(20, 0), Rules(no_drop={"tools": 0.05}), {"requests": "pass", "tools": "undecided"}),
        (records(60, 0), Rules(no_drop={"user": 0.05}), {"requests": "pass", "user": "undecided"}),
        (records(60, 0, failed=90), Rules(), {"requests": "undecided"}),
        (records(60, 0), Rules(scores={"tone": 0.5}), {"requests": "pass", "tone": "undecided"}),
        (records(60, 0), Rules(baseline=0.05), {"requests": "pass", "baseline": "undecided"}),
    ],
)
def test_a_gate_has_three_answers(run: list[dict[str, Any]], rules: Rules, answers: dict[str, str]) -> None:
    assert {one.name: one.answer for one in rulings(rules, summarise(run))} == answers


def test_a_comparison_finds_what_got_worse_and_says_which() -> None:
    found = compare(records(60, 0), records(60, 2))
    tools = found.row("part", "tools")
    assert tools is not None
    assert (tools.word, round(tools.effect.difference, 3)) == ("worse", -0.2)
    assert found.row("all", "base").word == "no worse"  # type: ignore[union-attr]
    assert len(found.lost) == 120
    assert found.won == ()
    back = compare(records(60, 2), records(60, 0)).row("part", "tools")
    assert back is not None
    assert (back.word, back.p) == ("better", tools.p)


def test_requests_that_changed_are_not_compared() -> None:
    other = [{**r, "digest": "e"} for r in records(60, 0)]
    found = compare(records(60, 0), other)
    assert (found.paired, found.unpaired) == (0, 60 * 50)


def test_failed_requests_come_first_and_nothing_is_said_of_the_model() -> None:
    from perturb.statistics.sentence import sentence

    run = [
        {**r, "verdict": None, "response": None, "failure": {"kind": "timeout", "detail": ""}} for r in records(3, 0)
    ]
    said = sentence(summarise(run))
    assert said.startswith("ALL 150 requests have no verdict (timeout 150).")
    assert "nothing can be said about the model" in said


def test_power_is_honest_about_its_limits() -> None:
    assumed = Assumed(0.9)
    more = [to_show(effect, assumed, 16, 1, 8, 60) for effect in (0.02, 0.05, 0.1, 0.3)]
    assert more == sorted(more, reverse=True)
    assert to_show(0.05, assumed, 16, 4, 31, 60) < to_show(0.05, assumed, 16, 1, 8, 60)
    least = smallest(55, assumed, 16, 1, 8, 60)
    assert to_show(least, assumed, 16, 1, 8, 60) <= 55 < to_show(0.8 * least, assumed, 16, 1, 8, 60)
    assert to_exclude(0.05, Assumed(0.999), 100, 4, 31) == 52


def test_no_spreadsheet_runs_a_cell() -> None:
    text = written([{"reply": "=HYPERLINK(1)", "n": -1.5}, {"reply": "@x"}], "csv").decode()
    assert [row["reply"] for row in csv.DictReader(io.StringIO(text))] == ["'=HYPERLINK(1)", "'@x"]
    assert "-1.5" in text


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gate") / "run"
    chosen = ["--limit", "24", "--operator", "tools.rename_tool", "--operator", "tools.opaque_names"]
    assert main(["run", "--agent", "memorises_tool_names", *chosen, "--out", str(folder), "--json"]) in (0, 3)
    return folder


def test_the_commands_on_a_real_run(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules, junit = tmp_path / "gate.toml", tmp_path / "junit.xml"
    rules.write_text('[gate]\nfailed = 0.1\nno_drop = { "tools" = 5, "user" = 5 }\n')
    assert main(["gate", str(run), "--rules", str(rules), "--junit", str(junit)]) == 1
    suite = ElementTree.parse(junit).getroot()
    assert (suite.get("failures"), suite.get("errors")) == ("1", "1")
    assert suite.find(".//property") is not None
    rules.write_text('[gate]\nfailed = 0.1\nno_drop = { "user" = 5 }\n')
    assert main(["gate", str(run), "--rules", str(rules)]) == 4
    rules.write_text("[gate]\nfailed = 0.5\n")
    assert main(["gate", str(run), "--rules", str(rules)]) == 0
    for text in ("", "[gate]\nbass = 1\n", "[gate]\nbase = 7\n", '[gate]\nno_drop = { a = "x" }\n', "[gate\n"):
        rules.write_text(text)
        assert main(["gate", str(run), "--rules", str(rules)]) == 2
    assert main(["compare", str(run), str(run), "--out", str(tmp_path / "c.html")]) == 0
    assert main(["compare", str(run)]) == 2
    capsys.readouterr()
    for form, what in (
        ("csv", "records"),
        ("jsonl", "failures"),
        ("csv", "cells"),
        ("parquet", "cells"),
        ("inspect", "records"),
    ):
        out = tmp_path / f"{what}.{form}"
        assert main(["export", str(run), "--format", form, "--what", what, "--out", str(out)]) == 0
    failures = [json.loads(line) for line in (tmp_path / "failures.jsonl").read_text().splitlines()]
    assert failures
    assert all(row["joint"] != 1 for row in failures)
    log = json.loads((tmp_path / "records.inspect").read_text())
    rows = csv.DictReader(io.StringIO((tmp_path / "records.csv").read_text()))
    assert len(log["samples"]) == len(list(rows))


def test_bad_rules_are_one_line(tmp_path: Path) -> None:
    from perturb.cli.gate import read_rules

    path = tmp_path / "g.toml"
    path.write_text("[gate]\nbass = 1\n")
    with pytest.raises(UserError, match="no such rule"):
        read_rules(path)


def test_inspect_and_arrow_read_what_is_exported(run: Path, tmp_path: Path) -> None:
    """The libraries themselves, each where it is installed."""
    arrow = pytest.importorskip("pyarrow.parquet", reason="pip install 'perturb-agents[parquet]'")
    assert main(["export", str(run), "--format", "parquet", "--out", str(tmp_path / "r.parquet")]) == 0
    rows = arrow.read_table(tmp_path / "r.parquet").to_pylist()
    assert sum(row["joint"] for row in rows) == summarise(Records(run)).counts["joint"]
    inspect_log = pytest.importorskip("inspect_ai.log", reason="pip install 'perturb-agents[inspect]'")
    path = tmp_path / "2026-01-31T12-00-00_perturb_run.json"
    assert main(["export", str(run), "--format", "inspect", "--out", str(path)]) == 0
    log = inspect_log.read_eval_log(str(path))
    assert (log.status, len(log.samples)) == ("success", len(rows))
    means = {score.name: score.metrics["mean"].value for score in log.results.scores}
    assert means["joint"] == pytest.approx(sum(row["joint"] for row in rows) / len(rows))
