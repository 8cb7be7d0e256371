"""tau2-bench results: simulations of agent and user, with the policy that the agent was given.

A simulated user who calls tools himself does so out of the agent's sight: those messages are kept, not shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from perturb.core.errors import UserError
from perturb.core.reading import parsed
from perturb.core.values import JsonObject
from perturb.recordings.chat import call_arguments, chat_message, tool_call
from perturb.recordings.fields import UnreadableError, a_list, a_name, a_text, an_object
from perturb.recordings.heads import Head, seen
from perturb.recordings.leftover import aside, kept, recording, source_of
from perturb.recordings.records import members, taken
from perturb.recordings.registry import exporter, importer
from perturb.recordings.tool_lists import tool_specs
from perturb.recordings.values import LeftOut, Message, Recording


@seen
def _recognises(head: Head) -> bool:
    return "simulations" in head.names() or {"info", "tasks", "timestamp"} <= head.names()


@importer("tau2-bench", recognises=_recognises)
def tau2(path: Path) -> Iterator[Recording | LeftOut]:
    """Each simulation of a results file; a reward of 1 says that it was right."""
    environment: dict[str, Any] = {}
    for key, line, data in members(path, "simulations"):
        where = f"{path}: line {line}"
        try:
            record = parsed(data, str(path), line) if key in ("info", "simulations") else None
        except UserError as error:
            yield LeftOut(where, str(error).removeprefix(f"{path}: "))
            continue
        if key == "info":
            environment = _environment(record)
        elif key == "simulations":
            yield taken(where, record, partial(_simulation, environment))


def _environment(info: Any) -> dict[str, Any]:
    found = info.get("environment_info") if isinstance(info, dict) else None
    return found if isinstance(found, dict) else {}


def _simulation(environment: dict[str, Any], where: str, record: Any) -> Recording:
    record = an_object(record, "simulation")
    name = f"{environment.get('domain_name', 'task')}-{record.get('task_id')}-trial-{record.get('trial', 0)}"
    policy = environment.get("policy")
    system = aside(Message("system", policy), _spelled) if isinstance(policy, str) and policy else ()
    reward = (record.get("reward_info") or {}).get("reward") if isinstance(record.get("reward_info"), dict) else None
    return recording(
        (name, "tau2-bench", where),
        [*system, *_messages(record.get("messages"))],
        record,
        ("messages",),
        tools=tool_specs(environment.get("tool_defs"), "info.environment_info.tool_defs"),
        success=reward >= 1 if isinstance(reward, int | float) else None,
    )


def _messages(value: Any) -> list[Message]:
    """The messages that the agent saw, each with those out of its sight that follow it."""
    groups: list[tuple[list[Message], list[Any]]] = []
    unseen: list[Any] = []
    for number, item in enumerate(a_list(value, "messages")):
        field = f"messages.{number}"
        message = _message(an_object(item, field), field)
        if message:
            groups.append(([message], [*unseen, item]))
            unseen = []
        else:
            (groups[-1][1] if groups else unseen).append(item)
    if unseen and not groups:
        raise UnreadableError("messages: none that the agent could see")
    return [message for read, items in groups for message in kept(read, items, _spelled)]


def _message(item: dict[str, Any], field: str) -> Message | None:
    role = item.get("role")
    if role == "tool" and item.get("requestor") != "user":
        text = a_text(item.get("content"), f"{field}.content")
        return Message("tool", text, answers=a_text(item.get("id"), f"{field}.id"), failed=item.get("error") is True)
    plain = chat_message({"role": role, "content": item.get("content")}, field)
    if role == "tool" or (role == "user" and item.get("tool_calls")):
        return None
    calls = a_list(item.get("tool_calls") or [], f"{field}.tool_calls")
    found = tuple(_call(call, f"{field}.tool_calls.{n}") for n, call in enumerate(calls))
    return Message(plain.role, plain.text, a_text(item.get("reasoning"), f"{field}.reasoning"), found)


def _call(call: Any, field: str) -> Any:
    call = an_object(call, field)
    return tool_call(call.get("id"), a_name(call.get("name"), f"{field}.name"), call.get("arguments"), field)


def _spelled(messages: Sequence[Message]) -> list[JsonObject]:
    made: list[JsonObject] = []
    for message in messages:
        item: dict[str, Any] = {"role": message.role, "content": message.text}
        if message.role == "tool":
            item |= {"id": message.answers, "requestor": "assistant", "error": message.failed}
        if message.role == "assistant":
            item |= {"reasoning": message.thinking or None, "tool_calls": None}
        if message.calls:
            item["tool_calls"] = [
                {"id": c.id, "name": c.name, "arguments": call_arguments(c), "requestor": "assistant"}
                for c in message.calls
            ]
        made.append(item)
    return made


@exporter("tau2-bench")
def tau2_out(found: Recording) -> JsonObject:
    """The simulation as it was."""
    return source_of(found, ("messages",), _spelled)
