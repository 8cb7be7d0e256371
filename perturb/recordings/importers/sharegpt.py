"""ShareGPT's fine-tuning data: conversations of `from` and `value`.

Calls and results follow each other: nothing but their order links them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from perturb.core.errors import UserError
from perturb.core.reading import parsed
from perturb.core.values import JsonObject
from perturb.recordings.chat import call_arguments, tool_call
from perturb.recordings.fields import UnreadableError, a_list, a_text, an_object
from perturb.recordings.heads import Head, seen
from perturb.recordings.leftover import aside, kept, recording, source_of
from perturb.recordings.records import each
from perturb.recordings.registry import exporter, importer
from perturb.recordings.tool_lists import tool_specs
from perturb.recordings.values import LeftOut, Message, Recording, ToolCall

_ROLES = {
    "human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "model": "assistant",
    "function_call": "assistant", "tool_call": "assistant", "observation": "tool", "tool": "tool",
    "function": "tool", "function_response": "tool", "tool_response": "tool", "system": "system",
}  # fmt: skip


@seen
def _recognises(head: Head) -> bool:
    return "conversations" in head.names() and "from" in head.names("conversations")


@importer("sharegpt", recognises=_recognises)
def sharegpt(path: Path) -> Iterator[Recording | LeftOut]:
    """Each conversation of a list or of lines."""
    return each(path, _conversation)


def _conversation(where: str, record: Any) -> Recording:
    record = an_object(record, "record")
    items = a_list(record.get("conversations"), "conversations")
    messages = [one for n, item in enumerate(items) for one in _read(item, f"conversations.{n}")]
    system = record.get("system")
    if isinstance(system, str) and system:
        messages = [*aside(Message("system", system), _spelled), *messages]
    name = str(record.get("id") or record.get("trial_name") or "")
    tools = tool_specs(record.get("tools", record.get("tool_definitions")))
    return recording((name, "sharegpt", where), messages, record, ("conversations",), tools=tools)


def _read(item: Any, field: str) -> Sequence[Message]:
    item = an_object(item, field)
    speaker = item.get("from")
    role = _ROLES.get(speaker) if isinstance(speaker, str) else None
    if role is None:
        raise UnreadableError(f"{field}.from: none of {', '.join(_ROLES)}")
    value = item.get("value")
    if isinstance(value, list):
        # Several answers that count as right: the first stands for them.
        value = value[0] if value else ""
    text = a_text(value, f"{field}.value")
    calls = _calls(text, field) if speaker in ("function_call", "tool_call") else ()
    return kept([Message(role, "" if calls else text, calls=calls)], [item], _spelled)  # type: ignore[arg-type]


def _calls(text: str, field: str) -> tuple[ToolCall, ...]:
    """The calls that a text is: one object or a list of them; none when it is no JSON."""
    try:
        found = parsed(text.encode(), field)
    except UserError:
        return ()
    several = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in several):
        return ()
    return tuple(tool_call("", one["name"], one.get("arguments", {}), field) for one in several)


def _spelled(messages: Sequence[Message]) -> list[JsonObject]:
    made: list[JsonObject] = []
    for message in messages:
        calls = [{"name": call.name, "arguments": call_arguments(call)} for call in message.calls]
        said = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}[message.role]
        text = _json(calls[0] if len(calls) == 1 else calls) if calls else message.text
        made.append({"from": "function_call" if calls else said, "value": text})
    return made


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


@exporter("sharegpt")
def sharegpt_out(found: Recording) -> JsonObject:
    """The record as it was."""
    return source_of(found, ("conversations",), _spelled)
