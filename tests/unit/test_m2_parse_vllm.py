"""The reply parser against vLLM's own M2 parser, on replies that keep to the format."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perturb.core.errors import UnrepresentableError
from perturb.core.values import Call, Reply
from perturb.formats.m2.checkpoint import build
from perturb.formats.m2.parse import emit, parse

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed"),
    # torch, transformers and vLLM deprecate parts of each other; none of it is this project's to change.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

SCHEMAS = {
    "path": {"type": "string"},
    "note": {"type": ["string", "null"]},
    "start": {"type": "integer"},
    "all": {"type": "boolean"},
    "env": {"type": "object"},
    "tags": {"type": "array"},
}
TOOLS = tuple(
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": SCHEMAS}}}
    for name in ("run", "read")
)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "path": TEXT,
    "note": st.none() | TEXT.map(lambda text: f"note: {text}"),
    "start": st.integers(-(2**53), 2**53),
    "all": st.booleans(),
    "env": st.dictionaries(TEXT, TEXT | st.integers(0, 9), max_size=3),
    "tags": st.lists(TEXT | st.none(), max_size=3),
}
CALLS = st.builds(Call, st.sampled_from(["run", "read"]), st.fixed_dictionaries({}, optional=VALUES))
REPLIES = st.builds(Reply, TEXT.map(str.strip), TEXT.map(str.strip), st.lists(CALLS, min_size=1, max_size=3).map(tuple))


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from transformers import AutoTokenizer

    folder: Path = tmp_path_factory.mktemp("model") / "tiny"
    build(folder)
    return AutoTokenizer.from_pretrained(str(folder))


@given(reply=REPLIES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_hear_the_same_calls(tokenizer: Any, reply: Reply) -> None:
    from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
    from vllm.parser.minimax_m2 import MinimaxM2Parser

    try:
        raw = emit(reply, TOOLS)
    except UnrepresentableError:
        return
    request = ChatCompletionRequest(model="m", messages=[{"role": "user", "content": "x"}], tools=list(TOOLS))
    theirs = MinimaxM2Parser(tokenizer, request.tools)
    reasoning, content, calls = theirs.parse(raw, request, enable_auto_tools=True)
    ours = parse(raw, TOOLS, "stop")
    assert isinstance(ours, Reply)
    assert [(call.name, json.loads(call.arguments)) for call in calls or ()] == [
        (call.tool, call.args) for call in ours.calls
    ]
    assert (reasoning or "").strip() == ours.thinking.strip()
    assert (content or "").strip() == ours.text.strip()
