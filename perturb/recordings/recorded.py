"""A file of conversations that grow: each stands on one line, the longest that was seen of it.

A longer form of a conversation is written behind the others and forced to the disk before the shorter one is
overwritten by blanks, so that a kill at any moment loses at most the answer in flight and never leaves half a line
before the last. When more than half of the file is blank it is written anew.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from perturb.core.canonical import canonical, digest
from perturb.core.errors import UserError
from perturb.core.files import storing, write_atomic
from perturb.core.redaction import redacted
from perturb.core.values import JsonObject
from perturb.recordings import blocks, chat, items
from perturb.recordings.fields import UnreadableError
from perturb.recordings.values import Message

# Blanks that are not worth writing a file anew.
_SMALL = 1 << 20


class Recorded:
    """The conversations of a file, by what they say so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers = 0
        self._lines: dict[str, tuple[int, int]] = {}
        with storing(path):
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._read()

    def __len__(self) -> int:
        return len(self._lines)

    def _read(self) -> None:
        """Take up what is there already; what comes after the last whole line is cut off. Raises UserError."""
        with storing(self.path):
            size = os.fstat(self._handle).st_size
            data = os.pread(self._handle, size, 0)
        self._size = data.rfind(b"\n") + 1
        with storing(self.path):
            os.ftruncate(self._handle, self._size)
        at = 0
        for number, line in enumerate(data[: self._size].splitlines(keepends=True), 1):
            if line.strip():
                self._lines[_named(self.path, number, line)] = (at, len(line))
            at += len(line)

    def add(self, form: str, record: JsonObject) -> None:
        """Write a conversation, in place of the shorter one that it goes on from. Raises StorageError."""
        record = redacted(record)
        said = steps(form, record)
        names = prefixes(form, said)
        longer = next((name for name in reversed(names[:-1]) if name in self._lines), "")
        if names[-1] in self._lines:
            return
        line = canonical(record) + b"\n"
        with storing(self.path):
            _write(self._handle, line, self._size)
            os.fsync(self._handle)
            if longer:
                at, length = self._lines.pop(longer)
                _write(self._handle, b" " * (length - 1), at)
        self._lines[names[-1]] = (self._size, len(line))
        self._size += len(line)
        self.answers += 1
        self._tidy()

    def _tidy(self, always: bool = False) -> None:
        live = sum(length for _, length in self._lines.values())
        if self._size == live or (not always and self._size < 2 * live + _SMALL):
            return
        with storing(self.path):
            kept = {name: os.pread(self._handle, length, at) for name, (at, length) in self._lines.items()}
            os.close(self._handle)
            self._handle = -1
        write_atomic(self.path, b"".join(kept.values()))
        with storing(self.path):
            self._handle = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        self._size = 0
        for name, line in kept.items():
            self._lines[name] = (self._size, len(line))
            self._size += len(line)

    def close(self) -> None:
        """Leave nothing but the conversations."""
        self._tidy(always=True)
        with storing(self.path):
            os.close(self._handle)


def _write(handle: int, data: bytes, at: int) -> None:
    rest = memoryview(data)
    while rest:
        done = os.pwrite(handle, rest, at)
        rest, at = rest[done:], at + done


def _named(path: Path, number: int, line: bytes) -> str:
    import orjson

    try:
        record = orjson.loads(line)
        return prefixes(_form(record), steps(_form(record), record))[-1]
    except (orjson.JSONDecodeError, UnreadableError, TypeError, LookupError) as error:
        raise UserError(f"{path}: line {number}: holds something else than recorded conversations") from error


def _form(record: Any) -> str:
    if "input" in record:
        return "responses"
    roles = {(one.get("role"), isinstance(one.get("content"), list)) for one in record["messages"]}
    return "anthropic" if ("assistant", True) in roles and not {("tool", True), ("tool", False)} & roles else "openai"


def steps(form: str, record: JsonObject) -> list[Message]:
    """The messages of a conversation. Raises UnreadableError."""
    read = {"openai": chat.messages_of, "anthropic": blocks.messages_of, "responses": items.messages_of}[form]
    return list(read(record["input" if form == "responses" else "messages"]))


def prefixes(form: str, messages: Sequence[Message]) -> list[str]:
    """A name for each beginning of a conversation, the whole last: by what is said, called and answered.

    Not by thinking, marks for caches and the like, which an agent may leave out when it sends an answer back.
    """
    name, names = form, []
    for message in messages:
        called = [(call.name, call.raw or call.args) for call in message.calls]
        name = digest([name, message.role, message.text.strip(), called, message.answers])
        names.append(name)
    return names
