"""The server engine against a real HTTP server on the loopback interface."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from perturb.core.errors import UserError
from perturb.core.values import Call, Failure, Request, Response, Unparsed
from perturb.engines import http
from perturb.engines.api import Asking
from perturb.engines.apis import openai_chat
from perturb.engines.base import Sampling
from perturb.engines.connect import connect
from perturb.engines.server import TRIES, Servers
from perturb.engines.settings import API_KEY, Settings, checked_key
from perturb.formats.m2 import parse as m2
from tests.loopback import Answer, Server, completion, ok

TOOLS = ({"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}},)
CALLING = {
    "role": "assistant",
    "content": "",
    "reasoning_content": "why",
    "tool_calls": [{"type": "function", "function": {"name": "read", "arguments": {"path": "é"}}}],
}


ASKING = Asking("m", Sampling())


def answer(message: dict[str, Any], finish: str = "stop") -> Any:
    return json.loads(completion(message, finish))


def ask(text: str = "hi") -> Request:
    return Request(({"role": "user", "content": text},), TOOLS)


def feed(requests: Iterable[Request]) -> Callable[[], tuple[int, Request] | None]:
    numbered = enumerate(requests)
    return lambda: next(numbered, None)


def engine_of(server: Server, timeout_s: float = 5.0, api: str = "openai", raw: bool = False) -> Servers:
    settings = Settings(timeout_s=timeout_s, pause_s=0.01, key=checked_key(os.environ.get(API_KEY, "")))
    return connect([server.url], "", Sampling(max_tokens=1024), settings, api=api, raw=raw)


def one(server: Server, request: Request | None = None, **options: Any) -> Response | Failure:
    ((index, got),) = engine_of(server, **options).stream(feed([request or ask()]))
    assert index == 0
    return got


def test_it_finds_out_who_answers(server: Server) -> None:
    identity = connect([server.url + "/"]).identity
    assert (identity["name"], identity["kind"], identity["version"]) == ("m", "server", "vllm 0.32.0")


def test_an_answer_with_thinking_words_and_calls(server: Server) -> None:
    call = {"id": "x", "type": "function", "function": {"name": "read", "arguments": '{"path": "a"}'}}
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 8}}
    message = {"content": "Reading.", "reasoning": "why\n", "tool_calls": [call]}
    server.reply = lambda *_: ok(message, "tool_calls", usage=usage)
    assert one(server) == Response("Reading.", "tool_calls", False, "why", (Call("read", {"path": "a"}),), 9, 8, 4)


def test_what_is_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(API_KEY, "secret")
    result = {"role": "tool", "content": "A"}
    one(server, Request((*ask().messages, CALLING, result), TOOLS))
    asked = server.asked[0]
    assert (asked["model"], asked["top_k"], asked["max_tokens"]) == ("m", 40, 1024)
    assert asked["tools"] == list(TOOLS)
    spoken, heard = asked["messages"][1:]
    assert json.loads(spoken["tool_calls"][0]["function"]["arguments"]) == {"path": "é"}
    assert spoken["reasoning"] == spoken["reasoning_content"] == "why"
    assert heard["tool_call_id"] == spoken["tool_calls"][0]["id"]
    assert server.headers[0]["authorization"] == "Bearer secret"


def test_many_at_once_each_get_their_own_answer(server: Server) -> None:
    together = threading.Barrier(16, timeout=5.0)

    def meet(_: int, asked: Any) -> Answer:
        together.wait()  # passes only when sixteen requests are under way at the same time
        return ok({"content": asked["messages"][0]["content"]})

    server.reply = meet
    got = dict(engine_of(server).stream(feed([ask(str(n)) for n in range(32)])))
    assert {index: getattr(answer, "text", "") for index, answer in got.items()} == {n: str(n) for n in range(32)}


@pytest.mark.parametrize("passing", [(500, {}, b"oops"), (429, {"retry-after": "0"}, b"later"), None])
def test_what_passes_is_tried_again(server: Server, passing: Answer | None) -> None:
    server.reply = lambda number, _: passing if number < 2 else ok({"content": "fine"})
    got = one(server)
    assert isinstance(got, Response)
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("answer", "kind", "asked"),
    [
        ((503, {}, b"down"), "http_5xx", TRIES),
        ((429, {"retry-after": "0"}, b"no"), "http_429", TRIES),
        (None, "unreachable", TRIES),
        ((400, {}, b"bad"), "http_400", 1),
        ((400, {}, b"This model's maximum context length is 9"), "too_long", 1),
        ((302, {"location": "http://127.0.0.1:1/"}, b""), "http_302", 1),
        ((200, {}, b"<html>"), "bad_json", 1),
        ((200, {}, b'{"choices": []}'), "bad_body", 1),
        ((200, {}, b'{"choices": [{"message": {"content": 5}, "finish_reason": "stop"}]}'), "bad_body", 1),
        ((200, {}, b'{"choices": [{"message": {"content": "a"}}]}'), "finish_missing", 1),
        ((200, {"content-length": "999"}, b'{"choi'), "truncated", TRIES),
    ],
)
def test_what_does_not_pass_is_a_failure(server: Server, answer: Answer | None, kind: str, asked: int) -> None:
    server.reply = lambda *_: answer
    got = one(server)
    assert isinstance(got, Failure)
    assert (got.kind, len(server.asked)) == (kind, asked)


def test_a_long_wait_is_not_obeyed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LONGEST_WAIT_S", 0.05)
    server.reply = lambda number, _: (429, {"retry-after": "3600"}, b"") if number == 0 else ok({"content": "fine"})
    start = time.monotonic()
    assert isinstance(one(server), Response)
    assert time.monotonic() - start < 2.0


def test_a_silent_server_times_out(server: Server) -> None:
    def silent(*_: Any) -> Answer:
        time.sleep(1.0)
        return ok({"content": "late"})

    server.reply = silent
    got = one(server, timeout_s=0.2)
    assert isinstance(got, Failure)
    assert (got.kind, len(server.asked)) == ("timeout", 1)


def test_a_huge_body_is_not_read(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_BODY", 1000)
    server.reply = lambda *_: ok({"content": "x" * 2000})
    got = one(server)
    assert isinstance(got, Failure)
    assert got.kind == "too_large"


def test_proxies_of_the_environment_are_ignored(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert isinstance(one(server), Response)


def test_an_abandoned_batch_ends_at_once(server: Server) -> None:
    release = threading.Event()
    server.reply = lambda number, _: ok({"content": "a"}) if number == 0 else (release.wait(5.0), None)[1]
    answers = engine_of(server).stream(feed([ask()] * 400))
    next(answers)
    answers.close()  # type: ignore[attr-defined]  # a generator
    assert not release.is_set()
    release.set()
    assert len(server.asked) < 320


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/v1", "ftp://x/v1", "nonsense", "http://user:pw@127.0.0.1/v1", "http://["]
)
def test_no_server_is_the_users_error(url: str) -> None:
    with pytest.raises(UserError):
        connect([url], settings=Settings(pause_s=0.0))


def test_a_server_without_a_model_is_the_users_error(server: Server) -> None:
    server.models = (200, {}, b'{"data": []}')
    with pytest.raises(UserError, match="--model-name"):
        connect([server.url])
    assert connect([server.url], "mine").identity["name"] == "mine"


@pytest.mark.parametrize(
    ("message", "thinking", "text"),
    [
        ({"content": "<think>\nplan\n</think>\n\nHi"}, "plan", "Hi"),
        ({"content": "plan\n</think>\n\nHi"}, "plan", "Hi"),
        ({"content": "<think>never ends"}, "never ends", ""),
        ({"content": "Hi", "reasoning_content": "plan"}, "plan", "Hi"),
        ({"content": "the <think> and </think> tags"}, "", "the <think> and </think> tags"),
        ({"content": [{"type": "text", "text": "Hi"}]}, "", "Hi"),
        ({"content": None}, "", ""),
    ],
)
def test_inline_thinking_is_split_off(message: dict[str, Any], thinking: str, text: str) -> None:
    got = openai_chat.response(answer(message))
    assert isinstance(got, Response)
    assert (got.thinking, got.text, got.calls) == (thinking, text, None)


@pytest.mark.parametrize("arguments", ['{"path": ', "[1]", "NaN", "[" * 600 + "]" * 600])
@pytest.mark.parametrize(("finish", "kind"), [("tool_calls", "malformed"), ("length", "cut")])
def test_arguments_that_are_no_object_parse_as_malformed_or_cut(arguments: str, finish: str, kind: str) -> None:
    message = {"content": "", "tool_calls": [{"function": {"name": "read", "arguments": arguments}}]}
    got = openai_chat.response(answer(message, finish))
    assert isinstance(got, Response)
    assert (got.calls, got.raw) == (None, False)
    parsed = m2.parse(f"\n</think>\n\n{got.text}", TOOLS, got.finish)
    assert isinstance(parsed, Unparsed)
    assert parsed.kind == kind


def test_retention_that_a_server_cannot_be_made_to_keep() -> None:
    messages = (*ask().messages, CALLING, {"role": "tool", "content": "A"}, *ask("more").messages)
    kept = openai_chat.body(Request(messages, (), "keep_all"), ASKING)
    assert isinstance(kept, Failure)
    dropped = openai_chat.body(Request(messages, (), "drop_all"), ASKING)
    assert isinstance(dropped, dict)
    assert "why" not in json.dumps(dropped)
    assert isinstance(openai_chat.body(Request(messages[:3], (), "keep_all"), ASKING), dict)


def test_inline_thinking_and_parts_are_sent_as_the_template_would_read_them() -> None:
    parts = {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
    inline = {"role": "assistant", "content": "<think>\nwhy\n</think>\n\nSo."}
    dropped = openai_chat.body(Request((parts, inline), (), "drop_all"), ASKING)
    assert isinstance(dropped, dict)
    assert [message["content"] for message in dropped["messages"]] == ["ab", "So."]
    again = Request((parts, inline, parts), (), "keep_all")
    assert isinstance(openai_chat.body(again, ASKING), Failure)


def test_what_json_cannot_hold_is_that_requests_failure(server: Server) -> None:
    got = one(server, ask("\ud800"))
    assert isinstance(got, Failure)
    assert got.kind == "unrenderable"
