"""Kimi-K2's calls: an id that names the function, then JSON.

Sources: the chat templates of moonshotai/Kimi-K2-Instruct and Kimi-K2-Thinking. The id is ``functions.NAME:N`` with N
counted through the conversation; only the name is a fact of the reply.
"""

from __future__ import annotations

from collections.abc import Sequence

from perturb.core.format import Format
from perturb.core.registry import model_format
from perturb.core.values import Call, JsonObject, Reply
from perturb.formats.parts import blocks, expect, json_object, named, section, splitter, thought, to_json, until
from perturb.formats.rendering import by_template

_OPEN, _CLOSE = "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"
_CALL, _ARGUMENTS, _CALL_END = "<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>"


def _read(content: str, _tools: Sequence[JsonObject]) -> tuple[tuple[Call, ...], str]:
    return blocks(content, _OPEN, _section)


def _section(text: str, at: int) -> tuple[list[Call], int]:
    return section(text, at, _CALL, _CLOSE, _call)


def _call(text: str, at: int) -> tuple[Call, int]:
    identity, at = until(text, at, _ARGUMENTS, "a call's id")
    arguments, at = json_object(text, at, identity)
    _, at = expect(text, at, _CALL_END)
    return named(_name(identity), arguments), at


def _name(identity: str) -> str:
    """The function in ``functions.NAME:N``. Any other id is taken for the name itself."""
    name, colon, number = identity.strip().rpartition(":")
    return (name if colon and number.isdecimal() else identity.strip()).removeprefix("functions.")


def _write(reply: Reply) -> str:
    calls = "".join(
        f"{_CALL}functions.{call.tool}:{number}{_ARGUMENTS}{to_json(call.args)}{_CALL_END}"
        for number, call in enumerate(reply.calls)
    )
    return thought(reply, "<think>{}</think>") + reply.text + (f"{_OPEN}{calls}{_CLOSE}" if calls else "")


@model_format
def kimi_k2() -> Format:
    return Format(
        name="kimi_k2",
        summary="functions.NAME:N and JSON between Kimi's marks: Kimi-K2, Kimi-K2-Thinking",
        split=splitter("<think>", "</think>", "<|im_end|>", "[EOS]"),
        read=_read,
        write=_write,
        opens=_OPEN,
        recognises=lambda text: _ARGUMENTS in text,
        render=by_template,
        parsers=("kimi_k2", "kimi_k2"),
    )
