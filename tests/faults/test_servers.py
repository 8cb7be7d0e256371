"""Broken, slow and hostile servers on the loopback interface: one outcome per request, none of them a score."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from perturb.core.errors import UserError
from perturb.core.values import Failure, Request, Response
from perturb.engines import http, server
from perturb.engines.api import Api
from perturb.engines.connect import connect
from perturb.engines.replicas import Replica
from perturb.engines.server import Servers
from perturb.engines.settings import Settings
from tests.benchmarks.stub import ANSWER, MODELS, framed

# True: the connection stays open for the next request.
Fault = Callable[[asyncio.StreamWriter], Awaitable[bool]]
DEADLINE_S = 0.4
KEY = "sk-not-for-anyone-else"


def sends(*parts: bytes, every_s: float = 0.0, reset: bool = False, stays: bool = False) -> Fault:
    """Sends `parts`, with a pause after each, then closes (or resets, or keeps) the connection."""

    async def fault(writer: asyncio.StreamWriter) -> bool:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(every_s)
        if reset:
            writer.transport.abort()
        return stays

    return fault


def forever(part: bytes, pause_s: float = 0.0, first: bytes = b"") -> Fault:
    """Sends `part` until the client goes away."""

    async def fault(writer: asyncio.StreamWriter) -> bool:
        writer.write(first)
        while not writer.is_closing():
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)
        return False

    return fault


def says(status: int, body: bytes = b"", **headers: str) -> Fault:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    start = f"HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {len(body)}\r\n"
    return sends(f"{start}{lines}\r\n".encode() + body)


def chat(**choice: object) -> bytes:
    body = json.dumps({"choices": [{"message": {"content": "a"}, **choice}]}).encode()
    return framed(body).replace(b"\r\n", b"\r\nconnection: close\r\n", 1)


HEAD = b"HTTP/1.1 200 OK\r\n"
# What a server may do to a request, and the kind of failure that this is.
FAULTS: dict[str, tuple[Fault, str]] = {
    "closes at once": (sends(), "unreachable"),
    "resets at once": (sends(reset=True), "unreachable"),
    "silence": (sends(b"", every_s=5.0), "timeout"),
    "half a status line": (sends(b"HTTP/1.1 20"), "unreachable"),
    "slow headers": (forever(b"x-a: b\r\n", 0.02, HEAD), "timeout"),
    "one endless header": (forever(b"a" * 1000, 0.0, HEAD + b"x-a: "), "bad_http"),
    "endless headers": (forever(b"x-a: b\r\n" * 50, 0.0, HEAD), "bad_http"),
    "endless 1xx": (forever(b"HTTP/1.1 100 Continue\r\n\r\n", 0.0), "timeout"),
    "slow 1xx": (forever(b"HTTP/1.1 103 Early\r\n\r\n", 0.02), "timeout"),
    "garbage": (sends(b"\x00\xff garbage \r\n\r\n"), "bad_http"),
    "another protocol": (sends(b"SSH-2.0-OpenSSH_9.6\r\n"), "bad_http"),
    "trickling body": (forever(b" ", 0.02, HEAD + b"content-length: 1000000\r\n\r\n"), "timeout"),
    "trickling chunks": (forever(b"1\r\n \r\n", 0.02, HEAD + b"transfer-encoding: chunked\r\n\r\n"), "timeout"),
    "a body cut by its length": (sends(HEAD + b"content-length: 999\r\n\r\n" + ANSWER), "truncated"),
    "a body cut in its chunks": (sends(HEAD + b'transfer-encoding: chunked\r\n\r\n5\r\n{"cho'), "truncated"),
    "a reset in the body": (sends(HEAD + b"content-length: 999\r\n\r\n{", every_s=0.05, reset=True), "truncated"),
    "a body cut without a length": (sends(HEAD + b"connection: close\r\n\r\n" + ANSWER[:40]), "bad_json"),
    "a bad chunk size": (sends(HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n"), "bad_http"),
    "a giant body": (forever(b"a" * 65536, 0.0, HEAD + b"connection: close\r\n\r\n"), "too_large"),
    "a gzip bomb": (says(200, gzip.compress(b" " * 10**7), content_encoding="gzip"), "bad_http"),
    "an answer packed by gzip": (says(200, gzip.compress(ANSWER), content_encoding="gzip"), "bad_http"),
    "an answer packed twice": (says(200, ANSWER, content_encoding="identity, gzip"), "bad_http"),
    "a length too short": (sends(HEAD + b"content-length: 20\r\n\r\n" + ANSWER, every_s=0.05), "bad_http"),
    "two lengths": (sends(HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{} "), "bad_http"),
    "half of it, then silence": (sends(HEAD + b"content-length: 999\r\n\r\n{", b"", every_s=5.0), "timeout"),
    "html": (says(200, b"<!DOCTYPE html><title>Sign in</title>", content_type="text/html"), "bad_json"),
    "nothing": (says(200), "bad_json"),
    "null": (says(200, b"null"), "bad_body"),
    "a list": (says(200, b"[1]"), "bad_body"),
    "deep nesting": (says(200, b"[" * 100_000), "bad_json"),
    "no choices": (says(200, b'{"choices": []}'), "bad_body"),
    "an error in a 200": (says(200, b'{"error": {"message": "no"}}'), "bad_body"),
    "finish null": (sends(chat(finish_reason=None)), "finish_null"),
    "finish missing": (sends(chat()), "finish_missing"),
    "finish abort": (sends(chat(finish_reason="abort")), "finish_abort"),
    "finish error": (sends(chat(finish_reason="error")), "finish_error"),
    "finish content_filter": (sends(chat(finish_reason="content_filter")), "finish_content_filter"),
    "finish unknown": (sends(chat(finish_reason="tired")), "finish_unknown"),
    "finish of another type": (sends(chat(finish_reason=["stop"])), "finish_unknown"),
    "400": (says(400, b"bad"), "http_400"),
    "400 too long": (says(400, b"maximum context length is 9"), "too_long"),
    "408": (says(408), "http_408"),
    "413": (says(413), "http_413"),
    "422": (says(422), "http_422"),
    "429": (says(429, retry_after="0"), "http_429"),
    "500": (says(500, b"oops"), "http_5xx"),
    "503": (says(503, b"down", retry_after="0"), "http_5xx"),
    "301": (says(301, location="http://127.0.0.1:1/"), "http_301"),
    "204": (says(204), "http_204"),
}
CLOSED = b"connection: close\r\n"
CHUNKS = b"%x\r\n%b\r\n%x;name=value\r\n%b\r\n0\r\n" % (9, ANSWER[:9], len(ANSWER) - 9, ANSWER[9:])
TWICE = {"id": "call_1", "type": "function", "function": {"name": "read", "arguments": "{}"}}
# What is unusual and an answer all the same. A connection that ends without a word may meet the next request,
# which is then rightly asked again: those that say nothing of closing stay open.
UNUSUAL: dict[str, Fault] = {
    "byte by byte": sends(framed(ANSWER)[:-40], *(bytes([one]) for one in ANSWER[-40:]), every_s=0.002, stays=True),
    "HTTP/1.0, ended by closing": sends(b"HTTP/1.0 200 OK\r\n\r\n" + ANSWER),
    "chunks with an extension and trailers": sends(
        HEAD + b"transfer-encoding: chunked\r\n\r\n" + CHUNKS + b"x-checksum: 1\r\n\r\n", stays=True
    ),
    "no reason phrase, another type": sends(
        b"HTTP/1.1 200\r\ncontent-type: text/plain\r\n" + CLOSED + b"\r\n" + ANSWER
    ),
    "white space around it": sends(HEAD + CLOSED + b"\r\n\n\n " + ANSWER + b"\n\n"),
    "interim answers before it": sends(b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n" + framed(ANSWER), stays=True),
    "two calls of one id": sends(
        chat(finish_reason="tool_calls", message={"content": None, "tool_calls": [TWICE, TWICE]})
    ),
}
RETRIED = ("unreachable", "truncated", "http_408", "http_429", "http_5xx")
REQUESTS = 6


@dataclass
class Raw:
    """A server of bytes: `plan` says what the n-th request gets (None: an answer)."""

    plan: Callable[[int], Fault | None] = lambda _number: None
    asked: int = 0
    heads: list[bytes] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"GET"):
                    writer.write(framed(MODELS))
                    continue
                self.heads.append(head)
                await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
                fault = self.plan(self.asked)
                self.asked += 1
                if fault is None:
                    writer.write(framed(ANSWER))
                elif not await fault(writer):
                    return
        except (OSError, EOFError):
            return
        finally:
            writer.close()


@contextmanager
def raw() -> Iterator[Raw]:
    """A running server of bytes."""
    made, loop = Raw(), asyncio.new_event_loop()
    listening = loop.run_until_complete(asyncio.start_server(made.serve, "127.0.0.1", 0, backlog=512))
    made.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        listening.close()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


@pytest.fixture
def hostile() -> Iterator[Raw]:
    with raw() as made:
        yield made


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_BODY", 2**20)
    monkeypatch.setattr(server, "TRIES", 3)


def engine(*urls: str, timeout_s: float = DEADLINE_S, concurrency: int = 4) -> Servers:
    settings = Settings(concurrency=concurrency, timeout_s=timeout_s, pause_s=0.01, key=KEY)
    return connect(urls, "stub", settings=settings)


def outcomes(servers: Servers, count: int = REQUESTS) -> dict[int, Response | Failure]:
    numbered = iter(range(count))

    def pull() -> tuple[int, Request] | None:
        number = next(numbered, None)
        return None if number is None else (number, Request(({"role": "user", "content": str(number)},)))

    got = list(servers.stream(pull))
    assert sorted(key for key, _ in got) == list(range(count)), "one outcome per request"
    return dict(got)


@pytest.mark.parametrize("name", FAULTS)
def test_one_request_of_many(hostile: Raw, name: str) -> None:
    """Whatever happens to one request, the others are answered and it is a failure or answered by a later try."""
    fault, kind = FAULTS[name]
    place = len(name) % 3 and REQUESTS // 2  # the first, or one in the middle
    hostile.plan = lambda number: fault if number == place else None
    got = outcomes(engine(hostile.url))
    failed = [one for one in got.values() if isinstance(one, Failure)]
    if kind in RETRIED:
        assert failed == []
        assert sorted(one.tries for one in got.values()) == [1] * (REQUESTS - 1) + [2]
    else:
        assert [(one.kind, one.tries) for one in failed] == [(kind, 1)]


@pytest.mark.parametrize("name", FAULTS)
def test_every_request(hostile: Raw, name: str) -> None:
    fault, kind = FAULTS[name]
    hostile.plan = lambda _number: fault
    servers = engine(hostile.url)
    start = time.monotonic()
    got = outcomes(servers)
    assert {one.kind for one in got.values() if isinstance(one, Failure)} == {kind}
    assert all(isinstance(one, Failure) for one in got.values())
    tries = 3 if kind in RETRIED else 1
    assert {one.tries for one in got.values()} == {tries}
    assert hostile.asked == REQUESTS * tries
    assert servers.health()[0]["failed_tries"] == {kind: REQUESTS * tries}
    assert time.monotonic() - start < 4 * DEADLINE_S + 2.0
    assert not any(KEY in one.detail for one in got.values() if isinstance(one, Failure))


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_no_request_will_get_past_stops_the_run(hostile: Raw, status: int) -> None:
    hostile.plan = lambda _number: says(status, f"no: {KEY}".encode())
    with pytest.raises(UserError, match=f"http_{status}") as caught:
        outcomes(engine(hostile.url), 500)
    assert hostile.asked <= 8
    assert KEY not in str(caught.value)


def test_redirects_are_not_followed_with_the_key(hostile: Raw) -> None:
    with raw() as other:
        hostile.plan = lambda _number: says(307, location=other.url)
        got = outcomes(engine(hostile.url))
        assert {one.kind for one in got.values() if isinstance(one, Failure)} == {"http_307"}
        assert other.asked == 0
    assert all(KEY.encode() in head for head in hostile.heads)


@pytest.mark.parametrize("broken", ["closes at once", "503", "500", "silence", "truncated", "401"])
def test_a_broken_replica_costs_nobody_an_answer(hostile: Raw, broken: str) -> None:
    """Its requests go to the other, and it is rested or given up: it is not asked again for each request."""
    named = {"truncated": FAULTS["a body cut by its length"][0], "401": says(401)}
    fault = named.get(broken) or FAULTS[broken][0]
    with raw() as sound:
        hostile.plan = lambda _number: fault
        servers = engine(hostile.url, sound.url)
        got = outcomes(servers, 200)
    assert all(isinstance(one, Response) for one in got.values())
    health = servers.health()
    assert [one["answered"] for one in health] == [0, 200]
    assert sum(health[0]["failed_tries"].values()) == hostile.asked < 40


def test_a_replica_that_comes_back_is_asked_again(hostile: Raw) -> None:
    with raw() as sound:
        hostile.plan = lambda number: FAULTS["closes at once"][0] if number < 8 else None
        # Slow enough that the rest is over before the end.
        sound.plan = lambda _number: sends(b"", framed(ANSWER), every_s=0.02)
        servers = engine(hostile.url, sound.url, timeout_s=5.0)
        outcomes(servers, 400)
    assert servers.health()[0]["answered"] > 50


def test_a_server_that_is_not_there_is_no_obstacle() -> None:
    with raw() as sound:
        servers = engine("http://127.0.0.1:9/v1", sound.url)
        assert all(isinstance(one, Response) for one in outcomes(servers, 50).values())


def test_giant_bodies_stay_bounded_in_memory(hostile: Raw) -> None:
    hostile.plan = lambda _number: FAULTS["a giant body"][0]
    servers = engine(hostile.url, timeout_s=5.0)
    tracemalloc.start()
    try:
        outcomes(servers, 16)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Four at once, a mebibyte each, and what is on its way.
    assert peak < 24 * 2**20


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_answer_is_an_answer(hostile: Raw, name: str) -> None:
    hostile.plan = lambda number: UNUSUAL[name] if number % 2 else None
    got = outcomes(engine(hostile.url, timeout_s=5.0))
    assert [one for one in got.values() if not isinstance(one, Response) or one.tries != 1] == []


@pytest.mark.parametrize("late_s", [0.0, 0.03])
def test_an_answer_that_nobody_asked_for_is_nobodys(hostile: Raw, late_s: float) -> None:
    """A second answer on a connection, at once or while it is idle, is never taken for that to the next request."""
    stale = ANSWER.replace(b"Fine", b"Odd.")
    assert len(stale) == len(ANSWER)

    async def twice(writer: asyncio.StreamWriter) -> bool:
        writer.write(framed(ANSWER) + (b"" if late_s else framed(stale)))
        await asyncio.sleep(late_s)
        writer.write(framed(stale) if late_s else b"")
        await asyncio.sleep(1.0)
        return False

    hostile.plan = lambda _number: twice
    servers, left = engine(hostile.url, timeout_s=5.0, concurrency=1), iter(range(4))

    def pull() -> tuple[int, Request] | None:
        time.sleep(2 * late_s)
        number = next(left, None)
        return None if number is None else (number, Request(({"role": "user", "content": "a"},)))

    assert [got.text for _, got in servers.stream(pull) if isinstance(got, Response)] == ["Fine."] * 4


def test_answers_that_name_another_model_are_told(hostile: Raw) -> None:
    other = json.dumps({**json.loads(ANSWER), "model": "another"}).encode()
    hostile.plan = lambda number: sends(framed(other)) if number == 1 else None
    servers = engine(hostile.url)
    outcomes(servers)
    assert servers.health()[0]["other_models"] == {"another": 1}


def test_a_long_retry_after_is_waited_for_and_bounded(hostile: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LONGEST_WAIT_S", 0.5)
    hostile.plan = lambda number: says(429, retry_after="86400") if number == 0 else None
    start = time.monotonic()
    got = outcomes(engine(hostile.url), 3)
    assert all(isinstance(one, Response) for one in got.values())
    assert 0.5 <= time.monotonic() - start < 2.0


def test_a_fault_of_our_own_is_that_requests_failure(hostile: Raw) -> None:
    def broken(*_: object) -> Response:
        raise RuntimeError("a bug")

    sound = engine(hostile.url)
    api = Api("x", "/v1/chat/completions", sound.api.body, broken, sound.api.headers)
    got = outcomes(Servers((Replica(hostile.url),), api, sound.identity, sound.settings), 3)
    assert {one.kind for one in got.values() if isinstance(one, Failure)} == {"engine"}


def test_an_interrupted_stream_leaves_nothing_behind(hostile: Raw) -> None:
    """Closed in the middle, with requests that hang: at once, and without its thread or its connections."""
    hostile.plan = lambda number: FAULTS["silence"][0] if number else None
    before = threading.active_count()
    answers = engine(hostile.url, timeout_s=30.0).stream(lambda: ("k", Request(({"role": "user", "content": "a"},))))
    next(answers)
    start = time.monotonic()
    answers.close()  # type: ignore[attr-defined]  # a generator
    assert time.monotonic() - start < 1.0
    assert threading.active_count() == before
