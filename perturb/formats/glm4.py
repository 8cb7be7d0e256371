"""Calls as ``arg_key``/``arg_value`` pairs: GLM-4.5, 4.6, 4.7.

Sources: the chat templates of zai-org/GLM-4.6 (line ends between tags) and zai-org/GLM-4.7-Flash (none). Strings are
raw text, everything else JSON; only the tool's schema tells them apart.
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
_KEY, _KEY_END, _VALUE, _VALUE_END = "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"


def _read(content: str, tools: Sequence[JsonObject]) -> tuple[tuple[Call, ...], str]:
    return blocks(content, _OPEN, partial(_block, parameters(tools)))


def _block(schemas: dict[str, JsonObject], text: str, at: int) -> tuple[list[Call], int]:
    end = text.find("<", at)
    if end < 0:
        raise BrokenError("a call never ends", ended=True)
    name, at = text[at:end].strip(), end
    arguments, at = pairs(text, at, _KEY, _CLOSE, partial(_pair, schemas.get(name, {})))
    return [named(name, arguments)], at


def _pair(schema: JsonObject, text: str, at: int) -> tuple[str, Any, int]:
    key, at = until(text, at, _KEY_END, "a parameter's name")
    _, at = expect(text, at, _VALUE)
    value, at = until(text, at, _VALUE_END, f"parameter {key[:40]!r}")
    return key, by_schema(value, schema, key), at


def _write(reply: Reply) -> str:
    def written(call: Call) -> str:
        pairs = (f"{_KEY}{k}{_KEY_END}\n{_VALUE}{as_text(v)}{_VALUE_END}\n" for k, v in call.args.items())
        return f"{_OPEN}{call.tool}\n{''.join(pairs)}{_CLOSE}"

    calls = "\n".join(map(written, reply.calls))
    return thought(reply, "<think>{}</think>\n") + reply.text + ("\n" if reply.text and calls else "") + calls


@model_format
def glm4() -> Format:
    return Format(
        name="glm4",
        summary="<arg_key>/<arg_value> pairs in <tool_call> tags: GLM-4.5, 4.6, 4.7",
        split=splitter("<think>", "</think>", "<|user|>", "<|observation|>", "<|endoftext|>"),
        read=_read,
        write=_write,
        opens=_OPEN,
        recognises=lambda text: _KEY in text,
        render=by_template,
        parsers=("glm45", "glm45"),
    )
