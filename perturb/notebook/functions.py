"""Somebody's own agent: a function of messages and tools, asked like any server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import orjson

from perturb.campaign.plan import Item
from perturb.campaign.runner import Answerer
from perturb.core.plain import clipped
from perturb.core.values import Failure, Request, Response
from perturb.engines.apis.openai_chat import RETENTION, keeps_early_thinking, messages, response

# Messages and tools in OpenAI's form, in; words, or an assistant message in that form, out.
Function = Callable[[list[dict[str, Any]], list[dict[str, Any]]], Any]


def from_function(function: Function, workers: int = 1) -> Answerer:
    """Answers of `function`, called in `workers` threads. What it raises is that request's failure, never a score."""

    def answer(pull: Callable[[], Item | None]) -> Iterator[tuple[Item, Response | Failure]]:
        waiting: dict[Future[Response | Failure], Item] = {}
        with ThreadPoolExecutor(workers) as pool:
            while True:
                while len(waiting) < workers and (item := pull()) is not None:
                    waiting[pool.submit(_asked, function, item.request)] = item
                if not waiting:
                    return
                for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(done), done.result()

    return answer


def _asked(function: Function, request: Request) -> Response | Failure:
    if keeps_early_thinking(request):
        return RETENTION
    # A copy: what a function does to its arguments is its own affair.
    said, tools = orjson.loads(orjson.dumps([list(messages(request)), request.tools]))
    try:
        reply = function(said, tools)
    except Exception as error:
        return Failure("agent", clipped(f"{type(error).__name__}: {error}"))
    try:
        return response({"choices": [{"message": message_of(reply), "finish_reason": "stop"}]})
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        return Failure("reply", f"no text and no assistant message: {type(error).__name__}: {clipped(str(error))}")


def message_of(reply: Any) -> Mapping[str, Any]:
    """A reply as an assistant message: a text, a mapping, or a client's message object.

    >>> message_of("Done.")
    {'content': 'Done.'}

    Raises TypeError for anything else.
    """
    if isinstance(reply, str):
        return {"content": reply}
    if isinstance(reply, Mapping):
        return reply
    dump = getattr(reply, "model_dump", None)
    if dump is None:
        raise TypeError(f"the function returned {type(reply).__name__}")
    found: Mapping[str, Any] = dump()
    return found
