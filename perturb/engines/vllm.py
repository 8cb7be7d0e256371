"""vLLM in this process: M2's prompts rendered here, one batched call, raw replies kept as the model wrote them."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from perturb.core.canonical import digest
from perturb.core.errors import UserError
from perturb.core.values import Failure, Request, Response
from perturb.engines.base import RECOMMENDED, Key, Pull, Sampling, answer_seed
from perturb.formats.m2.template import END_MARK, TemplateError, render

# Room for the key-value cache on a CPU, in GiB: a million tokens of the small checkpoint.
_CPU_CACHE_GIB = "1"
# Requests handed over at once: enough for continuous batching, little enough to keep memory flat.
_BATCH = 512


@dataclass(frozen=True)
class VLLMEngine:
    """A loaded model. Make one with :meth:`load`."""

    llm: Any
    tokenizer: Any
    max_model_len: int
    identity: Mapping[str, str]
    sampling: Sampling = RECOMMENDED

    @classmethod
    def load(
        cls,
        model: str,
        sampling: Sampling = RECOMMENDED,
        *,
        tensor_parallel_size: int = 1,
        expert_parallel: bool = False,
        max_model_len: int = 0,
    ) -> VLLMEngine:
        """Load a checkpoint folder or a hub id. Raises UserError, in one line, for what cannot be loaded."""
        local = _local_config(model)
        _environment(local is not None)
        try:
            with _guarded():
                llm, device, version = _start(model, tensor_parallel_size, expert_parallel, max_model_len)
                settings = llm.llm_engine.model_config
                config = local if local is not None else settings.hf_config.to_dict()
        except ImportError as error:
            raise UserError(f"vLLM is not usable here: {_first_line(error)} (see 'perturb doctor')") from error
        except Exception as error:
            raise UserError(f"{model}: vLLM could not load it: {_first_line(error)}") from error
        _must_speak_m2(model, config)
        identity = _identity(model, local is not None, config) | {"device": device, "version": f"vllm {version}"}
        return cls(llm, llm.get_tokenizer(), int(settings.max_model_len), identity, sampling)

    def stream(self, pull: Pull[Key]) -> Iterator[tuple[Key, Response | Failure]]:
        """Answers in batches: a batch's answers come together, and the next is pulled then."""
        while batch := list(islice(iter(pull, None), _BATCH)):
            for index, got in self.generate([request for _, request in batch], self.sampling):
                yield batch[index][0], got

    def generate(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[int, Response | Failure]]:
        """Answer `requests` in one batch. A request that cannot be asked is a Failure of its own.

        An answer's seed comes from `sampling.seed`, its draw and its prompt, never from its place in the batch.
        """
        prompts: dict[int, str] = {}
        for index, request in enumerate(requests):
            try:
                prompts[index] = render(request.messages, request.tools, retention=request.retention)
            except TemplateError as error:
                yield index, Failure("unrenderable", str(error))
        asked: dict[int, list[int]] = {}
        for index, ids in zip(prompts, self._tokens(list(prompts.values())), strict=True):
            if len(ids) + sampling.max_tokens > self.max_model_len:
                yield index, self._too_long(len(ids), sampling)
            else:
                asked[index] = ids
        drawn = {index: sampling.with_seed(sampling.seed + requests[index].draw) for index in asked}
        yield from self._answers(asked, [_parameters(drawn[index], prompts[index]) for index in asked])

    def _tokens(self, prompts: list[str]) -> list[list[int]]:
        # The prompt text already holds every marker: the tokenizer must add none.
        encode = self.tokenizer
        return encode(prompts, add_special_tokens=False, verbose=False)["input_ids"] if prompts else []

    def _too_long(self, length: int, sampling: Sampling) -> Failure:
        # Cutting the answer short instead would be counted against the model.
        room = f"the context holds {self.max_model_len}"
        return Failure("too_long", f"{length} prompt tokens and {sampling.max_tokens} for the answer; {room}")

    def _answers(self, asked: dict[int, list[int]], parameters: list[Any]) -> Iterator[tuple[int, Response | Failure]]:
        if not asked:
            return
        try:
            with _guarded():
                inputs = [{"prompt_token_ids": ids} for ids in asked.values()]
                outputs = self.llm.generate(inputs, parameters, use_tqdm=False)
        except Exception as error:
            failure = Failure("engine", f"{type(error).__name__}: {_first_line(error)}")
            yield from ((index, failure) for index in asked)
            return
        for index, output in zip(asked, outputs, strict=True):
            yield index, _response(output)


def _response(output: Any) -> Response:
    answer = output.outputs[0]
    return Response(
        text=answer.text.removesuffix(END_MARK),
        finish=answer.finish_reason if answer.finish_reason in ("stop", "length") else "other",
        raw=True,
        prompt_tokens=len(output.prompt_token_ids),
        cached_tokens=output.num_cached_tokens or 0,
        completion_tokens=len(answer.token_ids),
    )


def _parameters(sampling: Sampling, prompt: str) -> Any:
    from vllm import SamplingParams

    return SamplingParams(
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        max_tokens=sampling.max_tokens,
        seed=answer_seed(sampling.seed, prompt),
        skip_special_tokens=False,
    )


def _start(model: str, tensor_parallel: int, expert_parallel: bool, length: int) -> tuple[Any, str, str]:
    import vllm
    from vllm.platforms import current_platform

    options: dict[str, Any] = {"dtype": "auto"}
    if current_platform.is_cpu():
        # One process and no compilation: a small model starts in seconds, and Ctrl-C stops it at once.
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", _CPU_CACHE_GIB)
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        # torch's CPU generators have no offset, which vLLM moves for a seeded request whose prompt it splits.
        options = {"dtype": "float32", "enforce_eager": True, "enable_chunked_prefill": False}
    llm = vllm.LLM(
        model=model,
        tensor_parallel_size=tensor_parallel,
        enable_expert_parallel=expert_parallel,
        max_model_len=length or None,
        enable_prefix_caching=True,
        **options,
    )
    return llm, str(current_platform.device_name), str(vllm.__version__)


def _environment(local: bool) -> None:
    """Settings that vLLM reads when it is imported. What the user has set stays."""
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    os.environ.setdefault("VLLM_LOGGING_STREAM", "ext://sys.stderr")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    if local:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")


@contextmanager
def _guarded() -> Iterator[None]:
    """Whatever prints meanwhile, in Python, in C or in a child process, prints to stderr: stdout is for results."""
    sys.stdout.flush()
    kept, shown = os.dup(1), sys.stdout
    try:
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        with warnings.catch_warnings():
            # torch, transformers and vLLM deprecate parts of each other: nothing that a person here could change.
            for kind in (DeprecationWarning, FutureWarning, UserWarning):
                warnings.simplefilter("ignore", kind)
            yield
    finally:
        sys.stdout = shown
        os.dup2(kept, 1)
        os.close(kept)


def _local_config(model: str) -> dict[str, Any] | None:
    """The configuration of a checkpoint folder; None for a hub id. Raises UserError for a path that is neither."""
    path = Path(model).expanduser()
    if not path.exists():
        owner, _, name = model.partition("/")
        if owner and name and "/" not in name and not model.startswith((".", "~", "/")):
            return None
        raise UserError(f"{model}: no such model folder")
    try:
        config = json.loads((path / "config.json").read_bytes())
    except OSError as error:
        raise UserError(f"{model}/config.json: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{model}/config.json: not JSON: {error}") from error
    if not isinstance(config, dict):
        raise UserError(f"{model}/config.json: not an object")
    _must_speak_m2(model, config)
    return config


def _must_speak_m2(model: str, config: Mapping[str, Any]) -> None:
    kind = config.get("model_type")
    if kind != "minimax_m2":
        raise UserError(f"{model}: model_type {kind!r}: only M2's format is rendered here; serve it and use --base-url")


def _identity(model: str, local: bool, config: Mapping[str, Any]) -> dict[str, str]:
    return {
        "name": Path(model).resolve().name if local else model,
        "kind": "vllm",
        "config": digest(json.loads(json.dumps(config, default=str))),
        "weights": "random" if config.get("perturb_random_weights") is True else "as published",
    }


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
