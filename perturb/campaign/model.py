"""Who answers: a simulated agent, a server, or vLLM in this process, from one frozen description."""

from __future__ import annotations

from dataclasses import dataclass

from perturb.campaign.runner import Answerer, from_agent, from_engine
from perturb.core.errors import UserError
from perturb.core.registry import AGENTS, find
from perturb.engines.base import Sampling


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Exactly one of `model` (a checkpoint for vLLM), `base_url` (a server) and `agent` (simulated), and how to ask.

    A server's key is read from the environment by the engine and is no part of this, so that nothing can print it.
    """

    model: str = ""
    base_url: str = ""
    agent: str = ""
    model_name: str = ""
    tensor_parallel_size: int = 1
    expert_parallel: bool = False
    max_model_len: int = 0
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
        return from_agent(agent), {"name": agent.name, "kind": "simulated", "summary": agent.summary}
    if spec.base_url:
        from perturb.engines.openai_server import OpenAIServer

        server = OpenAIServer.connect(spec.base_url, spec.model_name, sampling)
        return from_engine(server), dict(server.identity)
    from perturb.engines.vllm import VLLMEngine

    engine = VLLMEngine.load(
        spec.model,
        sampling,
        tensor_parallel_size=spec.tensor_parallel_size,
        enable_expert_parallel=spec.expert_parallel,
        max_model_len=spec.max_model_len or None,
    )
    return from_engine(engine), dict(engine.identity)
