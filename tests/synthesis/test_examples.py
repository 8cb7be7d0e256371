"""Generated decisions and proven examples: the same for a seed, varied, disjoint, and right."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from perturb.core.registry import OPERATORS, load_builtin
from perturb.core.values import Case
from perturb.formats.m2.parse import parse
from perturb.synthesis.decisions import decisions
from perturb.synthesis.examples import Left, Wanted, examples
from perturb.synthesis.overlap import overlap
from perturb.synthesis.proofs import Equivalents
from perturb.trajectories.loading import load_all

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
    "wrong",
    [
        ("--unperturbed", "2"),
        ("--curriculum", "/nowhere"),
        ("--fixture", "no-such"),
        ("--scaffold", "bar"),
        ("--operator", "tool.*"),
        ("--out", "/nowhere/x.jsonl"),
    ],
)
def test_a_wrong_choice_is_one_line(wrong: tuple[str, str], tmp_path: Path) -> None:
    done = synthesize("--out", str(tmp_path / "x.jsonl"), "--number", "2", *wrong)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_what_is_held_out_never_occurs_and_what_is_balanced_is_even() -> None:
    load_builtin()
    held = ("tools.*", "claude_code_like", "vscode_like", "generated-train-5-1")
    operators = [name for name in sorted(OPERATORS) if not name.startswith("tools.")]
    left = Left()
    wanted = Wanted(["bare"], operators, 0.0, 5, copies=2, held_out=held, balance="part")
    made = list(islice(examples(decisions(5), wanted, left), 120))
    assert not {"claude_code_like", "vscode_like"} & {one.scaffold for one in made}
    assert "generated-train-5-1" not in {one.cluster for one in made}
    assert "tools" not in {one.part for one in made}
    assert left["held_out"] >= 1
    parts = Counter(one.part for one in made)
    often = [parts[part] for part in ("system", "user", "scaffold")]
    assert max(often) - min(often) <= 1
    assert len({one.id for one in made}) == len(made)


def test_doses_are_mild_where_that_is_wanted() -> None:
    load_builtin()
    wanted = Wanted(["bare"], ["tools.add_distractors"], 0.0, 5, mild=True)
    recipes = {one.recipe for one in islice(examples(decisions(5), wanted, Left()), 20)}
    assert all(set(recipe) <= set("tols.add_iracr[0,]") for recipe in recipes)


def test_a_decision_like_an_evaluation_s_is_not_made() -> None:
    load_builtin()
    evaluation = list(islice(decisions(5), 40))
    refused = overlap(evaluation)
    assert all(refused(case) for case in evaluation)
    left = Left()
    wanted = Wanted(["bare"], base_share=1.0, seed=5)
    made = list(islice(examples(decisions(5), wanted, left, refuses_case=[refused]), 60))
    assert left["overlaps_evaluation"] >= 40
    assert not {one.cluster for one in made} & {case.cluster for case in evaluation}


def test_an_example_whose_expectation_is_too_narrow_is_caught() -> None:
    """A gold that takes its own spelling alone: another way to the same effect is refused, and so is the example."""
    load_builtin()
    wanted = Wanted(["mini_agent"], base_share=1.0, seed=1)
    cases = [case for episode in load_all() if episode.family == "cli" for case in episode.cases]
    for case in cases:
        narrow = tuple(tuple(replace(p, spelling=True) for p in several) for several in case.expect.any_of)
        strict = replace(case, expect=replace(case.expect, any_of=narrow))
        sound, caught = Equivalents(), Equivalents()
        if list(examples(iter([case]), wanted, Left(), [sound])) and sound.tried > 5:
            left = Left()
            assert not list(examples(iter([strict]), wanted, left, [caught]))
            assert left["equivalent_refused"] == 1
            assert sound.refused == 0 < caught.refused
            return
    pytest.fail("no decision with five equivalents")


def test_a_split_keeps_clusters_whole_in_parquet_too(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="an extra: pip install 'perturb-agents[parquet]'")
    made = ("--number", "60", "--copies", "3", "--split", "0.4", "--format", "openai")
    sides = []
    for suffix in ("jsonl", "parquet"):
        out = tmp_path / f"data.{suffix}"
        assert synthesize("--out", str(out), *made).returncode == 0
        for path in (out, tmp_path / f"data.validation.{suffix}"):
            if suffix == "parquet":
                rows = parquet.read_table(path).to_pylist()
                rows = [row | {k: json.loads(row[k]) for k in ("messages", "tools", "train", "rules")} for row in rows]
            else:
                rows = [json.loads(line) for line in path.read_bytes().splitlines()]
            sides.append(rows)
    assert sides[:2] == sides[2:]
    first, second = ({row["cluster"] for row in side} for side in sides[:2])
    assert first
    assert second
    assert not first & second


def test_what_is_too_long_for_a_tokenizer_is_left_out(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers", reason="comes with the engine")
    path = tmp_path / "tokenizer.json"
    splitter = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[unk]": 0}, unk_token="[unk]"))
    splitter.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    splitter.save(str(path))
    out = tmp_path / "data.jsonl"
    limit = ("--longest", "330", "--tokenizer", str(path))
    done = synthesize("--out", str(out), "--number", "30", *limit, "--json")
    assert json.loads(done.stdout)["left_out"]["too_long"] > 3
    for line in out.read_bytes().splitlines():
        row = json.loads(line)
        assert sum(len(splitter.encode(row[name]).ids) for name in ("prompt", "answer")) < 330
        (first, end), text = row["train"][0], row["prompt"] + row["answer"]
        assert text[first:end] == row["answer"]
    assert synthesize("--out", str(out), "--longest", "9", "--tokenizer", str(tmp_path / "absent")).returncode == 2


def test_decisions_to_run_are_read_by_a_run(tmp_path: Path) -> None:
    out = tmp_path / "decisions.jsonl"
    made = ("--format", "cases", "--held", "--words", "0.4", "--number", "8")
    assert synthesize("--out", str(out), *made).returncode == 0
    asked = ("--agent", "perfect", "--fixture", str(out), "--scaffold", "bare", "--operator", "tools.opaque_names")
    command = [sys.executable, "-m", "perturb", "run", *asked, "--out", str(tmp_path / "run"), "--json"]
    ran = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert set(ran["outcomes"]) == {"correct"}
    assert len(ran["fixtures"]) == 8
