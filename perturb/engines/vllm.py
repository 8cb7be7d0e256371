"""vLLM in this process: prompts rendered here, answers as the engine finishes them, raw as the model wrote them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from perturb.core.canonical import digest
from perturb.core.errors import EngineError, UserError
from perturb.core.values import Failure, Request, Response
from perturb.engines.base import Key, Pull, Sampling, answer_seed
from perturb.engines.vllm_start import first_line, guarded, local_config, start
from perturb.formats.m2.template import END_MARK, TemplateError, render

# Requests that wait, rendered, beside those the engine works on: enough that a place which comes free is filled in the
# same step, few enough that memory stays flat.
_AHEAD = 64
_ADVISED = Sampling()


@dataclass(frozen=True)
class VLLMEngine:
    """A loaded model. Make one with :meth:`load`. `in_flight` bounds the requests that the engine holds.

    `parameters` makes vLLM's sampling parameters of one request from how to sample, the request and its prompt.
    """

    llm: Any
    tokenizer: Any
    max_model_len: int
    identity: Mapping[str, str]
    sampling: Sampling = _ADVISED
    in_flight: int = 256 + _AHEAD
    parameters: Callable[[Sampling, Request, str], Any] = field(default=lambda *given: sampling_parameters(*given))

    @classmethod
    def load(cls, model: str, sampling: Sampling = _ADVISED, **arguments: Any) -> VLLMEngine:
        """Load a checkpoint folder or a hub id. `arguments` are vLLM's own engine arguments.

        Raises UserError, in one line, for what cannot be loaded.
        """
        local = local_config(model)
        if local is not None:
            _must_speak_m2(model, local)
        llm, config, about = start(model, arguments)
        _must_speak_m2(model, config)
        settings = llm.llm_engine.vllm_config
        return cls(
            llm,
            llm.get_tokenizer(),
            int(settings.model_config.max_model_len),
            _identity(model, local is not None, config) | about,
            sampling,
            int(settings.scheduler_config.max_num_seqs) + _AHEAD,
        )

    def stream(self, pull: Pull[Key]) -> Iterator[tuple[Key, Response | Failure]]:
        """Answers as vLLM finishes them, by its own continuous admission: nothing waits for a neighbour.

        A request that cannot be asked is a Failure of its own. An answer's seed comes from `sampling.seed`, its draw
        and its prompt, never from its place. Raises EngineError when vLLM has stopped for good.
        """
        flying: dict[str, Key] = {}
        names, broke = map(str, count()), False
        try:
            while True:
                while len(flying) < self.in_flight and (pulled := pull()):
                    key, request = pulled
                    failure = self._add(name := next(names), request)
                    if failure is None:
                        flying[name] = key
                    else:
                        yield key, failure
                if not flying:
                    return
                finished = self._step(flying)
                for name, got in finished:
                    yield flying.pop(name), got
                if finished:
                    again, broke = broke, isinstance(finished[0][1], Failure)
                    if again and broke:
                        raise EngineError(f"vLLM has stopped: {finished[0][1]}")
        finally:
            self._abort(flying)

    def _add(self, name: str, request: Request) -> Failure | None:
        """Hand one request to vLLM; the failure when it cannot be asked."""
        try:
            prompt = render(request.messages, request.tools, retention=request.retention)
        except TemplateError as error:
            return Failure("unrenderable", str(error))
        # The prompt text already holds every marker: the tokenizer must add none.
        ids = self.tokenizer(prompt, add_special_tokens=False, verbose=False)["input_ids"]
        if len(ids) + self.sampling.max_tokens > self.max_model_len:
            # Cutting the answer short instead would be counted against the model.
            asked = f"{len(ids)} prompt tokens and {self.sampling.max_tokens} for the answer"
            return Failure("too_long", f"{asked}; the context holds {self.max_model_len}")
        try:
            with guarded():
                parameters = self.parameters(self.sampling, request, prompt)
                self.llm.llm_engine.add_request(name, {"prompt_token_ids": ids}, parameters)
        except Exception as error:
            return Failure("engine", f"{type(error).__name__}: {first_line(error)}")
        return None

    def _step(self, flying: Mapping[str, Any]) -> list[tuple[str, Response | Failure]]:
        """What has been answered by one more step of the engine. When the step breaks, all that is in flight failed."""
        try:
            with guarded():
                outputs = self.llm.llm_engine.step()
        except Exception as error:
            self._abort(flying)
            lost = Failure("engine", f"{type(error).__name__}: {first_line(error)}", retryable=True)
            return [(name, lost) for name in flying]
        return [(output.request_id, _response(output)) for output in outputs if output.finished]

    def _abort(self, flying: Mapping[str, Any]) -> None:
        """Have vLLM forget what is in flight: the reader stopped early, or the engine broke."""
        if not flying:
            return
        # An engine that is dead has forgotten already.
        with suppress(Exception), guarded():
            self.llm.llm_engine.abort_request(list(flying))


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


def sampling_parameters(sampling: Sampling, request: Request, prompt: str) -> Any:
    """vLLM's parameters for one request. Markers are kept in the text: they are what the answer is read by."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    return SamplingParams(
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        max_tokens=sampling.max_tokens,
        seed=answer_seed(sampling.seed + request.draw, prompt),
        skip_special_tokens=False,
        # Without this every step would hand over the text so far of every answer.
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


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
