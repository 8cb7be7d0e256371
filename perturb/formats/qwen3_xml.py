"""Calls as ``<function=…>`` blocks whose values are raw text: Qwen3-Coder, Qwen3.5.

Sources: the chat templates of Qwen/Qwen3-Coder-30B-A3B-Instruct and Qwen/Qwen3.5-4B. Values stand on lines of their
own and nothing is escaped; only the tool's schema types them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from perturb.core.format import BrokenError, Format
from perturb.core.registry import model_format
from perturb.core.values import Call, JsonObject, Reply
from perturb.formats.parts import as_text, blocks, by_schema, expect, named, pairs, parameters, splitter, thought, until
from perturb.formats.rendering import by_template

_OPEN, _CLOSE = "<tool_call>", "</tool_call>"
_FUNCTION, _FUNCTION_END = "<function=", "</function>"
_PARAMETER, _PARAMETER_END = "<parameter=", "</parameter>"


def _read(content: str, tools: Sequence[JsonObject]) -> tuple[tuple[Call, ...], str]:
    calls, words = blocks(content, _OPEN, partial(_block, parameters(tools)))
    if _FUNCTION in words:
        raise BrokenError(f"{_FUNCTION} outside {_OPEN}")
    return calls, words


def _block(schemas: dict[str, JsonObject], text: str, at: int) -> tuple[list[Call], int]:
    _, at = expect(text, at, _FUNCTION)
    name, at = until(text, at, ">", "a function's name")
    arguments, at = pairs(text, at, _PARAMETER, _FUNCTION_END, partial(_pair, schemas.get(name, {})))
    _, at = expect(text, at, _CLOSE)
    return [named(name, arguments)], at


def _pair(schema: JsonObject, text: str, at: int) -> tuple[str, Any, int]:
    key, at = until(text, at, ">", "a parameter's name")
    value, at = until(text, at, _PARAMETER_END, f"parameter {key[:40]!r}")
    return key, by_schema(value.removeprefix("\n").removesuffix("\n"), schema, key), at


def _write(reply: Reply) -> str:
    def written(call: Call) -> str:
        lines = (f"{_PARAMETER}{k}>\n{as_text(v)}\n{_PARAMETER_END}\n" for k, v in call.args.items())
        return f"{_OPEN}\n{_FUNCTION}{call.tool}>\n{''.join(lines)}{_FUNCTION_END}\n{_CLOSE}"

    calls = "\n".join(map(written, reply.calls))
    return thought(reply) + reply.text + ("\n\n" if reply.text and calls else "") + calls


@model_format
def qwen3_xml() -> Format:
    return Format(
        name="qwen3_xml",
        summary="<function=…> blocks in <tool_call> tags: Qwen3-Coder, Qwen3.5",
        split=splitter("<think>", "</think>", "<|im_end|>", "<|endoftext|>"),
        read=_read,
        write=_write,
        opens=_OPEN,
        recognises=lambda text: _FUNCTION in text and _PARAMETER in text,
        render=by_template,
        parsers=("qwen3_coder", "qwen3"),
    )
