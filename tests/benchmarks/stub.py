"""A chat server that does nothing but wait: as fast as Python allows, in a process of its own.

``python -m tests.benchmarks.stub [--delay S] [--slow S] [--every N] [--slots N]`` prints its port and serves until
it is killed. One request in N takes `slow` seconds, the others `delay`; at most `slots` are served at once (0: any
number), so that a stub can be the bottleneck.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 5,
    "total_tokens": 105,
    "prompt_tokens_details": {"cached_tokens": 50},
}
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "Fine."}, "finish_reason": "stop"}
WHOLE = {"id": "c", "object": "chat.completion", "created": 1, "model": "stub", "choices": [CHOICE], "usage": USAGE}
ANSWER = json.dumps(WHOLE).encode()
MODELS = b'{"data": [{"id": "stub", "owned_by": "stub"}]}'


def framed(body: bytes) -> bytes:
    """A whole HTTP answer."""
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


class Stub(asyncio.Protocol):
    """One connection: reads a request by its content-length, answers when its time has come."""

    served = 0

    def __init__(self, options: argparse.Namespace, slots: asyncio.Semaphore | None) -> None:
        self.options, self.slots = options, slots
        self.buffer = b""
        self.tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            _, mark, rest = head.partition(b"content-length:")
            length = int(rest.split(b"\r\n", 1)[0]) if mark else 0
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            self.answer(MODELS if head.startswith(b"get") else ANSWER, head.startswith(b"post"))

    def answer(self, body: bytes, counted: bool) -> None:
        Stub.served += counted
        slow = counted and self.options.every and Stub.served % self.options.every == 0
        delay = self.options.slow if slow else self.options.delay * counted
        if not delay:
            self.transport.write(framed(body))  # type: ignore[attr-defined]  # a plain socket's transport
        elif self.slots is None:
            asyncio.get_running_loop().call_later(delay, self.send, body)
        else:
            task = asyncio.ensure_future(self.queued(body, delay, self.slots))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def queued(self, body: bytes, delay: float, slots: asyncio.Semaphore) -> None:
        async with slots:
            await asyncio.sleep(delay)
        self.send(body)

    def send(self, body: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(framed(body))  # type: ignore[attr-defined]  # likewise


async def serve(options: argparse.Namespace) -> None:
    slots = asyncio.Semaphore(options.slots) if options.slots else None
    server = await asyncio.get_running_loop().create_server(lambda: Stub(options, slots), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def running(**options: float) -> Iterator[str]:
    """A stub in another process; gives its base URL."""
    arguments = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "tests.benchmarks.stub", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.kill()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--slow", type=float, default=0.0)
    parser.add_argument("--every", type=int, default=0)
    parser.add_argument("--slots", type=int, default=0)
    asyncio.run(serve(parser.parse_args()))
