"""Calls as JSON in ``tool_call`` tags: Qwen2.5, Qwen3, Hermes 2 and 3, SmolLM3, and SmolLM2 with a list in one tag.

Sources: the chat templates of Qwen/Qwen3-0.6B, NousResearch/Hermes-3-Llama-3.1-8B and HuggingFaceTB/SmolLM3-3B;
``instructions_function_calling.md`` of HuggingFaceTB/SmolLM2-1.7B-Instruct.
"""

from __future__ import annotations

from collections.abc import Sequence

from perturb.core.format import Format
from perturb.core.registry import model_format
from perturb.core.values import Call, JsonObject, Reply
from perturb.formats.parts import blocks, expect, json_call, json_value, splitter, thought, to_json
from perturb.formats.rendering import by_template

OPEN, CLOSE = "<tool_call>", "</tool_call>"
# The marks of formats that use the same tag, and what tells SmolLM's two generations apart.
_OTHERS = ("<function=", "<arg_key>", "minimax")
_SMOLLM, _SMOLLM3 = "named SmolLM", "reasoning_mode"
_ENDS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>")


def _read(content: str, _tools: Sequence[JsonObject]) -> tuple[tuple[Call, ...], str]:
    return blocks(content, OPEN, _block)


def _block(text: str, at: int) -> tuple[list[Call], int]:
    value, at = json_value(text, at)
    _, at = expect(text, at, CLOSE)
    return [json_call(one, "arguments") for one in (value if isinstance(value, list) else [value])], at


def _written(call: Call) -> str:
    return to_json({"name": call.tool, "arguments": call.args})


def _write(reply: Reply) -> str:
    calls = [f"{OPEN}\n{_written(call)}\n{CLOSE}" for call in reply.calls]
    return thought(reply) + "\n".join([reply.text, *calls] if reply.text else calls)


def _write_list(reply: Reply) -> str:
    calls = [f"{OPEN}[{', '.join(map(_written, reply.calls))}]{CLOSE}"] if reply.calls else []
    return thought(reply) + "\n".join([reply.text, *calls] if reply.text else calls)


def _recognises(text: str) -> bool:
    if _SMOLLM in text:
        return _SMOLLM3 in text
    return OPEN in text and '"arguments"' in text and not any(mark in text for mark in _OTHERS)


@model_format
def hermes() -> Format:
    return Format(
        name="hermes",
        summary="JSON in <tool_call> tags: Qwen2.5, Qwen3, Hermes 2 and 3, SmolLM3",
        split=splitter("<think>", "</think>", *_ENDS),
        read=_read,
        write=_write,
        opens=OPEN,
        recognises=_recognises,
        render=by_template,
        parsers=("hermes", "qwen3"),
    )


@model_format
def smollm() -> Format:
    return Format(
        name="smollm",
        summary="a JSON list in one <tool_call> tag: SmolLM2",
        split=splitter("<think>", "</think>", *_ENDS),
        read=_read,
        write=_write_list,
        opens=OPEN,
        recognises=lambda text: _SMOLLM in text and _SMOLLM3 not in text,
        render=by_template,
    )
