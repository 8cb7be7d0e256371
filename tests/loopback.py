"""A real OpenAI-compatible HTTP server on the loopback interface, whose answers a test decides."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], bytes]


def completion(message: dict[str, Any], finish: str = "stop", **more: Any) -> bytes:
    return json.dumps({"choices": [{"message": message, "finish_reason": finish}], **more}).encode()


def ok(message: dict[str, Any], finish: str = "stop", **more: Any) -> Answer:
    return 200, {}, completion(message, finish, **more)


class Server(ThreadingHTTPServer):
    """Answers chat requests with whatever `reply` says for the n-th of them; `None` closes the connection."""

    daemon_threads = True
    request_queue_size = 64
    models: Answer = (200, {}, b'{"data": [{"id": "m", "owned_by": "vllm"}]}')

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply: Callable[[int, Any], Answer | None] = lambda *_: ok({"content": "fine"})
        self.asked: list[dict[str, Any]] = []
        self.gets: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.lock = threading.Lock()

    def handle_error(self, *_: Any) -> None:
        """Clients that go away are part of what is tested."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.gets.append(self.path)
        version = (200, {}, b'{"version": "0.32.0"}')
        self._send(self.server.models if self.path == "/v1/models" else version)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server.lock:
            number = len(self.server.asked)
            self.server.asked.append(asked)
            self.server.headers.append(dict(self.headers))
        self._send(self.server.reply(number, asked))

    def _send(self, answer: Answer | None) -> None:
        if answer is None:
            return
        status, headers, data = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the inherited name
        pass


@contextmanager
def serving() -> Iterator[Server]:
    """A running server."""
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            made.shutdown()
            thread.join()
