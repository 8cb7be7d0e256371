"""vLLM in this process: prompts rendered here, answers as the engine finishes them, raw as the model wrote them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Literal

from perturb.core.canonical import digest
from perturb.core.errors import EngineError
from perturb.core.format import Format, Template, TemplateError
from perturb.core.registry import FORMATS
from perturb.core.values import Failure, Request, Response
from perturb.engines.base import Key, Pull, Sampling, answer_seed
from perturb.engines.model_format import Reading, chosen, template_of
from perturb.engines.vllm_reader import OnlyReader, SecondReader, only_reader, second_reader, understood
from perturb.engines.vllm_start import adapter, first_line, guarded, local_config, start

# Requests that wait, rendered, beside those the engine works on: enough that a place which comes free is filled in the
# same step, few enough that memory stays flat.
_AHEAD = 64
_ADVISED = Sampling()
_BY_ITSELF = Reading()
_FINISHES: dict[str, Literal["stop", "length"]] = {"stop": "stop", "length": "length"}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request under way: whose it is, and the mark of its turn that its prompt ends with."""

    key: Any
    request: Request
    opening: str


@dataclass(frozen=True)
class VLLMEngine:
    """A loaded model. Make one with :meth:`load`. `in_flight` bounds the requests that the engine holds.

    `parameters` makes vLLM's sampling parameters of one request from how to sample, the request and its prompt.
    """

    llm: Any
    tokenizer: Any
    form: Format
    template: Template
    identity: Mapping[str, str]
    sampling: Sampling = _ADVISED
    second: SecondReader = field(default=lambda *given: _silent(*given))
    # Reads the answers where no format here does.
    only: OnlyReader | None = None
    lora: Any = None
    in_flight: int = 256 + _AHEAD
    parameters: Callable[[Sampling, Request, str], Any] = field(default=lambda *given: sampling_parameters(*given))

    @classmethod
    def load(
        cls,
        model: str,
        sampling: Sampling = _ADVISED,
        reading: Reading = _BY_ITSELF,
        lora: str = "",
        /,
        **arguments: Any,
    ) -> VLLMEngine:
        """Load a checkpoint folder or a hub id. `lora` is ``NAME=PATH``; `arguments` are vLLM's own engine arguments.

        Raises UserError, in one line, for what cannot be loaded.
        """
        added, limits = adapter(lora) if lora else (None, {})
        llm, config, about = start(model, {**limits, **arguments})
        tokenizer = llm.get_tokenizer()
        form = chosen(model, reading, config, tokenizer)
        name = {"name": f"{_name(model)}+{added[0]}", "lora": added[0]} if added else {"name": _name(model)}
        settings = llm.llm_engine.vllm_config
        parsers = (reading.tool_parser, reading.reasoning_parser, tokenizer)
        only = None if form.name in FORMATS else only_reader(*parsers)
        second = second_reader(form, *parsers) if only is None else _silent
        return cls(
            llm,
            tokenizer,
            form,
            template_of(form, reading, tokenizer),
            name | {"format": form.name, "dtype": str(settings.model_config.dtype)} | _identity(config) | about,
            sampling,
            second,
            only,
            _lora_request(added),
            int(settings.scheduler_config.max_num_seqs) + _AHEAD,
        )

    @property
    def max_model_len(self) -> int:
        """The tokens that a prompt and its answer may have together."""
        return int(self.llm.llm_engine.vllm_config.model_config.max_model_len)

    def stream(self, pull: Pull[Key]) -> Iterator[tuple[Key, Response | Failure]]:
        """Answers as vLLM finishes them, by its own continuous admission: nothing waits for a neighbour.

        A request that cannot be asked is a Failure of its own. An answer's seed comes from `sampling.seed`, its draw
        and its prompt, never from its place. Raises EngineError when vLLM has stopped for good.
        """
        flying: dict[str, _Asked] = {}
        names, broke = map(str, count()), False
        try:
            while True:
                while len(flying) < self.in_flight and (pulled := pull()):
                    key, request = pulled
                    added = self._add(name := next(names), key, request)
                    if isinstance(added, Failure):
                        yield key, added
                    else:
                        flying[name] = added
                if not flying:
                    return
                finished = self._step(flying)
                for name, got in finished:
                    yield flying.pop(name).key, got
                if finished:
                    again, broke = broke, isinstance(finished[0][1], Failure)
                    if again and broke:
                        raise EngineError(f"vLLM has stopped: {finished[0][1]}")
        finally:
            self._abort(flying)

    def _add(self, name: str, key: Any, request: Request) -> _Asked | Failure:
        """Hand one request to vLLM; the failure when it cannot be asked."""
        try:
            prompt = self.form.render(self.form, request, self.template)
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
                prompt_ids = {"prompt_token_ids": ids}
                self.llm.llm_engine.add_request(name, prompt_ids, parameters, lora_request=self.lora)
        except Exception as error:
            return Failure("engine", f"{type(error).__name__}: {first_line(error)}")
        return _Asked(key, request, self.form.continues(prompt))

    def _step(self, flying: Mapping[str, _Asked]) -> list[tuple[str, Response | Failure]]:
        """What has been answered by one more step of the engine. When the step breaks, all that is in flight failed."""
        try:
            with guarded():
                outputs = self.llm.llm_engine.step()
        except Exception as error:
            self._abort(flying)
            lost = Failure("engine", f"{type(error).__name__}: {first_line(error)}", retryable=True)
            return [(name, lost) for name in flying]
        return [(o.request_id, self._response(o, flying[o.request_id])) for o in outputs if o.finished]

    def _abort(self, flying: Mapping[str, Any]) -> None:
        """Have vLLM forget what is in flight: the reader stopped early, or the engine broke."""
        if not flying:
            return
        # An engine that is dead has forgotten already.
        with suppress(Exception), guarded():
            self.llm.llm_engine.abort_request(list(flying))

    def _response(self, output: Any, asked: _Asked) -> Response | Failure:
        answer = output.outputs[0]
        finish: Literal["stop", "length", "other"] = _FINISHES.get(answer.finish_reason, "other")
        text, tools = asked.opening + answer.text, asked.request.tools
        counts: dict[str, Any] = {
            "prompt_tokens": len(output.prompt_token_ids),
            "cached_tokens": output.num_cached_tokens or 0,
            "completion_tokens": len(answer.token_ids),
        }
        if self.only is not None:
            try:
                read = understood(self.only(text, answer.token_ids, tools))
            except Exception as error:
                return Failure("parser", f"{self.form.name}: {type(error).__name__}: {first_line(error)}")
            return Response(finish=finish, raw=False, written=text, **read, **counts)
        disagreement = self.second(text, answer.token_ids, tools, finish)
        return Response(text, finish, format=self.form.name, disagreement=disagreement, **counts)


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
        spaces_between_special_tokens=False,
        # Without this every step would hand over the text so far of every answer.
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _silent(*_given: object) -> str:
    return ""


def _lora_request(added: tuple[str, str] | None) -> Any:
    if added is None:
        return None
    from vllm.lora.request import LoRARequest

    return LoRARequest(added[0], 1, added[1])


def _name(model: str) -> str:
    return Path(model).resolve().name if local_config(model) is not None else model


def _identity(config: Mapping[str, Any]) -> dict[str, str]:
    return {
        "kind": "vllm",
        "config": digest(json.loads(json.dumps(config, default=str))),
        "weights": "random" if config.get("perturb_random_weights") is True else "as published",
    }
