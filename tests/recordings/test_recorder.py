"""The recorder between a real client and a real server on the loopback interface."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from perturb.core.registry import load_builtin
from perturb.recordings.recorded import Recorded
from perturb.recordings.recorder import Recorder
from perturb.recordings.registry import HEAD, IMPORTERS
from perturb.recordings.values import Recording
from tests.loopback import Server, serving

load_builtin()
KEY = "sk-live-0123456789abcdef0123"
USER = {"role": "user", "content": "What is in a.py?"}
CALL = {"id": "c1", "type": "function", "function": {"name": "read", "arguments": '{"path": "/a.py"}'}}
ASKED = {"role": "assistant", "content": None, "tool_calls": [CALL], "reasoning_content": "Look."}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "print(1)"}
SAID = {"role": "assistant", "content": "It prints 1."}


class Running:
    """A recorder in a thread of its own."""

    def __init__(self, upstream: str, path: Path) -> None:
        self.said: list[str] = []
        self.recorded = Recorded(path)
        self.port = 0
        up = threading.Event()
        self.stop = asyncio.Event()
        recorder = Recorder(upstream, self.recorded, self.said.append)

        def ready(port: int) -> None:
            self.port, self.loop = port, asyncio.get_running_loop()
            up.set()

        self.thread = threading.Thread(target=lambda: asyncio.run(recorder.serve("127.0.0.1", 0, ready, self.stop)))
        self.thread.start()
        assert up.wait(10)

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(10)
        self.recorded.close()


@contextmanager
def recording(server: Server, path: Path) -> Iterator[Running]:
    running = Running(server.url, path)
    try:
        yield running
    finally:
        running.end()


def ask(
    port: int, body: bytes, path: str = "/v1/chat/completions", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(
        "POST", path, body, {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}", **headers}
    )
    reply = connection.getresponse()
    data = reply.read()
    found = {name.lower(): value for name, value in reply.getheaders()}
    connection.close()
    return reply.status, found, data


def chat(*messages: Any, **more: Any) -> bytes:
    return json.dumps({"model": "m", "messages": messages, **more}).encode()


def answer(message: Any) -> bytes:
    return json.dumps({"id": "r", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()


def stream(*events: Any, last: bytes = b"data: [DONE]\n\n") -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + last


CHUNKS = stream(
    {"choices": [{"index": 0, "delta": {"role": "assistant", "reasoning_content": "Lo"}}]},
    {"choices": [{"index": 0, "delta": {"reasoning_content": "ok."}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "read"}}]}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": '{"path": '}}]}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": '"/a.py"}'}}]}}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    {"choices": [], "usage": {"total_tokens": 3}},
)


def read(path: Path) -> list[Recording]:
    head = path.read_bytes()[:HEAD]
    (form,) = [name for name, one in IMPORTERS.items() if one.recognises(head, path)]
    return [one for one in IMPORTERS[form].read(path) if isinstance(one, Recording)]


def test_bytes_pass_unchanged_and_a_growing_conversation_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "my.jsonl"
    odd = answer(ASKED).replace(b", ", b" ,  ")
    replies = [odd, answer(SAID)]
    with serving() as server:
        server.reply = lambda number, _: (201 if number == 9 else 200, {"X-Odd": "a  b"}, replies[number])
        with recording(server, path) as running:
            first = chat(USER, tools=[{"type": "function", "function": {"name": "read"}}])
            status, headers, data = ask(running.port, first, **{"X-Mine": "1"})
            assert (status, data, headers["x-odd"]) == (200, odd, "a  b")
            second = chat(USER, {**ASKED, "reasoning_content": ""}, RESULT)
            assert ask(running.port, second)[2] == replies[1]
        assert server.asked == [json.loads(first), json.loads(second)]
        assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
        assert server.headers[0]["X-Mine"] == "1"
        assert server.headers[0]["Host"] == f"127.0.0.1:{server.server_port}"
        assert not {"Accept", "User-Agent"} & set(server.headers[0])
    (found,) = read(path)
    assert [m.role for m in found.messages] == ["user", "assistant", "tool", "assistant"]
    assert len(path.read_bytes().splitlines()) == 1


@pytest.mark.parametrize("packed", [False, True])
def test_streams_pass_piece_by_piece_and_are_put_together(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "my.jsonl"
    body = gzip.compress(CHUNKS) if packed else CHUNKS
    more = {"Content-Encoding": "gzip"} if packed else {}
    with serving() as server:
        server.reply = lambda *_: (200, {"Content-Type": "text/event-stream", **more}, body)
        with recording(server, path) as running:
            assert ask(running.port, chat(USER, stream=True))[2] == body
    (found,) = read(path)
    said = found.messages[-1]
    assert (said.thinking, said.calls[0].name, said.calls[0].raw) == ("Look.", "read", '{"path": "/a.py"}')
    assert b"stream" not in path.read_bytes()


def test_a_piece_is_handed_on_before_the_next_one_comes(tmp_path: Path) -> None:
    """The agent has the first event while the server still holds back the second."""
    import socket

    first, rest = stream({"choices": [{"index": 0, "delta": {"content": "I"}}]}, last=b""), CHUNKS
    with socket.create_server(("127.0.0.1", 0)) as listening:
        got = threading.Event()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
                connection.sendall(first)
                assert got.wait(10)
                connection.sendall(rest)

        thread = threading.Thread(target=serve)
        thread.start()
        running = Running(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", tmp_path / "my.jsonl")
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
        connection.request("POST", "/v1/chat/completions", chat(USER, stream=True))
        reply = connection.getresponse()
        assert reply.read1(65536) == first
        got.set()
        assert reply.read() == rest
        connection.close()
        thread.join()
        running.end()


ANTHROPIC = stream(
    {"type": "message_start", "message": {"id": "m1", "role": "assistant", "content": []}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Look."}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "c2ln"}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "tool_use", "id": "t1", "name": "r", "input": {}},
    },
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"pa'}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": 'th": 1}'}},
    {"type": "content_block_stop", "index": 1},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
    {"type": "message_stop"},
    last=b"",
)


def test_anthropic_and_responses_are_recorded_in_their_own_form(tmp_path: Path) -> None:
    path, items = tmp_path / "my.jsonl", tmp_path / "items.jsonl"
    sse = {"Content-Type": "text/event-stream"}
    done = {
        "id": "r1",
        "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "1"}]}],
    }
    with serving() as server:
        server.reply = lambda *_: (200, sse, ANTHROPIC)
        with recording(server, path) as running:
            ask(running.port, chat(USER, system="Short.", max_tokens=9, stream=True), "/v1/messages")
        server.reply = lambda *_: (200, sse, stream({"type": "response.completed", "response": done}))
        with recording(server, items) as running:
            ask(running.port, json.dumps({"model": "m", "input": "Hi", "stream": True}).encode(), "/v1/responses")
    (found,) = read(path)
    assert (found.format, found.messages[0].text) == ("anthropic", "Short.")
    assert (found.messages[-1].thinking, found.messages[-1].calls[0].args) == ("Look.", {"path": 1})
    (found,) = read(items)
    assert [(m.role, m.text) for m in found.messages] == [("user", "Hi"), ("assistant", "1")]


def test_secrets_pass_but_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "my.jsonl"
    told = {"role": "user", "content": f"My key is {KEY}, the password: 'hunter2-8831'"}
    with serving() as server:
        server.reply = lambda *_: (200, {}, answer(SAID))
        with recording(server, path) as running:
            ask(running.port, chat(told))
        assert server.asked[0]["messages"] == [told]
    written = path.read_text()
    assert KEY not in written
    assert "hunter2-8831" not in written
    assert "It prints 1." in written


def test_what_is_no_whole_answer_is_passed_on_and_not_written(tmp_path: Path) -> None:
    path = tmp_path / "my.jsonl"
    sse = {"Content-Type": "text/event-stream"}
    cut = CHUNKS[: CHUNKS.index(b"finish_reason")]
    replies = [(429, {}, b'{"error": 1}'), (200, sse, cut), (200, {}, b"no json"), (200, {}, b"{}"), None]
    with serving() as server:
        server.reply = lambda number, _: replies[number]
        with recording(server, path) as running:
            for status, _, data in replies[:4]:  # type: ignore[misc]
                assert ask(running.port, chat(USER))[::2] == (status, data)
            assert ask(running.port, chat(USER))[0] == 502
            assert len(running.recorded) == 0
    assert path.read_bytes() == b""


def test_other_samples_and_branches_stay_conversations_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "my.jsonl"
    replies = [answer(ASKED), answer(SAID), answer(SAID), answer({"role": "assistant", "content": "Two."})]
    with serving() as server:
        server.reply = lambda number, _: (200, {}, replies[number])
        with recording(server, path) as running:
            ask(running.port, chat(USER))
            ask(running.port, chat(USER))
            ask(running.port, chat(USER, ASKED, RESULT))
            ask(running.port, chat(USER, ASKED, {**RESULT, "content": "print(2)"}))
    assert sorted(len(one.messages) for one in read(path)) == [2, 4, 4]


def test_a_killed_recorder_has_all_but_the_answer_in_flight(tmp_path: Path) -> None:
    path = tmp_path / "my.jsonl"
    with serving() as server:
        server.reply = lambda number, _: (200, {}, answer(ASKED if number == 0 else SAID))
        argv = [sys.executable, "-m", "perturb.cli.main", "record", "--upstream", server.url, "--out", str(path)]
        for again in range(2):
            recorder = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
            assert recorder.stderr
            lines = [recorder.stderr.readline(), recorder.stderr.readline()]
            port = int(lines[1].partition("127.0.0.1:")[2].partition("/")[0])
            messages = [USER] if again == 0 else [USER, ASKED, RESULT]
            assert ask(port, chat(*messages))[0] == 200
            # The answer is out before it is on the disk; the next request comes after.
            ask(port, b"", "/v1/nothing")
            recorder.send_signal(signal.SIGKILL if again == 0 else signal.SIGTERM)
            said = recorder.communicate(timeout=20)[1]
            if again == 0:
                with path.open("ab") as file:
                    file.write(b'{"messages": [{"ro')
        assert recorder.returncode == 0
        assert "1 conversations (0 new), 1 answers" in said
    (found,) = read(path)
    assert len(found.messages) == 4


def test_files_with_something_else_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text('{"a": 1}\n')
    argv = [sys.executable, "-m", "perturb.cli.main", "record", "--upstream", "http://h/v1", "--out", str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "line 1: holds something else" in done.stderr
    assert path.read_text() == '{"a": 1}\n'


def test_blanks_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perturb.recordings.recorded._SMALL", 100)
    path = tmp_path / "my.jsonl"
    recorded = Recorded(path)
    messages: list[Any] = [USER]
    for number in range(30):
        messages += [{"role": "assistant", "content": f"step {number}"}]
        recorded.add("openai", {"messages": list(messages)})
        live = max(len(line) for line in path.read_bytes().split(b"\n"))
        assert path.stat().st_size < 4 * live + 300
        messages += [{"role": "user", "content": "go on"}]
    assert len(recorded) == 1
    recorded.close()
    assert path.read_bytes().count(b"\n") == 1
