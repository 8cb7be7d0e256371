"""M2's wire format for other programs: requests to prompts, raw replies to outcomes, one JSON line each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from perturb.core.errors import UserError
from perturb.core.values import Unparsed
from perturb.formats.m2.parse import parse
from perturb.formats.m2.template import render

_RETENTIONS = ("template", "keep_all", "drop_all")
_FINISHES = ("stop", "length", "tool_calls", "other")


def prompt_lines(path: Path) -> Iterator[dict[str, Any]]:
    """``{"prompt"}`` or ``{"error"}`` for every line of OpenAI-style requests; blank lines are skipped.

    A line holds `messages` and may hold `tools`, `add_generation_prompt` (default true) and `retention`. Raises
    UserError when the file cannot be read.
    """
    return _each(path, _prompt)


def parse_lines(path: Path) -> Iterator[dict[str, Any]]:
    """What the raw reply of every line says: `outcome`, `thinking`, `content`, `calls` (or ``{"error"}``).

    A line holds `raw` (the text after the opening think tag) and may hold `tools` and `finish` (default ``stop``).
    Outcomes: ``calls``, ``no_call`` (words alone), ``malformed``, ``cut``, ``reasoning_only``; the last three say
    why in `detail`. Raises UserError when the file cannot be read.
    """
    return _each(path, _outcome)


def _each(path: Path, answer: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _one(number, line, answer)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error


def _one(number: int, line: bytes, answer: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    try:
        asked = json.loads(line.decode("utf-8"))
        if not isinstance(asked, dict):
            raise ValueError("not a JSON object")
        found = answer(asked)
        json.dumps(found, ensure_ascii=False).encode("utf-8")  # refuses lone surrogates, which UTF-8 cannot hold
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        return {"error": f"line {number}: {error}"}
    return found


def _prompt(asked: Mapping[str, Any]) -> dict[str, Any]:
    messages = asked.get("messages")
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise ValueError("messages: not a list of objects")
    retention = asked.get("retention", "template")
    if retention not in _RETENTIONS:
        raise ValueError(f"retention: {retention!r} is none of {', '.join(_RETENTIONS)}")
    generation = asked.get("add_generation_prompt", True)
    return {"prompt": render(messages, _tools(asked), retention=retention, add_generation_prompt=bool(generation))}


def _outcome(asked: Mapping[str, Any]) -> dict[str, Any]:
    raw, finish = asked.get("raw"), asked.get("finish") or "stop"
    if not isinstance(raw, str):
        raise ValueError("raw: not a string")
    if finish not in _FINISHES:
        raise ValueError(f"finish: {finish!r} is none of {', '.join(_FINISHES)}")
    got = parse(raw, _tools(asked), finish)
    if isinstance(got, Unparsed):
        said = {"outcome": got.kind, "thinking": got.thinking, "content": got.text, "calls": []}
        return {**said, "detail": got.detail}
    calls = [{"name": call.tool, "arguments": dict(call.args)} for call in got.calls]
    outcome = "calls" if calls else "no_call"
    return {"outcome": outcome, "thinking": got.thinking, "content": got.text, "calls": calls}


def _tools(asked: Mapping[str, Any]) -> list[Any]:
    tools = asked.get("tools")
    if tools is None:
        return []
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise ValueError("tools: not a list of objects")
    return tools
