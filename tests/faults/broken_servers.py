"""Servers of bytes on the loopback interface, and what a server may do to a request: a table of faults."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.benchmarks.stub import ANSWER, MODELS, framed

# Does something to a request, and says whether the connection stays open for the next one.
Fault = Callable[[asyncio.StreamWriter], Awaitable[bool]]


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
