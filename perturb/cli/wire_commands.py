"""For other programs: requests to prompts, replies to outcomes, pairs to verdicts, one JSON line each."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from perturb.core.errors import UserError
from perturb.core.exact import plain
from perturb.formats.m2.template import render
from perturb.judging.grading.lines_in import graded
from perturb.scaffolding.outcomes import hear

_RETENTIONS = ("template", "keep_all", "drop_all")


@contextmanager
def opened(name: str | Path) -> Iterator[IO[bytes]]:
    """The file called `name`; ``-`` is standard input. Raises UserError when it cannot be read."""
    if str(name) == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(name).open("rb") as file:
            yield file
    except (OSError, ValueError) as error:
        raise UserError(f"{name}: {getattr(error, 'strerror', None) or error}") from error


def prompt_lines(file: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """``{"prompt"}`` or ``{"error"}`` for every line of OpenAI-style requests; blank lines are skipped.

    A line holds `messages` and may hold `tools`, `add_generation_prompt` (default true) and `retention`.
    """
    return _each(file, _prompt)


def parse_lines(file: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """What the reply of every line is: `outcome` (nine words), `thinking`, `content`, `calls`, or ``{"error"}``.

    A line holds `raw` (the text after the opening think tag) or `message` (a chat API's), and may hold `id`, `tools`
    and `finish` (default ``stop``). `detail` says why the outcome is not a usable call or plain words.
    """
    return _each(file, _outcome)


def grade_lines(file: Iterable[bytes], reading: str) -> Iterator[dict[str, Any]]:
    """Whether the pair of every line is the same (see :mod:`perturb.judging.grading`)."""
    return graded(file, reading)


def _each(file: Iterable[bytes], answer: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, 1):
        if line.strip():
            yield _one(number, line, answer)


def _one(number: int, line: bytes, answer: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    try:
        asked = json.loads(line.decode("utf-8"))
        if not isinstance(asked, dict):
            raise ValueError("not a JSON object")
        named = {"id": asked["id"]} if isinstance(asked.get("id"), str | int) else {}
        found = answer(asked)
        json.dumps(found, ensure_ascii=False).encode("utf-8")  # refuses lone surrogates, which UTF-8 cannot hold
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        return {**named, "error": f"line {number}: {error}"}
    return {**named, **found}


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
    heard = hear(asked)
    calls = [{"name": call.tool, "arguments": plain(call.args)} for call in heard.calls]
    said = {"outcome": heard.outcome, "thinking": heard.thinking, "content": heard.text, "calls": calls}
    return {**said, "detail": heard.detail} if heard.detail else said


def _tools(asked: Mapping[str, Any]) -> list[Any]:
    tools = asked.get("tools")
    if tools is None:
        return []
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise ValueError("tools: not a list of objects")
    return tools
