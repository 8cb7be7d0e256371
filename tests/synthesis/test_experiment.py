"""The experiment end to end on a tiny random model: every step made once, gone on with, and a page of what is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from perturb.core.registry import OPERATORS, SCAFFOLDS, load_builtin
from perturb.core.values import PARTS
from perturb.report.experiment import Measured, as_json, page
from perturb.statistics.summary import summarise
from perturb.synthesis.arms import HELD_OPERATORS, HELD_SCAFFOLD, TRAINABLE, arms

load_builtin()


def test_every_arm_holds_out_what_it_says() -> None:
    assert {OPERATORS[name].part for name in HELD_OPERATORS} == set(PARTS) - {"scaffold"}
    assert HELD_SCAFFOLD in SCAFFOLDS
    for name, arm in arms().items():
        assert set(HELD_OPERATORS) < set(arm.data), name
        if name.startswith("without-"):
            part = name.removeprefix("without-")
            assert f"{part}.*" in arm.data
            assert arm.untrained == {part, "environment"}
    assert arms()["base-only"].untrained == set(PARTS)
    assert len(arms()) == 3 + len(TRAINABLE)


def test_the_page_names_what_an_agent_was_never_good_at(tmp_path: Path) -> None:
    """The blind comparison and the page, over runs of simulated agents in the place of trained models."""
    from perturb.campaign.journal import Records
    from perturb.statistics.compared import compare

    runs = {}
    for agent in ("perfect", "memorises_tool_names"):
        out = tmp_path / agent
        asked = ("--agent", agent, "--scaffold", "mini_agent", "--limit", "14", "--out", str(out), "--json")
        subprocess.run([sys.executable, "-m", "perturb", "run", *asked], capture_output=True, check=True)
        runs[agent] = Records(out)
    found = compare(runs["perfect"], runs["memorises_tool_names"])
    named = frozenset(row.name for row in found.rows if row.table == "part" and row.word == "worse")
    assert named == {"tools"}
    measured = {
        "whole-trajectory": [Measured(summarise(runs["perfect"]), None)] * 2,
        "without-tools": [Measured(summarise(runs["memorises_tool_names"]), named)] * 2,
    }
    data = as_json(measured, {"whole-trajectory": ["environment"], "without-tools": ["tools"]})
    assert data["arms"]["without-tools"]["parts"]["tools"]["change"] < -0.1
    assert data["arms"]["whole-trajectory"]["parts"]["tools"]["change"] == 0
    said = "\n".join(data["findings"])
    assert "Blind, without-tools is called worse in: tools. Not trained there and not called: none" in said
    assert "stayed below 85%" in said  # nobody was asked in the home scaffold here
    assert "Blind, without-tools" in page(json.loads(json.dumps(data)))


@pytest.mark.vllm
def test_one_training_from_data_to_page(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from perturb.formats.smollm2.build import build

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    build(tmp_path / "base", wheel=wheel)
    out = tmp_path / "out"
    small = ("--seeds", "1", "--number", "20", "--decisions", "3", "--budget", "12", "--tokens", "6000")
    sizes = ("--longest", "4000", "--rank", "2", "--first-layer", "0", "--arm", "whole-trajectory")
    given = ("--base", str(tmp_path / "base"), "--out", str(out), *small, *sizes)
    command = [sys.executable, "-m", "perturb", "experiment", *given]
    # A disk or a person stops it after the training: what is done is not done again.
    blocked = out / "whole-trajectory-0" / "model"
    blocked.mkdir(parents=True)
    (blocked / "notes.txt").write_text("in the way")
    stopped = subprocess.run(command, capture_output=True, text=True, check=False)
    assert stopped.returncode == 2
    assert "model: not made" in stopped.stderr
    (blocked / "notes.txt").unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    steps = [json.loads(line)["step"].rpartition(" ")[2] for line in (out / "steps.jsonl").read_bytes().splitlines()]
    assert steps == ["decisions", "data", "training", "model", "run"]
    assert not blocked.exists()
    found = json.loads((out / "experiment.json").read_bytes())
    assert found["arms"]["whole-trajectory"]["home"] == 0.0  # random weights
    assert "stayed below 85%" in done.stdout
