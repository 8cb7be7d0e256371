"""OpenAI text completions: the prompt is rendered here, and the model's raw text comes back."""

from __future__ import annotations

from typing import Any

from perturb.core.values import Failure, Request, Response
from perturb.engines.api import Asking, api, finished
from perturb.engines.apis.openai_chat import usage
from perturb.engines.base import answer_seed
from perturb.formats.m2.template import END_MARK

FINISHES: dict[str, Any] = {"stop": "stop", "length": "length"}


def response(answer: Any) -> Response | Failure:
    """The text as the model wrote it, from where the prompt ends."""
    choice = answer["choices"][0]
    finish = finished(choice, "finish_reason", FINISHES)
    if isinstance(finish, Failure):
        return finish
    if not isinstance(choice["text"], str):
        raise TypeError("the text is not text")
    return Response(choice["text"].removesuffix(END_MARK), finish, **usage(answer.get("usage")))


@api("openai-raw", path="/v1/completions", response=response)
def body(request: Request, asking: Asking) -> dict[str, Any]:
    """The body to post. Servers that drop the markers of calls from the text are told not to."""
    text, sampling = asking.prompt, asking.sampling
    asked: dict[str, Any] = {
        "model": asking.model,
        "prompt": text,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "seed": answer_seed(sampling.seed + request.draw, text, bits=31),
    }
    if asking.owner in ("vllm", "sglang"):
        asked |= {"top_k": sampling.top_k, "skip_special_tokens": False}
    if asking.owner == "vllm":
        # The prompt text already holds every marker.
        asked["add_special_tokens"] = False
    return asked
