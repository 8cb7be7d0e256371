"""Mistral's calls after ``[TOOL_CALLS]``: a JSON list (to Nemo), or a name and JSON each (from Small 3.2, Devstral).

Sources: the chat templates of mistralai/Mistral-Nemo-Instruct-2407, Mistral-Small-3.2-24B-Instruct-2506 (with a call
id), Devstral-Small-2507 and Ministral-3-14B-Reasoning-2512 (thinking in ``[THINK]``).
"""

from __future__ import annotations

from collections.abc import Sequence

from perturb.core.format import BrokenError, Format
from perturb.core.registry import model_format
from perturb.core.values import Call, JsonObject, Reply
from perturb.formats.parts import blocks, json_call, json_object, json_value, named, skip, splitter, thought, to_json
from perturb.formats.rendering import by_template

_OPEN, _ID, _ARGUMENTS = "[TOOL_CALLS]", "[CALL_ID]", "[ARGS]"


def _read(content: str, _tools: Sequence[JsonObject]) -> tuple[tuple[Call, ...], str]:
    return blocks(content, _OPEN, _block)


def _block(text: str, at: int) -> tuple[list[Call], int]:
    if text.startswith("[", skip(text, at)):
        value, at = json_value(text, at)
        if not value:
            raise BrokenError("a call block without a call")
        return [json_call(one, "arguments") for one in value], at
    stop = text.find(_OPEN, at)
    mark = text.find(_ARGUMENTS, at)
    start = min((place for place in (mark, text.find("{", at)) if place >= 0), default=-1)
    if start < 0 or 0 <= stop < start:
        raise BrokenError("a call without its arguments", ended=stop < 0)
    name = text[at:start].partition(_ID)[0].strip()
    arguments, at = json_object(text, start + (len(_ARGUMENTS) if start == mark else 0), name)
    return [named(name, arguments)], at


def _write(reply: Reply) -> str:
    calls = "".join(f"{_OPEN}{call.tool}{_ARGUMENTS}{to_json(call.args)}" for call in reply.calls)
    return thought(reply, "[THINK]{}[/THINK]") + reply.text + calls


@model_format
def mistral() -> Format:
    return Format(
        name="mistral",
        summary="[TOOL_CALLS], a JSON list or a name and JSON: Mistral, Devstral, Ministral",
        split=splitter("[THINK]", "[/THINK]", "</s>"),
        read=_read,
        write=_write,
        opens=_OPEN,
        recognises=lambda text: _OPEN in text,
        render=by_template,
        think=("[THINK]", "[/THINK]"),
        parsers=("mistral", "mistral"),
    )
