"""SGLang: its OpenAI form, and its own ``/generate`` with the prompt rendered here."""

from __future__ import annotations

from typing import Any

from perturb.core.values import Failure, Request, Response
from perturb.engines.api import Asking, api, counts, finished
from perturb.engines.apis import openai_chat
from perturb.engines.apis.openai_completions import FINISHES
from perturb.formats.m2.template import END_MARK


@api("sglang", path="/v1/chat/completions", response=openai_chat.response)
def chat(request: Request, asking: Asking) -> dict[str, Any] | Failure:
    """The chat body, with the fields that SGLang adds to OpenAI's."""
    asked = openai_chat.body(request, asking)
    return asked if isinstance(asked, Failure) else asked | {"top_k": asking.sampling.top_k, "separate_reasoning": True}


def response(answer: Any) -> Response | Failure:
    """What ``/generate`` says: the raw text, and a finish reason that is an object."""
    facts = answer["meta_info"]
    reason = facts.get("finish_reason")
    finish = finished(reason, "type", FINISHES) if isinstance(reason, dict) else finished(facts, "finish_reason", {})
    if isinstance(finish, Failure):
        return finish
    if not isinstance(answer["text"], str):
        raise TypeError("the text is not text")
    used = {name: facts.get(name) for name in ("prompt_tokens", "completion_tokens", "cached_tokens")}
    return Response(answer["text"].removesuffix(END_MARK), finish, **counts(**used))


@api("sglang-raw", path="/generate", response=response)
def generate(_request: Request, asking: Asking) -> dict[str, Any]:
    """The body of ``/generate``. It names no model (a server has one) and takes no seed of a request's own."""
    sampling = asking.sampling
    drawn = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "max_new_tokens": sampling.max_tokens,
        "skip_special_tokens": False,
    }
    return {"text": asking.prompt, "sampling_params": drawn}
