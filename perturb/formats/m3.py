"""MiniMax-M3: every tag behind a namespace token, nested values as nested tags, thinking in ``mm:think``.

Source: the chat template of MiniMaxAI/MiniMax-M3. Leaves are raw text, an object's keys are tags, a list's elements
``item`` tags; nulls are left out. Only the tool's schema says what a leaf is. ``thinking_mode`` is enabled, adaptive
(the template's default) or disabled; when enabled the prompt opens the thinking, when disabled it closes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from perturb.core.errors import UnrepresentableError
from perturb.core.format import BrokenError, Format
from perturb.core.registry import model_format
from perturb.core.values import Call, JsonObject, Reply
from perturb.formats.m2.schema_types import schema_types, typed
from perturb.formats.parts import as_text, blocks, expect, named, parameters, skip, splitter, thought, until
from perturb.formats.rendering import by_template

_N = "]<]minimax[>["
_OPEN, _CLOSE = f"{_N}<tool_call>", f"{_N}</tool_call>"
_INVOKE, _INVOKE_END = f'{_N}<invoke name="', f"{_N}</invoke>"
_DEEPEST = 64


def _read(content: str, tools: Sequence[JsonObject]) -> tuple[tuple[Call, ...], str]:
    return blocks(content, _OPEN, partial(_block, parameters(tools)))


def _block(schemas: dict[str, JsonObject], text: str, at: int) -> tuple[list[Call], int]:
    calls: list[Call] = []
    while True:
        mark, at = expect(text, at, _INVOKE, _CLOSE)
        if mark == _CLOSE:
            if not calls:
                raise BrokenError("a call block without a call")
            return calls, at
        name, at = until(text, at, '">', "a call's name")
        schema = schemas.get(name, {})
        arguments, at = _children(text, at, _INVOKE_END, schema, schema, 0)
        calls.append(named(name, arguments if isinstance(arguments, dict) else {}))


def _children(text: str, at: int, end: str, schema: Any, root: JsonObject, depth: int) -> tuple[Any, int]:
    """The tags up to `end`: a list when all are ``item`` and the schema does not say object, else an object."""
    if depth > _DEEPEST:
        raise BrokenError("tags nested too deeply")
    pairs: list[tuple[str, Any]] = []
    kinds = schema_types(schema, root)
    while True:
        mark, at = expect(text, at, end, f"{_N}<")
        if mark == end:
            break
        key, at = until(text, at, ">", "a tag")
        value, at = _value(text, at, f"{_N}</{key}>", _below(schema, key, kinds), root, depth + 1)
        pairs.append((key, value))
    if pairs and all(key == "item" for key, _ in pairs) and "object" not in kinds:
        return [value for _, value in pairs], at
    if len(dict(pairs)) < len(pairs):
        raise BrokenError("a parameter is given twice")
    return dict(pairs), at


def _value(text: str, at: int, end: str, schema: Any, root: JsonObject, depth: int) -> tuple[Any, int]:
    nested = text.startswith(f"{_N}<", skip(text, at)) and not text.startswith(end, skip(text, at))
    if nested:
        return _children(text, at, end, schema, root, depth)
    leaf, after = until(text, at, end, f"tag {end[len(_N) :][:40]}")
    if not leaf and schema_types(schema, root) and "string" not in schema_types(schema, root):
        empty: dict[str, Any] = {"array": [], "object": {}}
        return next((empty[kind] for kind in schema_types(schema, root) if kind in empty), leaf), after
    return typed(leaf, schema, root), after


def _below(schema: Any, key: str, kinds: set[str]) -> Any:
    if not isinstance(schema, Mapping):
        return None
    properties = schema.get("properties")
    if isinstance(properties, Mapping) and key in properties:
        return properties[key]
    other = "items" if key == "item" and ("array" in kinds or not kinds) else "additionalProperties"
    return schema.get(other)


def _write(reply: Reply) -> str:
    def invoke(call: Call) -> str:
        return f'{_INVOKE}{call.tool}">{_tags(call.args)}{_INVOKE_END}\n'

    calls = f"{_OPEN}\n{''.join(map(invoke, reply.calls))}{_CLOSE}" if reply.calls else ""
    return thought(reply, "<mm:think>{}</mm:think>") + reply.text + calls


def _tags(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(f"{_N}<{key}>{_tags(inner)}{_N}</{key}>" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return "".join(f"{_N}<item>{_tags(inner)}{_N}</item>" for inner in value)
    if value is None:
        raise UnrepresentableError("M3 leaves a null out")
    return as_text(value)


@model_format
def m3() -> Format:
    return Format(
        name="m3",
        summary="nested tags behind a namespace token, thinking in <mm:think>: MiniMax-M3",
        split=splitter("<mm:think>", "</mm:think>", "[e~["),
        read=_read,
        write=_write,
        opens=_OPEN,
        recognises=lambda text: _N in text,
        render=by_template,
        markers=("<mm:think>", "</mm:think>", _N, "]~b]", "[e~["),
        think=("<mm:think>", "</mm:think>"),
        parsers=("minimax_m3", "minimax_m3"),
    )
