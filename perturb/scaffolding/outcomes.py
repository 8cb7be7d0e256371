"""What a whole reply is, in nine words: one answer for ``perturb parse``, ``perturb grade`` and the scorer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from perturb.core.values import Call, JsonObject, Reply, Unparsed
from perturb.formats.m2 import parse as m2
from perturb.scaffolding.leaks import leak
from perturb.scaffolding.refusals import is_refusal
from perturb.toolbox.json_schema import first_violation

Outcome = Literal[
    "ok_parse", "unknown_tool", "schema_invalid", "malformed", "protocol_leak", "no_call", "refused",
    "reasoning_only", "cut",
]  # fmt: skip
OUTCOMES: tuple[Outcome, ...] = (
    "ok_parse", "unknown_tool", "schema_invalid", "malformed", "protocol_leak", "no_call", "refused",
    "reasoning_only", "cut",
)  # fmt: skip
_FINISHES = ("stop", "length", "tool_calls", "other", "function_call", "content_filter", "eos")
_NAMES: dict[str, Outcome] = {
    "malformed": "malformed", "cut": "cut", "reasoning_only": "reasoning_only", "leaked_protocol": "protocol_leak",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply and what it is."""

    outcome: Outcome
    thinking: str = ""
    text: str = ""
    calls: tuple[Call, ...] = ()
    detail: str = ""


def hear(item: Mapping[str, Any]) -> Heard:
    """What a line with `raw` or `message`, `tools` and `finish` says. Raises ValueError for what is no such line."""
    tools, finish = _tools(item.get("tools")), item.get("finish") or item.get("finish_reason") or "stop"
    if finish not in _FINISHES:
        raise ValueError(f"finish: {finish!r} is none of {', '.join(_FINISHES)}")
    asserted = bool(item.get("format_asserted"))
    if isinstance(item.get("raw"), str):
        got = m2.parse(item["raw"], tools, finish)
    elif isinstance(item.get("message"), Mapping):
        got = _from_message(item["message"])
    else:
        raise ValueError("raw: not a string")
    return classified(got, tools, finish, asserted)


def classified(got: Reply | Unparsed, tools: Sequence[JsonObject], finish: str, formats: bool = False) -> Heard:
    """A parsed native reply as what it is. The worst call decides."""
    if finish == "length":
        calls = got.calls if isinstance(got, Reply) else ()
        return Heard("cut", got.thinking, got.text, calls, "the answer hit the token limit")
    offered = m2.parameters_by_tool(tools)
    if isinstance(got, Unparsed):
        native = got.kind == "malformed" and not offered
        return Heard("protocol_leak" if native else _NAMES[got.kind], got.thinking, got.text, (), got.detail)
    if got.calls and not offered:
        return Heard("protocol_leak", got.thinking, got.text, got.calls, "a native call, though no tool is offered")
    if got.calls:
        outcome, detail = _worst(got.calls, offered, formats)
        return Heard(outcome, got.thinking, got.text, got.calls, detail)
    if not got.text.strip():
        return Heard("reasoning_only", got.thinking, got.text, (), "nothing after the thinking")
    foreign = leak(got.text, offered)
    if foreign:
        return Heard("protocol_leak", got.thinking, got.text, (), foreign)
    return Heard("refused" if is_refusal(got.text) else "no_call", got.thinking, got.text)


def _worst(calls: tuple[Call, ...], offered: Mapping[str, JsonObject], formats: bool) -> tuple[Outcome, str]:
    unknown = next((call.tool for call in calls if call.tool not in offered), None)
    if unknown is not None:
        return "unknown_tool", f"there is no tool named {unknown!r}"
    for call in calls:
        broken = first_violation(offered[call.tool], call.args, formats=formats)
        if broken:
            return "schema_invalid", f"{call.tool}: {broken}"
    return "ok_parse", ""


def _tools(tools: Any) -> list[Any]:
    """Tool definitions in the chat API's shape; bare functions are put into it."""
    if tools is None:
        return []
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise ValueError("tools: not a list of objects")
    return [tool if isinstance(tool.get("function"), dict) else _wrapped(tool) for tool in tools]


def _wrapped(tool: Mapping[str, Any]) -> dict[str, Any]:
    schema = tool.get("parameters", tool.get("input_schema", tool.get("inputSchema", {})))
    return {"type": "function", "function": {"name": tool.get("name"), "parameters": schema}}


def _from_message(message: Mapping[str, Any]) -> Reply | Unparsed:
    """A chat API's message. Arguments that are no JSON object are a malformed call."""
    thinking = message.get("reasoning_content") or message.get("reasoning") or ""
    text = message.get("content") or ""
    if isinstance(text, list):
        text = "".join(str(part.get("text", "")) for part in text if isinstance(part, Mapping))
    if not isinstance(text, str) or not isinstance(thinking, str):
        raise ValueError("message: content is no text")
    if "</think>" in text:
        inner, text, _ = m2.split_thinking(text)
        thinking = thinking + inner
    calls = []
    for call in message.get("tool_calls") or ():
        function = call.get("function", call) if isinstance(call, Mapping) else {}
        name, arguments = function.get("name"), function.get("arguments", {})
        try:
            arguments = json.loads(arguments or "{}") if isinstance(arguments, str) else arguments
        except (ValueError, RecursionError):
            arguments = None
        if not isinstance(name, str) or not isinstance(arguments, dict):
            return Unparsed("malformed", "a call's arguments are no JSON object", thinking, text)
        calls.append(Call(name, arguments))
    return Reply(thinking, text, tuple(calls))
