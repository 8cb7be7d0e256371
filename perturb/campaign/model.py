"""Who answers: a simulated agent, a server, or vLLM in this process, from one frozen description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perturb.campaign.runner import Answerer, from_agent, from_engine
from perturb.core.errors import UserError
from perturb.core.registry import AGENTS, FORMATS, find
from perturb.engines.base import Sampling
from perturb.engines.model_format import Reading, key_values


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Exactly one of `model` (a checkpoint for vLLM), `base_url` (a server) and `agent` (simulated), and how to ask.

    `engine_args` and `template_args` are ``key=value`` texts for vLLM and for the chat template; `chat_template` is a
    file; `format` names the format of a model's raw text where its own configuration is not to decide (a simulated
    agent speaks M2's).

    A server's key is read from the environment by the engine and is no part of this, so that nothing can print it.
    """

    model: str = ""
    base_url: str = ""
    agent: str = ""
    model_name: str = ""
    tensor_parallel_size: int = 1
    expert_parallel: bool = False
    max_model_len: int = 0
    engine_args: Sequence[str] = ()
    lora: str = ""
    format: str = ""
    tool_parser: str = ""
    reasoning_parser: str = ""
    chat_template: str = ""
    template_args: Sequence[str] = ()
    temperature: float = 1.0
    max_tokens: int = 1024
    seed: int = 0


def connect(spec: ModelSpec) -> tuple[Answerer, dict[str, str]]:
    """The model that `spec` names, ready to answer, and what it is. Raises UserError when it cannot be had."""
    if sum(map(bool, (spec.model, spec.base_url, spec.agent))) != 1:
        raise UserError("name one model: a checkpoint (--model), a server (--base-url) or a simulated agent (--agent)")
    sampling = Sampling(temperature=spec.temperature, max_tokens=spec.max_tokens, seed=spec.seed)
    if spec.agent:
        agent = find(AGENTS, spec.agent, "agent")
        form = find(FORMATS, spec.format or "m2", "format").name
        identity = {"name": agent.name, "kind": "simulated", "summary": agent.summary}
        return from_agent(agent, form), identity | ({"format": form} if form != "m2" else {})
    if spec.base_url:
        from perturb.engines.openai_server import OpenAIServer

        server = OpenAIServer.connect(spec.base_url, spec.model_name, sampling)
        return from_engine(server), dict(server.identity)
    from perturb.engines.vllm import VLLMEngine

    engine = VLLMEngine.load(spec.model, sampling, reading_of(spec), spec.lora, **arguments_of(spec))
    return from_engine(engine), dict(engine.identity)


def arguments_of(spec: ModelSpec) -> dict[str, Any]:
    """vLLM's engine arguments. Those that have no value here are left to vLLM."""
    named = {
        "tensor_parallel_size": spec.tensor_parallel_size,
        "enable_expert_parallel": spec.expert_parallel,
        "max_model_len": spec.max_model_len or None,
    }
    return named | key_values(spec.engine_args, "--engine-arg")


def reading_of(spec: ModelSpec) -> Reading:
    """How the model's prompts and answers are read. Raises UserError for a template that cannot be read."""
    template = ""
    if spec.chat_template:
        try:
            template = Path(spec.chat_template).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{spec.chat_template}: {getattr(error, 'strerror', None) or error}") from error
    told = key_values(spec.template_args, "--template-arg")
    return Reading(spec.format, spec.tool_parser, spec.reasoning_parser, template, told)
