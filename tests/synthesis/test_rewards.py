"""The verdict as a reward: right answers 1, wrong ones 0, whatever form they come in; and TRL's call of it."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturb import UserError, reward, trl_reward
from perturb.core.canonical import canonical
from perturb.core.registry import OPERATORS, load_builtin
from perturb.synthesis.decisions import decisions
from perturb.synthesis.examples import Example, Left, Wanted, examples, row

load_builtin()
CASES = list(islice(decisions(11, words=0.3), 30))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("rewards") / "cases.jsonl"
    path.write_bytes(b"".join(canonical(case) + b"\n" for case in CASES))
    return str(path)


@pytest.fixture(scope="module")
def made() -> list[Example]:
    wanted = Wanted(["bare"], sorted(OPERATORS), 0.2, 11)
    return list(examples(iter(CASES), wanted, Left()))


def test_an_example_s_own_answer_earns_one_and_another_s_earns_nothing(made: list[Example], file: str) -> None:
    assert len(made) > 20
    for example, other in pairwise(made):
        message = row(example, "openai")["messages"][-1]
        for right in (example.answer, message, [{"role": "user", "content": "…"}, message]):
            assert reward(example.name, right, (file,)) == 1.0
        for wrong in ("", "</think>\n\nHello", [], {"role": "assistant", "content": None}):
            assert reward(example.name, wrong, (file,)) == 0.0
        if example.said.calls and other.said.calls and example.said.calls != other.said.calls:
            assert reward(example.name, other.answer, (file,)) == 0.0


def test_trl_s_call_of_it(made: list[Example], file: str) -> None:
    function = trl_reward((file,))
    prompts = [example.prompt for example in made]
    columns = {
        "name": [example.name for example in made],
        "completion_ids": [[1]] * len(made),
        "part": [""] * len(made),
    }
    assert function(prompts=prompts, completions=[e.answer for e in made], **columns) == [1.0] * len(made)
    assert set(function(prompts=prompts, completions=[""] * len(made), **columns)) == {0.0}
    # Special tokens are gone from what TRL decodes; the ids still hold them.
    bare = [example.answer.replace("<minimax:tool_call>", "").replace("</think>", "") for example in made]
    by_ids = trl_reward((file,), decode=lambda ids: made[ids[0]].answer)
    numbered = columns | {"completion_ids": [[n] for n in range(len(made))]}
    assert by_ids(prompts=prompts, completions=bare, **numbered) == [1.0] * len(made)
    with pytest.raises(UserError, match="column 'name'"):
        function(prompts=prompts, completions=bare)


def test_the_form_is_the_one_that_the_trainer_calls() -> None:
    trl = pytest.importorskip("trl", reason="TRL is not installed")
    assert "reward_funcs" in inspect.signature(trl.GRPOTrainer.__init__).parameters
    parameters = inspect.signature(trl_reward()).parameters
    assert list(parameters)[:2] == ["prompts", "completions"]
    assert parameters["columns"].kind is inspect.Parameter.VAR_KEYWORD


def test_what_cannot_be_decided_is_left_out_by_the_trainer(made: list[Example], file: str) -> None:
    said = next(example for example in made if "cannot" in str(example.case.expect.any_of[0][0].args))
    doubtful = "thinking\n</think>\n\nMaybe I cannot do it because the tool is missing."
    assert trl_reward((file,))(prompts=[""], completions=[doubtful], name=[said.name]) == [None]
    assert reward(said.name, doubtful, (file,)) == 0.0


_json: Callable[..., Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=80) | st.fixed_dictionaries({"content": _json, "tool_calls": _json, "reasoning_content": _json})
)
def test_whatever_was_written_gets_a_reward(written: Any) -> None:
    assert reward("service-coffee@1/bare", written) in (0.0, 1.0)


@pytest.mark.parametrize("name", ["nonsense", "service-coffee@99/bare", "service-coffee@1/nowhere"])
def test_a_name_that_stands_for_nothing_is_bad_input(name: str) -> None:
    with pytest.raises(UserError):
        reward(name, "")


def test_a_curriculum_weighs_operators_by_their_drop(tmp_path: Path) -> None:
    def perturb(*arguments: str) -> str:
        command = [sys.executable, "-m", "perturb", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    run, out = tmp_path / "run", tmp_path / "curriculum.jsonl"
    perturb("run", "--agent", "memorises_tool_names", "--limit", "12", "--operator", "tools.*", "--out", str(run))
    perturb("curriculum", str(run), "--out", str(out))
    lines = [json.loads(line) for line in out.read_bytes().splitlines()]
    weights = {line["operator"]: line["weight"] for line in lines}
    assert weights["tools.opaque_names"] > 0.8 > weights["tools.pad_descriptions"] == 0.05
    data = tmp_path / "data.jsonl"
    made = ("--out", str(data), "--number", "80", "--operator", "tools.*", "--unperturbed", "0")
    card = json.loads(perturb("synthesize", *made, "--curriculum", str(out), "--json"))
    often, seldom = (card["operators"].get(name, 0) for name in ("tools.opaque_names", "tools.pad_descriptions"))
    assert often > 2 * seldom
