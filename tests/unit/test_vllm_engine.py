"""The real engine, in this process, on a small random checkpoint of M2's architecture."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from perturb.core.errors import EngineError, UserError
from perturb.core.values import Failure, Reply, Request, Response, Unparsed
from perturb.engines.base import Sampling, answer_seed
from perturb.engines.model_format import Reading, chosen
from perturb.engines.vllm import VLLMEngine, sampling_parameters
from perturb.engines.vllm_start import cpu_dtype
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


def feed(requests: Iterable[Request]) -> Callable[[], tuple[int, Request] | None]:
    numbered = enumerate(requests)
    return lambda: next(numbered, None)


def answers(engine: VLLMEngine, requests: Sequence[Request], sampling: Sampling = SAMPLING) -> list[Response | Failure]:
    got = list(replace(engine, sampling=sampling).stream(feed(requests)))
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


def lengths(by_draw: Sequence[int]) -> Callable[[Sampling, Request, str], Any]:
    """Parameters under which every answer has the length that is noted for its draw."""

    def forced(sampling: Sampling, request: Request, prompt: str) -> Any:
        made = sampling_parameters(sampling, request, prompt)
        made.ignore_eos, made.max_tokens = True, by_draw[request.draw]
        return made

    return forced


def test_a_long_answer_keeps_no_short_one_waiting(engine: VLLMEngine) -> None:
    wanted = [80, *[3] * 20]
    narrow = replace(engine, sampling=SAMPLING, in_flight=4, parameters=lengths(wanted))
    requests = [replace(ask(f"question {n}"), draw=n) for n in range(len(wanted))]
    order = [place for place, _ in narrow.stream(feed(requests))]
    assert sorted(order) == list(range(len(wanted)))
    assert order[-1] == 0


def test_no_more_is_pulled_than_the_engine_holds(engine: VLLMEngine) -> None:
    pulled, answered = 0, 0

    def pull() -> tuple[int, Request] | None:
        nonlocal pulled
        assert pulled - answered < 4
        pulled += 1
        return (pulled, ask(f"question {pulled}")) if pulled <= 20 else None

    for _, got in replace(engine, sampling=SAMPLING, in_flight=4, parameters=lengths([3])).stream(pull):
        assert isinstance(got, Response)
        answered += 1
    assert answered == 20


def test_a_reader_may_ask_on(engine: VLLMEngine) -> None:
    waiting = [("first", ask("question"))]
    seen = []
    for key, _ in replace(engine, sampling=SAMPLING, parameters=lengths([3])).stream(
        lambda: waiting.pop() if waiting else None
    ):
        seen.append(key)
        if key == "first":
            waiting.append(("second", ask("another question")))
    assert seen == ["first", "second"]


def test_a_reader_that_stops_leaves_the_engine_empty(engine: VLLMEngine) -> None:
    stream = replace(engine, sampling=SAMPLING, parameters=lengths([4, *[300] * 7])).stream(
        feed([replace(ask(f"question {n}"), draw=n) for n in range(8)])
    )
    assert next(stream)[0] == 0
    stream.close()  # type: ignore[attr-defined]  # a generator
    assert not engine.llm.llm_engine.has_unfinished_requests()
    assert len(texts(answers(engine, [ask("x")]))) == 1


def test_a_step_that_breaks_costs_what_is_in_flight_and_nothing_else(engine: VLLMEngine) -> None:
    core, breaks = engine.llm.llm_engine, [1]
    real = core.step

    def step() -> Any:
        if breaks[0]:
            breaks[0] -= 1
            raise RuntimeError("planted")
        return real()

    core.step = step
    try:
        got = dict(
            replace(engine, sampling=SAMPLING, in_flight=4, parameters=lengths([3])).stream(
                feed([ask(str(n)) for n in range(8)])
            )
        )
        assert [type(got[n]) for n in range(8)] == [Failure] * 4 + [Response] * 4
        breaks[0] = 2
        with pytest.raises(EngineError, match="planted"):
            list(replace(engine, sampling=SAMPLING, in_flight=4).stream(feed([ask(str(n)) for n in range(12)])))
    finally:
        core.step = real


def test_the_identity_says_that_the_weights_are_random(engine: VLLMEngine) -> None:
    assert engine.identity["name"] == "tiny-m2"
    assert engine.identity["weights"] == "random"
    assert engine.identity["format"] == "m2"
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


@pytest.mark.parametrize(
    ("reading", "config", "says"),
    [
        (Reading(format="m3"), {}, "'<mm:think>', which the format m3 needs"),
        (Reading(format="m22"), {}, "did you mean 'm2'"),
        (Reading(template="{{ messages }}"), {"model_type": "llama"}, "no format is recognised"),
        (Reading(template="[TOOL_CALLS] <|channel|>analysis"), {}, "harmony and mistral"),
    ],
)
def test_a_format_that_does_not_fit_is_one_line(
    engine: VLLMEngine, reading: Reading, config: dict[str, str], says: str
) -> None:
    with pytest.raises(UserError, match=says) as caught:
        chosen("model", reading, config, _Bare(engine.tokenizer))
    assert "\n" not in str(caught.value)


class _Bare:
    """A tokenizer whose marker tokens have no names, as in a model of another kind."""

    def __init__(self, tokenizer: Any) -> None:
        self.encode = tokenizer.encode
        self.chat_template = tokenizer.chat_template


def test_any_model_whose_tokenizer_holds_the_markers_speaks_m2(engine: VLLMEngine) -> None:
    assert chosen("model", Reading(), {"model_type": "llama"}, engine.tokenizer).name == "m2"
    assert chosen("model", Reading(tool_parser="minimax_m2"), {}, engine.tokenizer).name == "m2"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"max_num_seq": 4}, "did you mean 'max_num_seqs'"),
        ({"model": "other"}, "--engine-arg model"),
        ({"data_parallel_size": 2}, "--replicas"),
    ],
)
def test_an_engine_argument_that_cannot_be_is_one_line(folder: Path, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says):
        VLLMEngine.load(str(folder), **arguments)


@pytest.mark.parametrize(
    ("lora", "says"), [("a", "not NAME=PATH"), ("a=/no/such", "adapter_config.json"), ("a=.", "adapter_config.json")]
)
def test_an_adapter_that_is_none_is_one_line(folder: Path, lora: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        VLLMEngine.load(str(folder), SAMPLING, Reading(), lora)


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


def test_a_checkpoint_that_cannot_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(UserError, match="tokenizers"):
        build(tmp_path / "made" / "model")
    monkeypatch.undo()
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file"):
        build(tmp_path / "file" / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


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


@pytest.mark.parametrize(
    ("flags", "dtype"), [("fpu avx512f avx512_bf16", "bfloat16"), ("fpu amx_bf16", "bfloat16"), ("fpu avx2", "float32")]
)
def test_sixteen_bits_where_the_cpu_computes_with_them(tmp_path: Path, flags: str, dtype: str) -> None:
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nmodel name\t: bf16\nflags\t\t: {flags}\n", "utf-8")
    assert cpu_dtype(tmp_path / "cpuinfo") == dtype
    assert cpu_dtype(tmp_path / "missing") == "float32"


def test_seeds_differ_by_prompt_and_by_run() -> None:
    assert len({answer_seed(0, "a"), answer_seed(0, "b"), answer_seed(1, "a")}) == 3
    assert answer_seed(0, "a") < 2**63
