"""A request as the body of a chat completion, and a chat completion as a response. Pure: no network here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from perturb.core.values import Call, Failure, JsonObject, Request, Response
from perturb.engines.base import Sampling, answer_seed
from perturb.formats.m2.parse import split_thinking
from perturb.formats.m2.template import CALL_OPEN, THINK_CLOSE, THINK_OPEN

_FINISHES = ("stop", "length", "tool_calls")


def body(request: Request, sampling: Sampling, model: str, *, vllm: bool) -> bytes | Failure:
    """The JSON to post. A Failure for what no server can be made to do, or JSON cannot hold."""
    if request.retention == "keep_all" and _early_thinking(request.messages):
        return Failure("retention", "a server's own template decides which thinking is rendered; run the model here")
    try:
        messages = list(_messages(request))
        # 31 bits: what every server's integer type holds.
        seed = answer_seed(sampling.seed + request.draw, orjson.dumps([messages, request.tools]).decode(), bits=31)
        asked: dict[str, Any] = {
            "model": model,
            "messages": messages,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": seed,
        }
        if request.tools:
            asked["tools"] = request.tools
        if vllm:
            asked["top_k"] = sampling.top_k
        return orjson.dumps(asked)
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError) as error:
        return Failure("unrenderable", f"no chat request: {type(error).__name__}: {error}")


def _early_thinking(messages: tuple[JsonObject, ...]) -> bool:
    """Whether thinking stands before the last user message, where M2's template leaves it out."""
    users = [n for n, message in enumerate(messages) if message.get("role") == "user"]
    early = messages[: users[-1] if users else 0]
    return any(message.get("reasoning_content") or THINK_CLOSE in str(message.get("content")) for message in early)


def _messages(request: Request) -> Iterator[dict[str, Any]]:
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


def response(data: bytes) -> Response | Failure:
    """What a chat completion says. Thinking written inline is split off the words.

    A call whose arguments are no JSON object is the model's mistake, not the server's: the reply is given back as
    text that ends in the call's unfinished M2 form, with no calls, so that it parses as malformed (or as cut, when
    it hit the token limit).
    """
    try:
        answer = orjson.loads(data)
        choice = answer["choices"][0]
        message = choice["message"]
        content = _content(message.get("content"))
        calls = [_function(call) for call in message.get("tool_calls") or ()]
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError) as error:
        return Failure("bad_body", f"not a chat completion: {type(error).__name__}: {error}"[:300])
    thinking, text = _thinking(message, content)
    unread = next((call for call in calls if isinstance(call[1], str)), None)
    if unread is not None:
        text = f'{text}{CALL_OPEN}\n<invoke name="{unread[0]}">\n<parameter name="arguments">{unread[1]}'
    read = tuple(Call(name, arguments) for name, arguments in calls) if calls and unread is None else None
    finish = choice.get("finish_reason")
    return Response(
        text=text,
        finish=finish if finish in _FINISHES else "other",
        raw=False,
        thinking=thinking,
        calls=read,
        **_usage(answer.get("usage")),
    )


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
    for key in ("reasoning", "reasoning_content"):
        if isinstance(message.get(key), str) and message[key]:
            return message[key].strip("\n"), content.removeprefix("\n").removeprefix("\n")
    opened = content.lstrip().startswith(THINK_OPEN)
    before, mark, _ = content.partition(THINK_CLOSE)
    if opened or (mark and THINK_OPEN not in before):
        thinking, text, _ = split_thinking(content.lstrip() if opened else content)
        return thinking, text
    return "", content


def _usage(usage: Any) -> dict[str, Any]:
    if not isinstance(usage, Mapping):
        return {}
    details = usage.get("prompt_tokens_details")
    counts = {
        "prompt_tokens": usage.get("prompt_tokens"),
        "completion_tokens": usage.get("completion_tokens"),
        "cached_tokens": details.get("cached_tokens") if isinstance(details, Mapping) else 0,
    }
    return {name: count for name, count in counts.items() if isinstance(count, int)}
