"""A model that is not M2 in this process, with an adapter: a small random Llama whose template writes hermes calls."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from perturb.core.errors import UserError
from perturb.core.registry import FORMATS, load_builtin
from perturb.core.values import Call, Failure, Reply, Request, Response, Unparsed
from perturb.engines.base import Sampling
from perturb.engines.model_format import Reading, chosen
from perturb.engines.vllm import VLLMEngine
from perturb.engines.vllm_reader import only_reader, understood
from perturb.formats.m2.checkpoint import build

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
load_builtin()
TEMPLATE = """\
{%- if tools %}<|im_start|>system
Call like <tool_call>{"name": "...", "arguments": {}}</tool_call>:{{ tools | tojson }}<|im_end|>
{% endif %}
{%- for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}{% for c in m.tool_calls or [] %}<tool_call>{{ c.function | tojson }}</tool_call>{% endfor %}<|im_end|>
{% endfor %}<|im_start|>assistant
<think>
"""
HIDDEN, LAYERS = 64, 2
TOOLS = ({"type": "function", "function": {"name": "read", "description": "", "parameters": {"type": "object"}}},)


def a_llama(folder: Path) -> Path:
    """Random weights, and the small checkpoint's tokenizer without the names of M2's markers."""
    from transformers import LlamaConfig, LlamaForCausalLM

    build(folder)
    tokens = json.loads((folder / "tokenizer_config.json").read_bytes())
    (folder / "tokenizer_config.json").write_text(json.dumps({**tokens, "additional_special_tokens": []}), "utf-8")
    (folder / "chat_template.jinja").write_text(TEMPLATE, "utf-8")
    shape = {"hidden_size": HIDDEN, "intermediate_size": HIDDEN, "num_hidden_layers": LAYERS, "vocab_size": 896}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 2048}
    LlamaForCausalLM(LlamaConfig(**shape, **heads, bos_token_id=0, eos_token_id=2)).save_pretrained(folder)
    return folder


def an_adapter(folder: Path) -> Path:
    """A random one of rank 4 on the queries."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 64, "target_modules": ["q_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(config), "utf-8")
    weights = {}
    for layer in range(LAYERS):
        at = f"base_model.model.model.layers.{layer}.self_attn.q_proj"
        weights[f"{at}.lora_A.weight"] = torch.ones(4, HIDDEN)
        weights[f"{at}.lora_B.weight"] = torch.randn(HIDDEN, 4, generator=torch.Generator().manual_seed(layer))
    save_file(weights, folder / "adapter_model.safetensors")
    return folder


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> VLLMEngine:
    folder = tmp_path_factory.mktemp("model")
    model, adapter = a_llama(folder / "llama"), an_adapter(folder / "adapter")
    return VLLMEngine.load(str(model), Sampling(max_tokens=12), Reading(), f"mine={adapter}", max_model_len=1024)


def answers(engine: VLLMEngine, requests: Iterable[Request]) -> Sequence[Response | Failure]:
    numbered = enumerate(requests)

    def pull() -> tuple[int, Request] | None:
        return next(numbered, None)

    return [got for _, got in sorted(engine.stream(pull), key=lambda pair: pair[0])]


def test_its_own_template_and_format_are_found(engine: VLLMEngine) -> None:
    assert engine.identity["format"] == "hermes"
    assert engine.identity["name"] == "llama+mine"
    call = {"type": "function", "function": {"name": "read", "arguments": {"path": "a"}}}
    talk = ({"role": "user", "content": "go"}, {"role": "assistant", "content": "", "tool_calls": [call]})
    request = Request((*talk, {"role": "tool", "content": "x = 1"}), TOOLS)
    prompt = engine.form.render(engine.form, request, engine.template)
    assert '<tool_call>{"name": "read", "arguments": {"path": "a"}}</tool_call>' in prompt
    assert "x = 1" in prompt
    (got,) = answers(engine, [request])
    assert isinstance(got, Response)
    assert got.text.startswith("<think>\n")
    assert got.format == "hermes"
    assert isinstance(engine.form.parse(got.text, TOOLS, got.finish), Reply | Unparsed)


def test_the_adapter_answers(engine: VLLMEngine) -> None:
    requests = [Request(({"role": "user", "content": f"question {n}"},)) for n in range(3)]
    with_it, without = answers(engine, requests), answers(replace(engine, lora=None), requests)
    texts = [[got.text for got in side if isinstance(got, Response)] for side in (with_it, without)]
    assert [len(side) for side in texts] == [3, 3]
    assert texts[0] != texts[1]
    assert answers(engine, requests) == with_it


def test_where_no_format_here_reads_it_vllms_parser_does(engine: VLLMEngine) -> None:
    form = chosen("model", Reading(tool_parser="pythonic"), {}, engine.tokenizer)
    read = only_reader("pythonic", "", engine.tokenizer)
    bound = replace(engine, form=form, only=read)
    (got,) = answers(bound, [Request(({"role": "user", "content": "go"},), TOOLS)])
    assert isinstance(got, Response)
    assert (got.raw, bool(got.written)) == (False, True)
    said = understood(read("[read(path='a b.py', line=3)]", [], TOOLS))
    assert said["calls"] == (Call("read", {"path": "a b.py", "line": 3}),)
    broken = understood(("", "So.", [("read", "[3]")]))
    assert "calls" not in broken
    assert isinstance(FORMATS["m2"].parse_content("", broken["text"], TOOLS, "stop"), Unparsed)
    with pytest.raises(UserError, match="granit"):
        only_reader("granit", "", engine.tokenizer)


def test_a_conversation_that_its_template_refuses_fails_alone(engine: VLLMEngine) -> None:
    refusing = replace(engine, template=_refuses)
    (got,) = answers(refusing, [Request(({"role": "user", "content": "x"},))])
    assert isinstance(got, Failure)
    assert got.kind == "unrenderable"


def _refuses(*_given: object) -> str:
    from perturb.core.format import TemplateError

    raise TemplateError("roles must alternate")
