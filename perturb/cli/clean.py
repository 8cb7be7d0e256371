"""``perturb clean``: conversations that somebody would train on, held to the cleaning rules."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from perturb.cli import output
from perturb.core.errors import UserError
from perturb.core.files import write_atomic
from perturb.core.reading import json_lines
from perturb.core.registry import check_params
from perturb.core.values import Instruction, Reply
from perturb.synthesis.cleaning import RULES, Talk, calls_of, faults


def main(options: argparse.Namespace) -> int:
    """Count what is wrong; write what is not. Exit code 1 when something was."""
    output.register(options.load)
    path = Path(options.file)
    found: Counter[str] = Counter(dict.fromkeys(RULES, 0))
    kept: list[bytes] = []
    lines = bad = 0
    for number, data in json_lines(path):
        broken = {name for talk in _talks(f"{path}: line {number}", data) for name in faults(talk)}
        found.update(broken)
        lines += 1
        bad += bool(broken)
        if not broken:
            kept.append(orjson.dumps(data) + b"\n")
    if not lines:
        raise UserError(f"{path}: holds no conversation")
    if options.out:
        write_atomic(Path(options.out), b"".join(kept))
    if options.json:
        output.emit_json({"conversations": lines, "clean": lines - bad, "faults": dict(found)})
    else:
        output.emit("\n".join(f"{name:<24}{count:>7}" for name, count in found.items()))
        output.emit(f"{lines} conversations, {lines - bad} clean")
    return int(bad > 0)


def _talks(where: str, data: Any) -> Iterator[Talk]:
    """Every answer of a conversation that is trained on: those under ``train``, or all of the assistant's."""
    try:
        messages, tools = data["messages"], data.get("tools") or []
        if not all(isinstance(one, dict) for one in (*messages, *tools)):
            raise ValueError("messages and tools are objects")
        rules = tuple(_rule(one) for one in data.get("rules") or ())
        spoken = [n for n, one in enumerate(messages) if one.get("role") == "assistant"]
        for place in data.get("train") or spoken:
            yield Talk(messages[:place], _reply(messages[place]), tools, rules)
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{where}: not a conversation in OpenAI's form ({error})") from error


def _rule(data: Any) -> Instruction:
    rule = Instruction(str(data["text"]), data.get("source", "system"), data["check"], data.get("params", {}))
    check_params(rule.check, rule.params)
    return rule


def _reply(message: dict[str, Any]) -> Reply:
    thinking = str(message.get("reasoning_content") or message.get("reasoning") or "")
    text = message.get("content")
    if text is not None and not isinstance(text, str):
        text = "".join(str(piece.get("text", "")) for piece in text)
    head, mark, rest = (text or "").partition("</think>")
    if mark and not thinking:
        # Many data sets keep the thinking in the words.
        thinking, text = head.removeprefix("<think>").strip(), rest.strip()
    return Reply(thinking, text or "", calls_of(message))
