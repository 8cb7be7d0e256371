"""ATIF, the Agent Trajectory Interchange Format (versions 1.2 to 1.8 are alike here): steps of system, user and agent.

An agent's step holds its calls and what was observed. A result that names no call answers them in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.chat import call_arguments, tool_call
from perturb.recordings.fields import UnreadableError, a_list, a_name, a_text, an_object, content_text
from perturb.recordings.heads import Head, seen
from perturb.recordings.leftover import kept, recording, source_of
from perturb.recordings.linked import functions, linked
from perturb.recordings.records import each
from perturb.recordings.registry import exporter, importer
from perturb.recordings.tool_lists import tool_specs
from perturb.recordings.values import LeftOut, Message, Recording, ToolCall

_ROLES = {"system": "system", "user": "user", "agent": "assistant"}
_SOURCES = {"system": "system", "user": "user", "assistant": "agent"}


@seen
def _recognises(head: Head) -> bool:
    return any(one.startswith("ATIF") for one in head.texts("schema_version")) or {"agent", "steps"} <= head.names()


@importer("atif", recognises=_recognises)
def atif(path: Path) -> Iterator[Recording | LeftOut]:
    """The trajectory of a file, or each of a list or of lines."""
    return each(path, _trajectory)


def _trajectory(where: str, record: Any) -> Recording:
    record = an_object(record, "trajectory")
    agent = an_object(record.get("agent") or {}, "agent")
    messages: list[Message] = []
    for number, step in enumerate(a_list(record.get("steps"), "steps")):
        messages += kept(_step(an_object(step, f"steps.{number}"), f"steps.{number}"), [step], _spelled)
    name = str(record.get("trajectory_id") or record.get("session_id") or "")
    tools = tool_specs(agent.get("tool_definitions"), "agent.tool_definitions")
    scaffold = a_text(agent.get("name"), "agent.name")
    return recording((name, "atif", where), messages, record, ("steps",), tools=tools, scaffold=scaffold)


def _step(step: dict[str, Any], field: str) -> list[Message]:
    source = step.get("source")
    role = _ROLES.get(source) if isinstance(source, str) else None
    if role is None:
        raise UnreadableError(f"{field}.source: none of system, user, agent")
    given = a_list(step.get("tool_calls") or [], f"{field}.tool_calls")
    calls = [_call(call, f"{field}.tool_calls.{n}") for n, call in enumerate(given)]
    if calls and role != "assistant":
        raise UnreadableError(f"{field}.tool_calls: only an agent's step has calls")
    text = content_text(step.get("message"), f"{field}.message")
    thinking = a_text(step.get("reasoning_content"), f"{field}.reasoning_content")
    said = Message(role, text, thinking, tuple(calls))  # type: ignore[arg-type]
    observed = an_object(step.get("observation") or {}, f"{field}.observation")
    results = a_list(observed.get("results") or [], f"{field}.observation.results")
    return [said, *(_result(result, f"{field}.observation.results.{n}") for n, result in enumerate(results))]


def _call(call: Any, field: str) -> ToolCall:
    call = an_object(call, field)
    name = a_name(call.get("function_name"), f"{field}.function_name")
    return tool_call(call.get("tool_call_id"), name, call.get("arguments"), field)


def _result(result: Any, field: str) -> Message:
    result = an_object(result, field)
    text = content_text(result.get("content"), f"{field}.content")
    return Message("tool", text, answers=a_text(result.get("source_call_id"), f"{field}.source_call_id"))


def _spelled(messages: Sequence[Message]) -> list[JsonObject]:
    steps: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "tool":
            answers = {"source_call_id": message.answers} if message.answers else {}
            if not steps:
                steps.append({"source": "system", "message": ""})
            observed = steps[-1].setdefault("observation", {"results": []})
            observed["results"].append({**answers, "content": message.text})
            continue
        step: dict[str, Any] = {"source": _SOURCES[message.role], "message": message.text}
        if message.thinking:
            step["reasoning_content"] = message.thinking
        if message.calls:
            step["tool_calls"] = [
                {"tool_call_id": call.id, "function_name": call.name, "arguments": call_arguments(call)}
                for call in message.calls
            ]
        steps.append(step)
    return [*steps]


def _made(found: Recording) -> JsonObject:
    steps = [
        {"step_id": number, **step} for number, step in enumerate(_spelled(linked(found.messages, as_text=False)), 1)
    ]
    agent = {"name": found.scaffold or found.format or "agent", "version": "unknown"}
    tools = {"tool_definitions": functions(found)} if found.tools else {}
    return {"schema_version": "ATIF-v1.5", "session_id": found.id, "agent": {**agent, **tools}, "steps": steps}


@exporter("atif")
def atif_out(found: Recording) -> JsonObject:
    """The trajectory as it was; of another format, one of version 1.5."""
    if found.format != "atif":
        return _made(found)
    return source_of(found, ("steps",), _spelled)
