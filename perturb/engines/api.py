"""How a kind of server is spoken to: a request as the body to post, what comes back as a response. Pure, no network.

One file in `perturb/engines/apis` per kind, registered by :func:`api`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from perturb.core.errors import UserError
from perturb.core.plain import shortened
from perturb.core.values import Failure, Request, Response
from perturb.engines.base import Sampling

Finish = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True, slots=True)
class Asking:
    """What goes into every body beside the request: the model's name, how to draw, and who serves.

    `owner` is what the server calls itself ("vllm", "sglang"; "" when it does not say). `limit` is the field that
    holds the token limit: some servers refuse ``max_tokens`` for its newer name. `prompt` is the text of
    the prompt, where it is rendered here.
    """

    model: str
    sampling: Sampling
    owner: str = ""
    limit: str = "max_tokens"
    prompt: str = ""


Body = Callable[[Request, Asking], "dict[str, Any] | Failure"]


@dataclass(frozen=True, slots=True)
class Api:
    """One kind of server. `body` makes what is posted to `path`; `response` reads what a 200 brought."""

    name: str
    path: str
    body: Body
    response: Callable[[Any], Response | Failure]
    headers: Callable[[str], Mapping[str, str]]


APIS: dict[str, Api] = {}


def bearer(key: str) -> Mapping[str, str]:
    """The key as most servers want it; nothing without a key."""
    return {"authorization": f"Bearer {key}"} if key else {}


def api(
    name: str,
    *,
    path: str,
    response: Callable[[Any], Response | Failure],
    headers: Callable[[str], Mapping[str, str]] = bearer,
) -> Callable[[Body], Body]:
    """Register a function ``(request, asking) -> body`` as the API `name`.

    A `path` that starts with ``/v1`` stands below a server's root, whether or not its URL names ``/v1`` already.
    `response` gets decoded JSON; LookupError, TypeError, AttributeError and ValueError from it say that the shape
    is wrong, and so do those of the body function about the request.
    """

    def register(function: Body) -> Body:
        if name in APIS:
            raise UserError(f"{name!r} is registered twice")
        APIS[name] = Api(name, path, function, response, headers)
        return function

    return register


def address(base_url: str, path: str) -> str:
    """Where to post, for a URL with or without its ``/v1``.

    >>> address("http://a/v1", "/v1/messages"), address("http://a", "/v1/messages"), address("http://a/v1", "/generate")
    ('http://a/v1/messages', 'http://a/v1/messages', 'http://a/generate')
    """
    return base_url.removesuffix("/v1") + path


def finished(answer: Mapping[str, Any], key: str, known: Mapping[str, Finish]) -> Finish | Failure:
    """Why the model stopped; a Failure where it did not end its answer itself, or nobody says that it did.

    >>> finished({"why": "stop"}, "why", {"stop": "stop"}), finished({}, "why", {}).kind
    ('stop', 'finish_missing')
    """
    reason = answer.get(key, "missing")
    if reason is None:
        return Failure("finish_null", f"{key} is null: the answer may not be whole")
    if not isinstance(reason, str):
        return Failure("finish_unknown", f"{key} is not text")
    if reason in known:
        return known[reason]
    kind = reason if reason in ("missing", "abort", "error", "content_filter", "refusal") else "unknown"
    return Failure(f"finish_{kind}", f"the model did not end this answer itself: {key} {shortened(reason, 60)!r}")


def counts(**found: Any) -> dict[str, Any]:
    """Token counts as far as they are numbers; a server may say anything."""
    return {name: count for name, count in found.items() if type(count) is int and 0 <= count < 2**53}
