"""Generated decisions and proven examples: the same for a seed, varied, disjoint, and right."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from perturb.core.registry import OPERATORS, load_builtin
from perturb.core.values import Case
from perturb.formats.m2.parse import parse
from perturb.synthesis.decisions import decisions
from perturb.synthesis.examples import Left, Wanted, examples

ROOT = Path(__file__).parents[2]
NUMBER = 150


def asked(case: Case) -> str:
    return case.turns[-1].text


def test_the_same_seed_gives_the_same_decisions_in_another_process() -> None:
    code = (
        "from itertools import islice; from perturb.core.canonical import digest;"
        "from perturb.synthesis.decisions import decisions;"
        "print(digest([c.turns[-1].text for c in islice(decisions(3), 40)]))"
    )
    ran = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    assert ran[0] == ran[1] != ""


def test_training_and_held_out_share_no_request() -> None:
    seen = {asked(case) for case in islice(decisions(1), 2000)}
    held = {asked(case) for case in islice(decisions(1, held=True), 500)}
    assert not seen & held
    assert len(seen) > 1500  # enough variety that a model does not memorise


def test_every_example_is_proven_by_its_own_text() -> None:
    load_builtin()
    left = Left()
    wanted = Wanted(["bare"], sorted(OPERATORS), 0.3, 5)
    made = list(islice(examples(decisions(5, words=0.2), wanted, left), NUMBER))
    assert left["unproven"] == 0
    assert {example.part for example in made} >= {"", "tools", "user", "system", "scaffold"}
    for example in made:
        if example.scaffold == "bare" and "text_protocol" not in example.recipe:
            got = parse(example.answer, example.request.tools, "stop")
            assert getattr(got, "calls", None) == example.reply.calls


def synthesize(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "perturb", "synthesize", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("form", ["m2-text", "openai"])
def test_the_command_writes_lines_and_a_card(form: str, tmp_path: Path) -> None:
    out = tmp_path / "data.jsonl"
    done = synthesize("--out", str(out), "--number", "40", "--format", form, "--hold-out", "tools.*", "--json")
    assert done.returncode == 0, done.stderr
    card, rows = json.loads(done.stdout), [json.loads(line) for line in out.read_bytes().splitlines()]
    assert card["examples"] == len(rows) == 40
    assert "tools" not in card["parts"]
    assert card == json.loads(out.with_suffix(".card.json").read_bytes())
    if form == "openai":
        assert all(row["messages"][row["train"][0]]["role"] == "assistant" for row in rows)
    else:
        assert all(row["prompt"].endswith("<think>\n") and "</think>" in row["answer"] for row in rows)


@pytest.mark.parametrize(
    "wrong", [("--unperturbed", "2"), ("--scaffold", "bar"), ("--operator", "tool.*"), ("--out", "/nowhere/x.jsonl")]
)
def test_a_wrong_choice_is_one_line(wrong: tuple[str, str], tmp_path: Path) -> None:
    done = synthesize("--out", str(tmp_path / "x.jsonl"), "--number", "2", *wrong)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
