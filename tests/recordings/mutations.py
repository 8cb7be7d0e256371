"""Recorded files, broken: each is read, named line by line, or refused in one line; never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from perturb.core.canonical import canonical
from perturb.core.errors import UserError
from perturb.core.plain import one_line
from perturb.core.registry import load_builtin
from perturb.recordings.registry import EXPORTERS, HEAD, IMPORTERS
from perturb.recordings.values import LeftOut, Recording
from tests.hostile.fuzzing import Choose, mutated
from tests.recordings.samples import SAMPLES

# What is put in place of a value that a format knows: other roles, kinds and links.
WORDS = (
    *("system", "user", "assistant", "tool", "function", "exit", "tool_use", "tool_result", "thinking", "message"),
    *("function_call", "function_call_output", "observation", "reasoning", "response_item", "u3", "c1"),
    "attachment://h1",
)


def broken(sample: tuple[str, str], choose: Choose) -> bytes:
    """The sample cut off, with other words in it, nested a thousand deep, or changed as any JSON is."""
    data = SAMPLES[sample][0]
    way = choose(8)
    if way == 0:
        return data[: choose(len(data))]
    if way == 1:
        for _ in range(1 + choose(3)):
            data = _reworded(data, choose)
        return data
    if way == 2:
        at = choose(len(data))
        return data[:at] + bytes(choose(256) for _ in range(1 + choose(8))) + data[at + choose(9) :]
    return _in_lines(data, choose) if b"\n{" in data else mutated(data, choose)


def _in_lines(data: bytes, choose: Choose) -> bytes:
    lines = data.split(b"\n")
    at = choose(len(lines))
    lines[at] = mutated(lines[at], choose) if lines[at] else b"null"
    return b"\n".join(lines)


def _reworded(data: bytes, choose: Choose) -> bytes:
    """Another word in place of a string of the document."""
    places = [n for n, byte in enumerate(data) if byte == 34]
    if len(places) < 2:
        return data
    at = choose(len(places) - 1)
    return data[: places[at] + 1] + WORDS[choose(len(WORDS))].encode() + data[places[at + 1] :]


def outcome(sample: tuple[str, str], folder: Path, choose: Choose) -> str:
    """ "" when the file was read or refused as promised; else what happened instead."""
    path = folder / sample[1]
    path.write_bytes(broken(sample, choose))
    before = sorted(folder.rglob("*"))
    try:
        # By its own importer though another one, or none, may claim what it has become.
        said = _read(path, sample[0])
    except UserError as error:
        said = [one_line(str(error))]
        if str(path) not in said[0]:
            return f"does not name its file: {said[0][:200]}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    if any("swordfish" in line or "\n" in line for line in said):
        return f"quotes a secret, or is more than a line: {said}"[:300]
    return "" if sorted(folder.rglob("*")) == before else "wrote something"


def _read(path: Path, form: str) -> list[str]:
    """What is said of what is left out; what comes in must go out again."""
    head = path.read_bytes()[:HEAD]
    for each in IMPORTERS.values():
        each.recognises(head, path)
    said = []
    for one in IMPORTERS[form].read(path):
        if isinstance(one, LeftOut):
            said.append(one_line(f"{one.where}: {one.reason}"))
        elif isinstance(one, Recording):
            json.loads(canonical(EXPORTERS[form](one)))
            _whole(one)
    return said


def _whole(found: Recording) -> None:
    """Raises AssertionError when a value of a recording has another type than it says."""
    assert all(isinstance(one, str) for one in (found.id, found.format, found.where, found.scaffold))
    for message in found.messages:
        texts: list[Any] = [message.text, message.thinking, message.answers]
        texts += [text for call in message.calls for text in (call.id, call.name, call.raw)]
        assert message.role in ("system", "user", "assistant", "tool")
        assert all(isinstance(text, str) for text in texts)
        assert all(call.args is None or isinstance(call.args, dict) for call in message.calls)
        assert message.role == "assistant" or not message.calls


load_builtin()
