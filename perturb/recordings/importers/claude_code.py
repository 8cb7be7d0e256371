"""Claude Code sessions: a line a record, the conversation threaded by `parentUuid`. No tools, no system prompt.

An answer stands on several lines that share `message.id`, its results on as many; together they are one node of the
thread. A fork (a message that was edited and sent again) gives a recording for each branch, a side chain (a
sub-agent) one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.blocks import assistant_message, block_messages, blocks_of, spelled
from perturb.recordings.fields import UnreadableError, a_list, an_object
from perturb.recordings.heads import Head, seen
from perturb.recordings.leftover import items_of, kept
from perturb.recordings.records import records
from perturb.recordings.registry import exporter, importer
from perturb.recordings.values import LeftOut, Message, Recording

_SAID = ("user", "assistant")


@seen
def _recognises(head: Head) -> bool:
    keys = head.names()
    threaded = {"parentUuid", "leafUuid"} & keys and head.texts("type") & {*_SAID}
    return (bool(threaded) and "content" in head.names("message")) or "loglines" in keys


@dataclass(slots=True, eq=False)
class Node:
    """Lines that belong together: an answer and its results, or one message of the user."""

    parent: Node | None
    records: list[dict[str, Any]] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


@importer("claude-code", recognises=_recognises)
def claude_code(path: Path) -> Iterator[Recording | LeftOut]:
    """Each thread of a session, from its first message to a last one."""
    found: list[tuple[str, dict[str, Any]]] = []
    for where, record in _lines(path):
        if isinstance(record, LeftOut):
            yield record
        elif not isinstance(record, dict):
            yield LeftOut(where, "not an object")
        else:
            found.append((where, record))
    roots: list[Node] = []
    notes: list[JsonObject] = []
    yield from _threaded(found, roots, notes)
    if not roots:
        yield LeftOut(str(path), "holds no message of a user or an assistant")
    for number, leaf in enumerate(leaf for root in roots for leaf in _leaves(root)):
        try:
            made = _recording(path, number, leaf)
            yield made if number or not notes else replace(made, rest={"notes": notes})
        except UnreadableError as error:
            yield LeftOut(f"{path}: thread {number + 1}", str(error))


def _lines(path: Path) -> Iterator[tuple[str, Any]]:
    for where, record in records(path):
        if isinstance(record, dict) and isinstance(record.get("loglines"), list):
            yield from ((f"{where}: loglines.{n}", one) for n, one in enumerate(record["loglines"]))
        else:
            yield where, record


def _threaded(
    found: Sequence[tuple[str, dict[str, Any]]], roots: list[Node], notes: list[JsonObject]
) -> Iterator[LeftOut]:
    """Hang every message under the one that it follows; what cannot be placed is left out, what says nothing noted."""
    by_line: dict[str, Node] = {}
    by_answer: dict[str, Node] = {}
    by_call: dict[str, Node] = {}
    last: Node | None = None
    for where, record in found:
        own, above = record.get("uuid"), record.get("parentUuid")
        parent = by_line.get(above) if isinstance(above, str) else None
        if record.get("type") not in _SAID:
            notes.append(record)
            # A note between two messages: what follows it follows what it follows.
            if isinstance(own, str) and parent:
                by_line.setdefault(own, parent)
            continue
        if isinstance(own, str) and own in by_line and record in by_line[own].records:
            # A session that is gone on with repeats its lines.
            notes.append(record)
            continue
        try:
            answer, calls, answered = _links(record)
        except UnreadableError as error:
            yield LeftOut(where, str(error))
            continue
        node = by_answer.get(answer) or next((by_call[one] for one in answered if one in by_call), None)
        if node is None:
            if parent is None and not _begins(record):
                parent = last
            node = Node(parent)
            (parent.children if parent else roots).append(node)
        node.records.append(record)
        by_answer |= {answer: node} if answer else {}
        by_call |= dict.fromkeys(calls, node)
        by_line |= {own: node} if isinstance(own, str) else {}
        last = node


def _begins(record: dict[str, Any]) -> bool:
    """Whether a message without a known one before it begins a conversation of its own."""
    return record.get("isSidechain") is True or record.get("isCompactSummary") is True


def _links(record: dict[str, Any]) -> tuple[str, list[str], list[str]]:
    """The answer that a line is part of, the calls in it, and the calls that it answers."""
    message = an_object(record.get("message"), "message")
    content = message.get("content")
    blocks = [an_object(block, "message.content") for block in content] if isinstance(content, list) else []
    number = message.get("id") if record.get("type") == "assistant" else None
    calls = [block.get("id") for block in blocks if block.get("type") == "tool_use"]
    answered = [block.get("tool_use_id") for block in blocks if block.get("type") == "tool_result"]
    texts = [[one for one in some if isinstance(one, str)] for some in (calls, answered)]
    return number if isinstance(number, str) else "", texts[0], texts[1]


def _leaves(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        if not node.children:
            yield node
        stack += reversed(node.children)


def _recording(path: Path, number: int, leaf: Node) -> Recording:
    thread = [leaf]
    while thread[-1].parent:
        thread.append(thread[-1].parent)
    for node in thread:
        node.messages = node.messages or list(_messages(node))
    messages = [message for node in reversed(thread) for message in node.messages]
    first = thread[-1].records[0]
    name = first.get("agentId") if first.get("isSidechain") else first.get("sessionId")
    name = f"{name}-{number}" if number else str(name or "")
    return Recording(name, "claude-code", tuple(messages), None, str(path), "claude_code")


def _messages(node: Node) -> Iterator[Message]:
    """The answer of a node, then each of the other lines, results in the order of the calls."""
    answer = [record for record in node.records if record.get("type") == "assistant"]
    if answer:
        blocks = [block for record in answer for block in _blocks(record)]
        yield from kept([assistant_message(blocks, "message")], answer, _answer_lines)
    for record in node.records:
        if record.get("type") == "user":
            message = an_object(record.get("message"), "message")
            yield from kept(block_messages("user", message.get("content"), "message"), [record], _user_line)


def _blocks(record: dict[str, Any]) -> list[dict[str, Any]]:
    content = an_object(record.get("message"), "message").get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [an_object(block, "message.content") for block in a_list(content, "message.content")]


def _user_line(messages: Sequence[Message]) -> list[JsonObject]:
    return [{"type": "user", "message": one} for one in spelled(messages)]


def _answer_lines(messages: Sequence[Message]) -> list[JsonObject]:
    """An answer a block a line, as Claude Code writes it."""
    blocks = [block for message in messages for block in blocks_of(message)]
    return [{"type": "assistant", "message": {"role": "assistant", "content": [block]}} for block in blocks]


def _spelled(messages: Sequence[Message]) -> list[JsonObject]:
    return _answer_lines(messages) if messages[0].role == "assistant" else _user_line(messages)


@exporter("claude-code")
def claude_code_out(found: Recording) -> JsonObject:
    """The thread's lines as they were, under `lines`; what says nothing stands after them."""
    return {"lines": [*items_of(found.messages, _spelled), *found.rest.get("notes", ())]}
