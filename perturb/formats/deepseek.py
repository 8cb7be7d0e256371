"""DeepSeek's calls: V3 and R1 (a JSON code block), V3.1 (bare JSON), V3.2 (DSML tags with a type attribute).

Sources: the chat templates of deepseek-ai/DeepSeek-R1-0528 and DeepSeek-V3.1 (the model folders' tokenizer_config.json)
and the encoding that deepseek-ai/DeepSeek-V3.2 ships (as a template: ``deepseek-ai-DeepSeek-V3.2.jinja`` of llama.cpp).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from perturb.core.format import BrokenError, Format
from perturb.core.registry import model_format
from perturb.core.values import Call, JsonObject, Reply
from perturb.formats.parts import (
    as_text,
    blocks,
    expect,
    json_object,
    json_value,
    named,
    pairs,
    section,
    splitter,
    thought,
    to_json,
    until,
)
from perturb.formats.rendering import by_template

_OPEN, _CLOSE = "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"
_CALL, _SEPARATOR, _CALL_END = "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>"
_END = "<｜end▁of▁sentence｜>"
_DSML, _DSML_END = "<｜DSML｜function_calls>", "</｜DSML｜function_calls>"
_INVOKE, _INVOKE_END = '<｜DSML｜invoke name="', "</｜DSML｜invoke>"
_PARAMETER, _PARAMETER_END = '<｜DSML｜parameter name="', "</｜DSML｜parameter>"


def _read(content: str, _tools: Sequence[JsonObject]) -> tuple[tuple[Call, ...], str]:
    return blocks(content, _OPEN, _section)


def _section(text: str, at: int) -> tuple[list[Call], int]:
    return section(text, at, _CALL, _CLOSE, _call)


def _call(text: str, at: int) -> tuple[Call, int]:
    name, at = until(text, at, _SEPARATOR, "a call's name")
    if name == "function":
        name, at = until(text, at, "\n```json\n", "a call's name")
        arguments, at = json_object(text, at, name)
        _, at = expect(text, at, "```")
    else:
        arguments, at = json_object(text, at, name)
    _, at = expect(text, at, _CALL_END)
    return named(name, arguments), at


def _write_v3(reply: Reply) -> str:
    calls = (f"{_CALL}function{_SEPARATOR}{c.tool}\n```json\n{to_json(c.args)}\n```{_CALL_END}" for c in reply.calls)
    return _joined(reply, "\n".join(calls))


def _write_v31(reply: Reply) -> str:
    return _joined(reply, "".join(f"{_CALL}{c.tool}{_SEPARATOR}{to_json(c.args)}{_CALL_END}" for c in reply.calls))


def _joined(reply: Reply, calls: str) -> str:
    return thought(reply, "<think>{}</think>") + reply.text + (f"{_OPEN}{calls}{_CLOSE}" if calls else "")


def _read_dsml(content: str, _tools: Sequence[JsonObject]) -> tuple[tuple[Call, ...], str]:
    return blocks(content, _DSML, _dsml)


def _dsml(text: str, at: int) -> tuple[list[Call], int]:
    return section(text, at, _INVOKE, _DSML_END, _invoke)


def _invoke(text: str, at: int) -> tuple[Call, int]:
    name, at = until(text, at, '">', "a call's name")
    arguments, at = pairs(text, at, _PARAMETER, _INVOKE_END, _parameter)
    return named(name, arguments), at


def _parameter(text: str, at: int) -> tuple[str, Any, int]:
    key, at = until(text, at, '" string="', "a parameter's name")
    mark, at = expect(text, at, 'true">', 'false">')
    value, at = until(text, at, _PARAMETER_END, f"parameter {key[:40]!r}")
    return key, value if mark.startswith("true") else _whole(value), at


def _whole(text: str) -> Any:
    value, end = json_value(text, 0)
    if text[end:].strip():
        raise BrokenError(f"more than one JSON value: {text[:40]!r}")
    return value


def _write_dsml(reply: Reply) -> str:
    def parameter(key: str, value: Any) -> str:
        return f'{_PARAMETER}{key}" string="{to_json(isinstance(value, str))}">{as_text(value)}{_PARAMETER_END}\n'

    def invoke(call: Call) -> str:
        return f'{_INVOKE}{call.tool}">\n{"".join(parameter(k, v) for k, v in call.args.items())}{_INVOKE_END}\n'

    calls = f"{_DSML}\n{''.join(map(invoke, reply.calls))}{_DSML_END}" if reply.calls else ""
    between = "\n\n" if reply.text and calls else ""
    return thought(reply, "<think>{}</think>") + reply.text + between + calls


_SPLIT = splitter("<think>", "</think>", _END)


@model_format
def deepseek_v3() -> Format:
    return Format(
        name="deepseek_v3",
        summary="a JSON code block per call between DeepSeek's marks: V3, R1",
        split=_SPLIT,
        read=_read,
        write=_write_v3,
        opens=_OPEN,
        recognises=lambda text: "｜DSML｜" not in text and _SEPARATOR in text and "```json" in text,
        render=by_template,
        parsers=("deepseek_v3", "deepseek_v3"),
    )


@model_format
def deepseek_v31() -> Format:
    return Format(
        name="deepseek_v31",
        summary="bare JSON per call between DeepSeek's marks: V3.1",
        split=_SPLIT,
        read=_read,
        write=_write_v31,
        opens=_OPEN,
        recognises=lambda text: "｜DSML｜" not in text and _SEPARATOR in text and "```json" not in text,
        render=by_template,
        parsers=("deepseek_v31", "deepseek_v3"),
    )


@model_format
def deepseek_v32() -> Format:
    return Format(
        name="deepseek_v32",
        summary="DSML tags that say whether a value is text: V3.2",
        split=_SPLIT,
        read=_read_dsml,
        write=_write_dsml,
        opens=_DSML,
        recognises=lambda text: "｜DSML｜" in text,
        render=by_template,
        parsers=("deepseek_v32", "deepseek_v3"),
    )
