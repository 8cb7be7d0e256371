"""What a model's server was asked and what it answered, as one conversation in the form that it was asked in.

An answer may be one JSON document or a stream of events; a stream that ends before it says that it is done is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from perturb.core.values import JsonObject

# The ends of the paths that are asked, and how the form is told apart.
FORMS = {"/chat/completions": "openai", "/messages": "anthropic", "/responses": "responses"}


def form_of(path: str) -> str:
    """The form of a path's requests, "" for one that is no conversation.

    >>> form_of("/v1/chat/completions?beta=1"), form_of("/v1/models")
    ('openai', '')
    """
    plain = path.partition("?")[0]
    return next((form for end, form in FORMS.items() if plain.endswith(end)), "")


def conversations(form: str, asked: bytes, answer: bytes, streamed: bool) -> Iterator[dict[str, Any]]:
    """The conversation that a request and its whole answer make, one for each choice; none if unreadable."""
    try:
        request = orjson.loads(asked)
        if not isinstance(request, dict):
            return
        reply = _STREAMS[form](list(events(answer))) if streamed else orjson.loads(answer)
        kept = {key: value for key, value in request.items() if key not in ("stream", "stream_options")}
        yield from _JOINED[form](kept, reply)
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError, ValueError):
        return


def events(stream: bytes) -> Iterator[Any]:
    """The data of each server-sent event that is JSON.

    >>> list(events(b'event: a\\ndata: {"b": 1}\\n\\n: keep-alive\\n\\ndata: [DONE]\\n\\n'))
    [{'b': 1}]
    """
    for block in stream.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n\n"):
        data = b"\n".join(line[5:].removeprefix(b" ") for line in block.split(b"\n") if line.startswith(b"data:"))
        if data.strip() and data.strip() != b"[DONE]":
            yield orjson.loads(data)


def _chat(request: JsonObject, reply: Any) -> Iterator[dict[str, Any]]:
    for choice in reply["choices"]:
        yield {**request, "messages": [*request["messages"], _without_nulls(choice["message"])]}


def _anthropic(request: JsonObject, reply: Any) -> Iterator[dict[str, Any]]:
    if reply["role"] == "assistant" and isinstance(reply["content"], list):
        said = {"role": "assistant", "content": reply["content"]}
        yield {**request, "messages": [*request["messages"], said]}


def _responses(request: JsonObject, reply: Any) -> Iterator[dict[str, Any]]:
    asked = request["input"]
    items = [{"role": "user", "content": asked}] if isinstance(asked, str) else list(asked)
    if isinstance(reply["output"], list):
        yield {**request, "input": [*items, *reply["output"]], "response_id": reply.get("id")}


def _without_nulls(message: JsonObject) -> dict[str, Any]:
    return {"role": "assistant", **{key: v for key, v in message.items() if v is not None or key == "content"}}


def _chat_stream(chunks: list[Any]) -> Any:
    """The choices that the pieces make. Raises ValueError for a stream that was cut."""
    made: dict[int, dict[str, Any]] = {}
    finished: set[int] = set()
    for choice in (choice for chunk in chunks for choice in chunk.get("choices") or ()):
        message = made.setdefault(choice.get("index", 0), {"role": "assistant", "content": None})
        _grow(message, choice.get("delta") or {})
        if choice.get("finish_reason"):
            finished.add(choice.get("index", 0))
    if not made or finished != set(made):
        raise ValueError("the stream was cut")
    return {"choices": [{"message": made[index]} for index in sorted(made)]}


def _grow(message: dict[str, Any], delta: JsonObject) -> None:
    for key, value in delta.items():
        if key == "tool_calls":
            calls = message.setdefault("tool_calls", [])
            for piece in value or ():
                _grow_call(calls, piece)
        elif isinstance(value, str) and key != "role":
            message[key] = (message.get(key) or "") + value
        elif isinstance(value, list):
            message[key] = [*(message.get(key) or ()), *value]


def _grow_call(calls: list[dict[str, Any]], piece: JsonObject) -> None:
    index = piece.get("index", len(calls))
    while len(calls) <= index <= len(calls) + 64:
        calls.append({"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
    call, inner = calls[index], piece.get("function") or {}
    call["id"] = call["id"] or piece.get("id") or ""
    for key in ("name", "arguments"):
        call["function"][key] += inner.get(key) or ""


def _anthropic_stream(found: list[Any]) -> Any:
    """The message that the events make. Raises ValueError for a stream that was cut."""
    message: dict[str, Any] = {}
    blocks: dict[int, dict[str, Any]] = {}
    for event in found:
        kind = event["type"]
        if kind == "message_start":
            message = dict(event["message"])
        elif kind == "content_block_start":
            blocks[event["index"]] = dict(event["content_block"])
        elif kind == "content_block_delta":
            _grow_block(blocks[event["index"]], event["delta"])
        elif kind == "content_block_stop" and isinstance(blocks[event["index"]].get("input"), str):
            blocks[event["index"]]["input"] = _loaded(blocks[event["index"]]["input"])
    if not message or not any(event["type"] == "message_stop" for event in found):
        raise ValueError("the stream was cut")
    return {**message, "content": [blocks[index] for index in sorted(blocks)]}


_PIECES = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}


def _grow_block(block: dict[str, Any], delta: JsonObject) -> None:
    kind = delta["type"]
    if kind == "input_json_delta":
        before = block.get("input")
        block["input"] = (before if isinstance(before, str) else "") + delta["partial_json"]
    elif kind in _PIECES:
        block[_PIECES[kind]] = (block.get(_PIECES[kind]) or "") + delta[_PIECES[kind]]


def _loaded(text: str) -> Any:
    """The arguments that a text is; the text itself when it is no JSON, so that nothing is lost."""
    try:
        return orjson.loads(text) if text else {}
    except orjson.JSONDecodeError:
        return text


def _responses_stream(found: list[Any]) -> Any:
    done = [event["response"] for event in found if event["type"] in ("response.completed", "response.incomplete")]
    return done[-1]


_JOINED = {"openai": _chat, "anthropic": _anthropic, "responses": _responses}
_STREAMS = {"openai": _chat_stream, "anthropic": _anthropic_stream, "responses": _responses_stream}
