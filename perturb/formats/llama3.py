"""Llama 3.1 to 3.3: the turn is the call, bare JSON with ``name`` and ``parameters``.

Source: the chat template of meta-llama/Llama-3.1-8B-Instruct. Several calls stand one after the other with ``;``
between them, as vLLM's parser of this format reads them; the template itself knows one call a turn.
"""

from __future__ import annotations

from collections.abc import Sequence

from perturb.core.format import BrokenError, Format
from perturb.core.registry import model_format
from perturb.core.values import Call, JsonObject, Reply
from perturb.formats.parts import json_call, json_value, plain, skip, to_json
from perturb.formats.rendering import by_template

_MARK, _START = "<|python_tag|>", '{"name"'


def _read(content: str, _tools: Sequence[JsonObject]) -> tuple[tuple[Call, ...], str]:
    before, mark, rest = content.partition(_MARK)
    if not mark:
        at = skip(content, 0)
        if not content.startswith("{", at):
            at = content.find(f"\n{_START}") + 1
            if not at:
                return (), content
        before, rest = content[:at], content[at:]
        if '"name"' not in rest:
            return (), content
    calls, at = [], 0
    while True:
        value, at = json_value(rest, at)
        calls.append(json_call(value, "parameters", "arguments"))
        at = skip(rest, at)
        if at == len(rest):
            return tuple(calls), before.strip("\n") if before.strip() else ""
        if rest[at] != ";":
            raise BrokenError(f"words after a call: {rest[at : at + 40]!r}")
        at += 1


def _write(reply: Reply) -> str:
    calls = "; ".join(to_json({"name": call.tool, "parameters": call.args}) for call in reply.calls)
    return reply.text + ("\n" if reply.text and calls else "") + calls


@model_format
def llama3() -> Format:
    return Format(
        name="llama3",
        summary="the turn is JSON with name and parameters: Llama 3.1, 3.2, 3.3",
        split=plain("<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"),
        read=_read,
        write=_write,
        opens=_MARK,
        recognises=lambda text: "<|start_header_id|>" in text and '"parameters"' in text and "<tool_call>" not in text,
        render=by_template,
        think=("", ""),
        parsers=("llama3_json", ""),
    )
