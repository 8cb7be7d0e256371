"""Who answers: a simulated agent, servers, or vLLM in this process, from one frozen description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from perturb.campaign.runner import Answerer, from_agent, from_engine
from perturb.core.errors import UserError
from perturb.core.registry import AGENTS, FORMATS, find, loaded_sources
from perturb.engines.base import RECOMMENDED, Sampling
from perturb.engines.model_format import Reading, key_values


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Exactly one of `model` (a checkpoint for vLLM), `base_url` (servers of one model) and `agent` (simulated).

    `engine_args` and `template_args` are ``key=value`` texts for vLLM and for the chat template; `chat_template` is a
    file. `format` names the format of a model's raw text where its own configuration is not to decide (a simulated
    agent speaks M2's). `ray` is a cluster's address, or ``local``, for `replicas` of the model.

    `api`, `raw`, `concurrency` (0: the engine's choice), `timeout` (seconds of one try), `proxy` and `extra_body` (a
    JSON object) say how servers are asked. What no run may record stands in `header` (``NAME=VALUE`` each) and
    `api_key`; without the latter the key is taken from the environment.
    """

    model: str = ""
    base_url: tuple[str, ...] = ()
    agent: str = ""
    model_name: str = ""
    api: str = "openai"
    raw: bool = False
    concurrency: int = 0
    timeout: float = 3600.0
    proxy: str = ""
    extra_body: str = ""
    header: tuple[str, ...] = field(default=(), repr=False)
    api_key: str = field(default="", repr=False)
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
    ray: str = ""
    replicas: int = 1
    temperature: float = RECOMMENDED.temperature
    top_p: float = RECOMMENDED.top_p
    top_k: int = RECOMMENDED.top_k
    max_tokens: int = RECOMMENDED.max_tokens
    seed: int = 0


SAMPLING_FIELDS = ("temperature", "top_p", "top_k", "max_tokens")
# How servers are reached, which changes no answer; a run records the URLs alone of it.
REACH_FIELDS = ("base_url", "concurrency", "timeout", "proxy", "header", "api_key")
# What a run's manifest keeps of a description, apart from how answers are drawn.
ENGINE_FIELDS = tuple(
    f.name for f in fields(ModelSpec) if f.name == "base_url" or f.name not in (*SAMPLING_FIELDS, *REACH_FIELDS, "seed")
)


def spec_of(settings: Mapping[str, Any]) -> ModelSpec:
    """The description that options or a manifest's fields make; what it has no field for is left out."""
    known = {f.name: settings[f.name] for f in fields(ModelSpec) if f.name in settings}
    urls = known.get("base_url") or ()
    known["base_url"] = (urls,) if isinstance(urls, str) else tuple(urls)
    return ModelSpec(**known | {"header": tuple(known.get("header", ()))})


def connect(spec: ModelSpec) -> tuple[Answerer, dict[str, str]]:
    """The model that `spec` names, ready to answer, and what it is. Raises UserError when it cannot be had."""
    if sum(map(bool, (spec.model, spec.base_url, spec.agent))) != 1:
        raise UserError("name one model: a checkpoint (--model), a server (--base-url) or a simulated agent (--agent)")
    from perturb.engines.settings import settings_from, urls_in

    sampling = Sampling(spec.temperature, spec.top_p, spec.top_k, spec.max_tokens, spec.seed)
    # Also where there is no server: what is wrong in an option is said, whatever the option is for.
    how = settings_from(spec.concurrency, spec.timeout, spec.proxy, spec.extra_body, spec.header, spec.api_key)
    if spec.agent:
        agent = find(AGENTS, spec.agent, "agent")
        form = find(FORMATS, spec.format or "m2", "format").name
        identity = {"name": agent.name, "kind": "simulated", "summary": agent.summary}
        return from_agent(agent, form), identity | ({"format": form} if form != "m2" else {})
    if spec.base_url:
        from perturb.engines.connect import connect as connect_servers

        urls = urls_in(spec.base_url)
        servers = connect_servers(
            urls, spec.model_name, sampling, how, api=spec.api, raw=spec.raw, reading=reading_of(spec)
        )
        return from_engine(servers), dict(servers.identity)
    if spec.ray or spec.replicas > 1:
        from perturb.engines.ray_replicas import Load, RayReplicas

        load = Load(spec.model, sampling, reading_of(spec), spec.lora, arguments_of(spec), loaded_sources())
        replicas = RayReplicas.start(spec.ray or "local", spec.replicas, load)
        return from_engine(replicas), dict(replicas.identity)
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
