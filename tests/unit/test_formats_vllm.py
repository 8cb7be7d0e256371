"""Our readers against vLLM's own parsers, on turns that keep to the format and on turns that break it."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from perturb.core.registry import FORMATS, load_builtin
from perturb.engines.vllm_reader import second_reader
from perturb.formats.m2.checkpoint import build
from tests.golden.format_prompts import TOOLS
from tests.golden.format_vectors import VECTORS

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
load_builtin()
NAMES = sorted(name for name, form in FORMATS.items() if form.parsers[0])
GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "formats").glob("*.json"))
NAMESPACE = "]<]minimax[>["
# Tokens that vLLM's parsers look for by name, beside the marks that our formats know.
TOKENS = (
    "[TOOL_CALLS]",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "[THINK]",
    "[/THINK]",
    "<|tool_call_end|>",
)
# What vLLM 0.32 hears otherwise, and why.
DIFFERENCES = {
    # It leaves out a call that has no parameters.
    ("glm4", "unknown"): "hears 0 calls, we hear 1",
    ("m2", "unknown"): "hears 0 calls, we hear 1",
    # With a tokenizer that is not mistral_common's it reads the older form alone, a JSON list.
    ("mistral", "one"): "hears 0 calls, we hear 1",
    ("mistral", "unknown"): "hears 0 calls, we hear 1",
    ("mistral", "Devstral-Small-2507"): "hears 0 calls, we hear 2",
    ("mistral", "Ministral-3-14B-Reasoning-2512"): "hears 0 calls, we hear 2",
    ("mistral", "Mistral-Small-3.2-24B-Instruct-2506"): "hears 0 calls, we hear 2",
}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from transformers import AutoTokenizer

    folder = tmp_path_factory.mktemp("model") / "tiny"
    build(folder)
    made = AutoTokenizer.from_pretrained(str(folder))
    marks = {mark for form in FORMATS.values() for mark in (*form.markers, *form.think) if mark}
    texts = "".join(text for v in VECTORS.values() for text in (v.one, v.two))
    for opens, closes in (("<|", "|>"), ("<｜", "｜>")):
        marks |= {
            f"{opens}{part.partition(closes)[0]}{closes}" for part in texts.split(opens)[1:] if closes in part[:40]
        }
    # M3's mark is a token that stays in the text, not one that is taken out of it.
    made.add_tokens([NAMESPACE])
    made.add_special_tokens({"additional_special_tokens": sorted({*marks, *TOKENS} - {NAMESPACE})})
    return made


def disagreement(tokenizer: Any, name: str, raw: str) -> str:
    read = second_reader(FORMATS[name], FORMATS[name].parsers[0], FORMATS[name].parsers[1], tokenizer)
    return read(raw, tokenizer.encode(raw, add_special_tokens=False), TOOLS, "stop")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["one", "two", "unknown"])
def test_both_hear_the_same_calls_in_what_keeps_to_the_format(tokenizer: Any, name: str, kind: str) -> None:
    _agree(tokenizer, name, kind, getattr(VECTORS[name], kind))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_both_hear_the_same_calls_in_what_templates_write(tokenizer: Any, path: Path) -> None:
    found = json.loads(path.read_text("utf-8"))
    _agree(tokenizer, found["format"], path.stem, found["turn"])


def _agree(tokenizer: Any, name: str, kind: str, raw: str) -> None:
    if name == "harmony":
        pytest.skip("vLLM reads gpt-oss by its own token ids, which no tokenizer here has")
    if not FORMATS[name].parsers[0]:
        pytest.skip("vLLM has no parser of this format")
    got, known = disagreement(tokenizer, name, raw), DIFFERENCES.get((name, kind), "")
    assert got.endswith(known), got
    assert bool(got) == bool(known), got
