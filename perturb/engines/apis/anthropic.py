"""Anthropic messages: system text apart, turns as content blocks, calls as ``tool_use``, results as ``tool_result``.

Thinking is sent as unsigned ``thinking`` blocks, which servers of open models take (MiniMax, vLLM, SGLang). A server
that signs thinking refuses them; that is then that request's failure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from perturb.core.values import Call, Failure, JsonObject, Request, Response
from perturb.engines.api import Asking, api, counts, finished
from perturb.engines.apis import openai_chat

_FINISHES: dict[str, Any] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
}


def _headers(key: str) -> Mapping[str, str]:
    return {"anthropic-version": "2023-06-01"} | ({"x-api-key": key} if key else {})


def response(answer: Any) -> Response | Failure:
    """Blocks joined by kind: thinking, words, calls. A block of another kind is not the model's and is passed over."""
    finish = finished(answer, "stop_reason", _FINISHES)
    if isinstance(finish, Failure):
        return finish
    blocks = answer["content"]
    thinking = "".join(block["thinking"] for block in blocks if block["type"] == "thinking")
    text = "".join(block["text"] for block in blocks if block["type"] == "text")
    calls = tuple(_call(block) for block in blocks if block["type"] == "tool_use")
    usage = answer.get("usage") or {}
    cached = usage.get("cache_read_input_tokens")
    fresh = [usage.get(name) for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")]
    used = sum(count for count in fresh if type(count) is int)
    return Response(
        text,
        finish,
        raw=False,
        thinking=thinking.strip("\n"),
        calls=calls or None,
        **counts(prompt_tokens=used, cached_tokens=cached, completion_tokens=usage.get("output_tokens")),
    )


def _call(block: JsonObject) -> Call:
    if not isinstance(block["name"], str) or not isinstance(block["input"], dict):
        raise TypeError("a tool_use block without a name and an input object")
    return Call(block["name"], block["input"])


@api("anthropic", path="/v1/messages", response=response, headers=_headers)
def body(request: Request, asking: Asking) -> dict[str, Any] | Failure:
    """The body to post."""
    if openai_chat.keeps_early_thinking(request):
        return openai_chat.RETENTION
    messages = list(openai_chat.messages(request))
    turns = _joined(_turn(message) for message in messages if message["role"] != "system")
    if not _paired(turns):
        return Failure("unpaired", "a call without its result right after it cannot be said to this API")
    system = "\n\n".join(str(message["content"]) for message in messages if message["role"] == "system")
    asked: dict[str, Any] = {
        "model": asking.model,
        "messages": turns,
        "max_tokens": asking.sampling.max_tokens,
        "temperature": asking.sampling.temperature,
        "top_p": asking.sampling.top_p,
        "top_k": asking.sampling.top_k,
    }
    if system:
        asked["system"] = system
    if request.tools:
        asked["tools"] = [_tool(tool["function"]) for tool in request.tools]
    return asked


def _tool(function: JsonObject) -> dict[str, Any]:
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    return {"name": function["name"], "description": function.get("description", ""), "input_schema": schema}


def _turn(message: JsonObject) -> tuple[str, list[dict[str, Any]]]:
    """(role, blocks) of one message; results belong to the user."""
    if message["role"] == "tool":
        return "user", [_result(message)]
    blocks: list[dict[str, Any]] = []
    if message.get("reasoning_content"):
        blocks.append({"type": "thinking", "thinking": message["reasoning_content"], "signature": ""})
    content = message.get("content")
    if isinstance(content, list):
        blocks += content
    elif content:
        blocks.append({"type": "text", "text": content})
    for call in message.get("tool_calls") or ():
        given = orjson.loads(call["function"]["arguments"])
        blocks.append({"type": "tool_use", "id": call["id"], "name": call["function"]["name"], "input": given})
    return message["role"], blocks


def _result(message: JsonObject) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": message["tool_call_id"], "content": message["content"]}


def _paired(turns: list[dict[str, Any]]) -> bool:
    """Whether every call has its result in the message after it."""
    waiting: list[str] = []
    for turn in turns:
        if waiting != [block["tool_use_id"] for block in turn["content"] if block.get("type") == "tool_result"]:
            return False
        waiting = [block["id"] for block in turn["content"] if block.get("type") == "tool_use"]
    return not waiting


def _joined(turns: Iterator[tuple[str, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """Neighbours of one role as one message: the API wants user and assistant to alternate."""
    found: list[dict[str, Any]] = []
    for role, blocks in turns:
        if found and found[-1]["role"] == role:
            found[-1]["content"] += blocks
        else:
            found.append({"role": role, "content": blocks})
    return found
