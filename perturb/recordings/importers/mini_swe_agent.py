"""mini-swe-agent trajectories: chat messages with `extra`, or the bare list of the oldest files.

The last word of a run (role `exit`) no model saw.
The agent acts by a fenced block of bash, or by the tool `bash`. A fenced block becomes a call of `bash`, the user's
side that follows it the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.chat import chat_message, spelled
from perturb.recordings.fields import a_list, an_object
from perturb.recordings.heads import Head, seen
from perturb.recordings.leftover import kept, recording, source_of
from perturb.recordings.records import document, taken
from perturb.recordings.registry import exporter, importer
from perturb.recordings.values import LeftOut, Message, Recording, ToolCall

_FENCE = re.compile(r"```(?:mswea_bash_command|bash|sh)\s*\n(.*?)\n```", re.S)
_BASH = {
    "name": "bash",
    "description": "Execute a bash command.",
    "parameters": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
}


@seen
def _recognises(head: Head) -> bool:
    named = any(one.startswith("mini-swe-agent") for one in head.texts("trajectory_format"))
    told = {"info", "messages"} <= head.names() and {"mini_version", "model_stats", "exit_status"} & head.names("info")
    bare = {"role", "content"} <= head.names() and any("```mswea_bash_command" in one for one in head.texts("content"))
    return named or bool(told) or bare


@importer("mini-swe-agent", recognises=_recognises)
def mini_swe_agent(path: Path) -> Iterator[Recording | LeftOut]:
    """The run of a file."""
    yield taken(str(path), document(path), _run)


def _run(where: str, record: Any) -> Recording:
    bare = isinstance(record, list)
    record = {"messages": record, "bare": True} if bare else an_object(record, "run")
    groups: list[tuple[Message, list[Any]]] = []
    for number, item in enumerate(a_list(record.get("messages"), "messages")):
        field = f"messages.{number}"
        if groups and an_object(item, field).get("role") == "exit":
            groups[-1][1].append(item)
            continue
        plain = chat_message(an_object(item, field), field)
        groups.append((_acting(plain, groups[-1][0] if groups else None), [item]))
    messages = [one for read, items in groups for one in kept([read], items, _spelled)]
    name = str(record.get("instance_id") or "")
    tools = (_BASH,)
    return recording(
        (name, "mini-swe-agent", where), messages, record, ("messages",), tools=tools, scaffold="mini_swe_agent"
    )


def _acting(message: Message, before: Message | None) -> Message:
    blocks = list(_FENCE.finditer(message.text)) if message.role == "assistant" and not message.calls else ()
    if len(blocks) == 1:
        found = blocks[0]
        text = message.text[: found.start()].rstrip() + message.text[found.end() :]
        return replace(message, text=text, calls=(ToolCall("", "bash", {"command": found[1]}),))
    if message.role == "user" and before and before.calls and not before.calls[0].id:
        return replace(message, role="tool")
    return message


def _spelled(messages: Sequence[Message]) -> list[JsonObject]:
    made: list[JsonObject] = []
    for message in messages:
        if message.calls and not message.calls[0].id:
            command = (message.calls[0].args or {}).get("command")
            text = f"{message.text}\n\n```mswea_bash_command\n{command}\n```"
            message = replace(message, text=text, calls=())
        elif message.role == "tool" and not message.answers:
            message = replace(message, role="user")
        made += spelled([message])
    return made


@exporter("mini-swe-agent")
def mini_swe_agent_out(found: Recording) -> JsonObject:
    """The run as it was; a bare list under `messages`, beside `bare`."""
    return source_of(found, ("messages",), _spelled)
