"""Codex rollouts: a line an event, of which the response items are the conversation.

What the interface showed (`event_msg`) repeats the items and is kept, not read. No tool list is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings import items
from perturb.recordings.fields import UnreadableError, an_object
from perturb.recordings.heads import Head, seen
from perturb.recordings.leftover import aside, items_of, kept
from perturb.recordings.records import lines
from perturb.recordings.registry import exporter, importer
from perturb.recordings.tool_lists import tool_specs
from perturb.recordings.values import LeftOut, Message, Recording

_KINDS = {"session_meta", "response_item", "turn_context", "event_msg"}


@seen
def _recognises(head: Head) -> bool:
    return bool(head.texts("type") & _KINDS) and "payload" in head.names()


@importer("codex", recognises=_recognises)
def codex(path: Path) -> Iterator[Recording | LeftOut]:
    """The session of a file; lines that are no events are left out by number."""
    events: list[dict[str, Any]] = []
    for where, line in lines(path):
        if isinstance(line, LeftOut):
            yield line
        elif not isinstance(line, dict):
            yield LeftOut(where, "not an object")
        else:
            events.append(line)
    try:
        yield _session(path, events)
    except UnreadableError as error:
        yield LeftOut(str(path), str(error))


def _session(path: Path, events: Sequence[dict[str, Any]]) -> Recording:
    messages = [one for side, group in items.sides(events, _side) for one in _read(side, group)]
    if not messages:
        raise UnreadableError("no line of it holds a message (response_item)")
    first = next((event for event in events if event.get("type") == "session_meta"), {})
    meta = first["payload"] if isinstance(first.get("payload"), dict) else {}
    given = meta.get("dynamic_tools")
    tools = (tool_specs(given) or None) if isinstance(given, list) else None
    base = meta.get("base_instructions")
    prompt = base.get("text") if isinstance(base, dict) else base
    system = aside(Message("system", prompt), _spelled) if isinstance(prompt, str) and prompt else ()
    return Recording(str(meta.get("id") or ""), "codex", (*system, *messages), tools, str(path), "codex")


def _side(event: dict[str, Any], number: int) -> str:
    if event.get("type") != "response_item":
        return ""
    field = f"event {number + 1}: payload"
    return items.side_of(an_object(event.get("payload"), field), field)


def _read(side: str, group: Sequence[dict[str, Any]]) -> tuple[Message, ...]:
    payloads = [event["payload"] for event in group if event.get("type") == "response_item"]
    return kept([items.message_of(side, payloads, "payload")], group, _spelled)


def _spelled(messages: Sequence[Message]) -> list[JsonObject]:
    return [{"type": "response_item", "payload": item} for item in items.spelled(messages)]


@exporter("codex")
def codex_out(found: Recording) -> JsonObject:
    """The session's lines as they were, under `lines`."""
    return {"lines": list(items_of(found.messages, _spelled))}
