"""The real engine, in this process, on a small random checkpoint of M2's architecture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from perturb.core.errors import UserError
from perturb.core.values import Failure, Reply, Request, Response, Unparsed
from perturb.engines.base import Sampling, answer_seed
from perturb.engines.vllm import VLLMEngine
from perturb.formats.m2.checkpoint import build
from perturb.formats.m2.parse import parse
from perturb.formats.m2.template import END_MARK, render

pytestmark = [pytest.mark.vllm, pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed")]

LENGTH = 1024
SAMPLING = Sampling(max_tokens=24, seed=7)
TOOLS = (
    {"type": "function", "function": {"name": "read", "parameters": {"properties": {"path": {"type": "string"}}}}},
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("model") / "tiny-m2"
    build(made)
    return made


@pytest.fixture(scope="module")
def engine(folder: Path) -> VLLMEngine:
    return VLLMEngine.load(str(folder), max_model_len=LENGTH)


def ask(text: str) -> Request:
    return Request(({"role": "system", "content": "Work."}, {"role": "user", "content": text}), TOOLS)


def answers(engine: VLLMEngine, requests: Sequence[Request], sampling: Sampling = SAMPLING) -> list[Response | Failure]:
    got = list(engine.generate(requests, sampling))
    assert sorted(index for index, _ in got) == list(range(len(requests)))
    return [answer for _, answer in sorted(got, key=lambda pair: pair[0])]


def texts(got: list[Response | Failure]) -> list[str]:
    return [answer.text for answer in got if isinstance(answer, Response)]


def test_a_batch_of_raw_answers(engine: VLLMEngine) -> None:
    requests = [ask(f"question {n}") for n in range(8)]
    got = answers(engine, requests)
    for request, answer in zip(requests, got, strict=True):
        assert isinstance(answer, Response)
        prompt = render(request.messages, request.tools)
        assert answer.prompt_tokens == len(engine.tokenizer.encode(prompt, add_special_tokens=False))
        assert 0 < answer.completion_tokens <= SAMPLING.max_tokens
        assert answer.raw
        assert answer.finish in ("stop", "length")
        assert not answer.text.endswith(END_MARK)
        assert isinstance(parse(answer.text, TOOLS, answer.finish), Reply | Unparsed)
    assert len(set(texts(got))) == 8


def test_answers_depend_on_the_seed_and_the_prompt_alone(engine: VLLMEngine) -> None:
    requests = [ask(f"question {n}") for n in range(8)]
    first = texts(answers(engine, requests))
    assert texts(answers(engine, requests)) == first
    assert texts(answers(engine, requests[::-1])) == first[::-1]
    assert texts(answers(engine, requests, replace(SAMPLING, seed=8))) != first


def test_a_shared_prefix_is_served_from_the_cache(engine: VLLMEngine) -> None:
    opening = "shared words " * 60
    answers(engine, [ask(opening + "a")])
    (again,) = answers(engine, [ask(opening + "b")])
    assert isinstance(again, Response)
    assert 0 < again.cached_tokens < again.prompt_tokens


def test_more_prompt_text_than_one_step_takes(engine: VLLMEngine) -> None:
    requests = [ask(f"{n} " + "different words " * 90) for n in range(16)]
    got = answers(engine, requests, replace(SAMPLING, max_tokens=4))
    assert [type(answer) for answer in got] == [Response] * 16
    assert sum(answer.prompt_tokens for answer in got if isinstance(answer, Response)) > 8192


def test_a_request_that_cannot_be_asked_fails_alone(engine: VLLMEngine) -> None:
    orphan = Request(({"role": "tool", "content": "r"},))
    got = answers(engine, [ask("x"), ask("long " * LENGTH), orphan, ask("y")])
    assert [answer.kind if isinstance(answer, Failure) else "" for answer in got] == [
        "",
        "too_long",
        "unrenderable",
        "",
    ]


def test_an_answer_that_could_not_fit_is_not_started(engine: VLLMEngine) -> None:
    (got,) = answers(engine, [ask("x")], replace(SAMPLING, max_tokens=LENGTH))
    assert isinstance(got, Failure)


def test_the_identity_says_that_the_weights_are_random(engine: VLLMEngine) -> None:
    assert engine.identity["name"] == "tiny-m2"
    assert engine.identity["weights"] == "random"
    assert engine.identity["version"].startswith("vllm ")


def test_stdout_stays_clean(engine: VLLMEngine, capfd: pytest.CaptureFixture[str]) -> None:
    answers(engine, [ask("x")])
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("model", ["/no/such/folder", "./missing", "missing"])
def test_a_missing_folder_is_named(model: str) -> None:
    with pytest.raises(UserError, match=model):
        VLLMEngine.load(model)


def test_a_checkpoint_that_does_not_load_is_one_line(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(UserError, match="could not load") as caught:
        VLLMEngine.load(str(tmp_path), max_model_len=LENGTH)
    assert "\n" not in str(caught.value)


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}), "utf-8")
    with pytest.raises(UserError, match="llama"):
        VLLMEngine.load(str(tmp_path))


def test_the_checkpoint_is_deterministic(folder: Path, tmp_path: Path) -> None:
    def contents(place: Path) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in place.iterdir()}

    build(tmp_path / "same")
    assert contents(tmp_path / "same") == contents(folder)
    build(tmp_path / "other", seed=1)
    different = {name for name, data in contents(tmp_path / "other").items() if contents(folder)[name] != data}
    assert different == {"model.safetensors"}


def test_the_checkpoint_does_not_overwrite_a_folder_of_other_things(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(UserError, match="not empty"):
        build(tmp_path)


def test_the_shipped_chat_template_gives_the_same_text(folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    calls = [{"type": "function", "function": {"name": "read", "arguments": {"path": "a", "n": [1, "é"]}}}]
    messages = [
        *ask("go").messages,
        {"role": "assistant", "content": "<think>\nearly\n</think>\n\nDone."},
        {"role": "user", "content": [{"type": "text", "text": "again"}]},
        {"role": "assistant", "content": "So.", "reasoning_content": "late", "tool_calls": calls},
        {"role": "tool", "content": "A"},
        {"role": "tool", "content": [{"type": "text", "text": "B"}]},
    ]
    text = tokenizer.apply_chat_template(messages, tools=list(TOOLS), tokenize=False, add_generation_prompt=True)
    assert text == render(messages, TOOLS)


def test_seeds_differ_by_prompt_and_by_run() -> None:
    assert len({answer_seed(0, "a"), answer_seed(0, "b"), answer_seed(1, "a")}) == 3
    assert answer_seed(0, "a") < 2**63
