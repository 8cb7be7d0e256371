"""OpenAI chat completions: the server renders the prompt and parses the reply."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from perturb.core.values import Call, Failure, JsonObject, Request, Response
from perturb.engines.api import Asking, Finish, api, counts, finished
from perturb.engines.base import answer_seed
from perturb.formats.m2.parse import split_thinking
from perturb.formats.m2.template import CALL_OPEN, THINK_CLOSE, THINK_OPEN

FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
RETENTION = Failure(
    "retention", "a server's own template decides which thinking is rendered: ask with --raw, or run the model here"
)


def keeps_early_thinking(request: Request) -> bool:
    """Whether thinking must stay that stands before the last user message, where a template would leave it out."""
    if request.retention != "keep_all":
        return False
    users = [n for n, message in enumerate(request.messages) if message.get("role") == "user"]
    early = request.messages[: users[-1] if users else 0]
    return any(message.get("reasoning_content") or THINK_CLOSE in str(message.get("content")) for message in early)


def messages(request: Request) -> Iterator[dict[str, Any]]:
    """The messages with call ids, arguments as text, and thinking under both names that servers read."""
    waiting: list[str] = []
    number = 0
    for message in request.messages:
        sent = {**message, "content": _joined(message)}
        thinking = sent.pop("reasoning_content", None)
        if thinking and request.retention != "drop_all":
            sent |= {"reasoning_content": thinking, "reasoning": thinking}
        if request.retention == "drop_all" and sent["role"] == "assistant" and not thinking:
            sent["content"] = _without_thinking(sent["content"])
        if sent.get("tool_calls"):
            sent["tool_calls"] = [_call(call, number + place) for place, call in enumerate(sent["tool_calls"])]
            number += len(sent["tool_calls"])
            waiting = [call["id"] for call in sent["tool_calls"]]
        if sent["role"] == "tool" and waiting:
            sent["tool_call_id"] = waiting.pop(0)
        yield sent


def _joined(message: JsonObject) -> Any:
    """Content of several texts as one, as M2's template joins it; vLLM would put newlines between."""
    content = message.get("content")
    if message["role"] == "tool" or not isinstance(content, list):
        return content
    texts = [part["text"] for part in content if part.get("type") == "text"]
    return "".join(texts) if len(texts) == len(content) else content


def _without_thinking(content: Any) -> Any:
    if isinstance(content, str) and THINK_CLOSE in content:
        return content.rpartition(THINK_CLOSE)[2].strip("\n")
    return content


def _call(call: JsonObject, number: int) -> dict[str, Any]:
    function = call.get("function") or call
    arguments = function.get("arguments", {})
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return {"id": f"call_{number}", "type": "function", "function": {"name": function["name"], "arguments": text}}


def response(answer: Any) -> Response | Failure:
    """What a chat completion says. Thinking written inline is split off the words.

    A call whose arguments are no JSON object is the model's mistake, not the server's: the reply is given back as
    text that ends in the call's unfinished M2 form, with no calls, so that it parses as malformed (or as cut, when
    it hit the token limit).
    """
    choice = answer["choices"][0]
    finish = finished(choice, "finish_reason", FINISHES)
    if isinstance(finish, Failure):
        return finish
    message = choice["message"]
    calls = [_function(call) for call in message.get("tool_calls") or ()]
    thinking, text = _thinking(message, _content(message.get("content")))
    unread = next((call for call in calls if isinstance(call[1], str)), None)
    if unread is not None:
        text = f'{text}{CALL_OPEN}\n<invoke name="{unread[0]}">\n<parameter name="arguments">{unread[1]}'
    read = tuple(Call(name, arguments) for name, arguments in calls) if calls and unread is None else None
    return Response(text, finish, raw=False, thinking=thinking, calls=read, **usage(answer.get("usage")))


@api("openai", path="/v1/chat/completions", response=response)
def body(request: Request, asking: Asking) -> dict[str, Any] | Failure:
    """The JSON to post. A Failure for what no server can be made to do."""
    if keeps_early_thinking(request):
        return RETENTION
    said, sampling = list(messages(request)), asking.sampling
    asked: dict[str, Any] = {
        "model": asking.model,
        "messages": said,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        asking.limit: sampling.max_tokens,
        # 31 bits: what every server's integer type holds.
        "seed": answer_seed(sampling.seed + request.draw, orjson.dumps([said, request.tools]).decode(), bits=31),
    }
    if request.tools:
        asked["tools"] = request.tools
    if asking.owner == "vllm":
        asked["top_k"] = sampling.top_k
    return asked


def _thought(part: Any) -> str:
    """The text of a thinking part, as Mistral writes it: text, or a list of text parts."""
    if part.get("type") != "thinking":
        return ""
    said = part["thinking"]
    return said if isinstance(said, str) else "".join(piece["text"] for piece in said if piece.get("type") == "text")


def _content(content: Any) -> str:
    if content is None:
        return ""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part.get("type") == "text")
    if not isinstance(content, str):
        raise TypeError("content is not text")
    return content


def _function(call: Any) -> tuple[str, Any]:
    """(name, arguments); arguments are text when they are not a JSON object that can be written down again."""
    name, arguments = call["function"]["name"], call["function"].get("arguments") or {}
    if not isinstance(name, str):
        raise TypeError("a call's name is not text")
    if isinstance(arguments, Mapping):
        return name, dict(arguments)
    if not isinstance(arguments, str):
        return name, str(arguments)
    try:
        value = orjson.loads(arguments) if arguments.strip() else {}
        orjson.dumps(value)
    except (orjson.JSONDecodeError, TypeError):
        return name, arguments
    return name, value if isinstance(value, dict) else arguments


def _thinking(message: JsonObject, content: str) -> tuple[str, str]:
    parts = message.get("content")
    if isinstance(parts, list) and (thought := "".join(map(_thought, parts))):
        return thought, content
    for key in ("reasoning", "reasoning_content"):
        if isinstance(message.get(key), str) and message[key]:
            return message[key].strip("\n"), content.removeprefix("\n").removeprefix("\n")
    opened = content.lstrip().startswith(THINK_OPEN)
    before, mark, _ = content.partition(THINK_CLOSE)
    if opened or (mark and THINK_OPEN not in before):
        thinking, text, _ = split_thinking(content.lstrip() if opened else content)
        return thinking, text
    return "", content


def usage(said: Any) -> dict[str, Any]:
    """The token counts of a ``usage`` object, as far as there are any."""
    if not isinstance(said, Mapping):
        return {}
    details = said.get("prompt_tokens_details")
    return counts(
        prompt_tokens=said.get("prompt_tokens"),
        completion_tokens=said.get("completion_tokens"),
        cached_tokens=details.get("cached_tokens") if isinstance(details, Mapping) else 0,
    )
