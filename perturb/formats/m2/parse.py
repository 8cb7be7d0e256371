"""M2's raw reply as thinking, words and calls; and the raw text a reply would have been.

The format escapes nothing: a value is typed by the tool's schema alone, and a text that holds a delimiter cannot be
said. Text is kept exactly (nothing is trimmed but the newlines that the format itself puts around thinking), so a
history rendered again repeats what the model wrote. The parser is a scanner (``str.find``): linear on any text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from perturb.core.canonical import canonical
from perturb.core.errors import UnrepresentableError
from perturb.core.format import BrokenError, Format, Template
from perturb.core.registry import model_format
from perturb.core.values import Call, JsonObject, Reply, Request, Unparsed
from perturb.formats.m2.schema_types import typed
from perturb.formats.m2.template import (
    CALL_CLOSE,
    CALL_OPEN,
    END_MARK,
    START,
    THINK_CLOSE,
    THINK_OPEN,
    invocation,
    render,
)

__all__ = ["calls_in", "emit", "m2", "parameters_by_tool", "parse", "split_thinking", "typed"]

_INVOKE, _INVOKE_CLOSE = "<invoke name=", "</invoke>"
_PARAMETER, _PARAMETER_CLOSE = "<parameter name=", "</parameter>"
_SPACE = " \t\r\n"
_NAME_LIMIT = 512


def split_thinking(raw: str) -> tuple[str, str, bool]:
    """(thinking, content, whether the thinking ends). `raw` starts inside the thinking.

    An opening think tag that was left on and an end-of-message mark are taken off.

    >>> split_thinking("plan\\n</think>\\n\\nHello")
    ('plan', 'Hello', True)
    """
    if raw.startswith(THINK_OPEN):
        raw = raw.removeprefix(THINK_OPEN).removeprefix("\n")
    raw = raw.removesuffix("\n") if raw.endswith(END_MARK + "\n") else raw
    raw = raw.removesuffix(END_MARK)
    thinking, mark, content = raw.partition(THINK_CLOSE)
    return thinking.removesuffix("\n"), content.removeprefix("\n").removeprefix("\n"), bool(mark)


def parse(raw: str, tools: Sequence[JsonObject], finish: str) -> Reply | Unparsed:
    """What a raw reply says. Total; a value that is no JSON where the schema wants some stays text.

    `finish` is ``length`` when the reply hit the token limit: then what is incomplete was cut, not malformed.
    Words after the call block are kept after the words before it.
    """
    return m2.parse(raw, tools, finish)


def calls_in(content: str, tools: Sequence[JsonObject]) -> tuple[tuple[Call, ...], str]:
    """Every call of every block, and the words around the blocks. Raises BrokenError."""
    at = content.find(CALL_OPEN)
    if at < 0:
        return (), content
    calls, words = _blocks(content, at, parameters_by_tool(tools))
    return tuple(calls), words


def parameters_by_tool(tools: Sequence[JsonObject]) -> dict[str, JsonObject]:
    """Each tool's parameter schema by its name; tools of any other shape are left out."""
    found: dict[str, JsonObject] = {}
    for tool in tools:
        function = tool.get("function") if isinstance(tool, Mapping) else None
        if isinstance(function, Mapping) and isinstance(function.get("name"), str):
            parameters = function.get("parameters")
            found[function["name"]] = parameters if isinstance(parameters, Mapping) else {}
    return found


def _blocks(content: str, at: int, schemas: Mapping[str, JsonObject]) -> tuple[list[Call], str]:
    """Every call of every block, and the words around the blocks. Blank stretches are no words."""
    calls: list[Call] = []
    words = [content[:at]]
    while at >= 0:
        here, end = _invocations(content, at + len(CALL_OPEN), schemas)
        if not here:
            raise BrokenError("a call block without a call", ended=False)
        calls += here
        at = content.find(CALL_OPEN, end)
        words.append(content[end : at if at >= 0 else len(content)])
    return calls, "".join(stretch for stretch in words if stretch.strip())


def _invocations(text: str, at: int, schemas: Mapping[str, JsonObject]) -> tuple[list[Call], int]:
    calls: list[Call] = []
    while True:
        at = _next(text, at, _INVOKE, CALL_CLOSE)
        if text.startswith(CALL_CLOSE, at):
            return calls, at + len(CALL_CLOSE)
        name, at = _name(text, at + len(_INVOKE))
        arguments, at = _parameters(text, at, schemas.get(name, {}))
        calls.append(Call(name, arguments))


def _parameters(text: str, at: int, schema: JsonObject) -> tuple[dict[str, Any], int]:
    properties = schema.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    arguments: dict[str, Any] = {}
    while True:
        at = _next(text, at, _PARAMETER, _INVOKE_CLOSE)
        if text.startswith(_INVOKE_CLOSE, at):
            return arguments, at + len(_INVOKE_CLOSE)
        name, start = _name(text, at + len(_PARAMETER))
        end = text.find(_PARAMETER_CLOSE, start)
        if end < 0:
            raise BrokenError(f"parameter {name[:40]!r} never ends", ended=True)
        if name in arguments:
            raise BrokenError(f"parameter {name[:40]!r} is given twice", ended=False)
        arguments[name] = typed(text[start:end], properties.get(name), schema)
        at = end + len(_PARAMETER_CLOSE)


def _next(text: str, at: int, *marks: str) -> int:
    """Where the next mark starts, after white space. Raises BrokenError when something else is there."""
    while at < len(text) and text[at] in _SPACE:
        at += 1
    if any(text.startswith(mark, at) for mark in marks):
        return at
    rest = text[at : at + max(map(len, marks))]
    ended = at + len(rest) == len(text) and any(mark.startswith(rest) for mark in marks)
    raise BrokenError(f"expected {' or '.join(marks)} at {rest!r}", ended)


def _name(text: str, at: int) -> tuple[str, int]:
    """A tag's name and where the tag ends. Quotes may be missing."""
    quote = text[at : at + 1] if text[at : at + 1] in ('"', "'") else ""
    mark = f"{quote}>"
    # Names are short: a quote that closes pages later is not this tag's.
    end = text.find(mark, at + len(quote), at + _NAME_LIMIT)
    if end < 0:
        raise BrokenError("a tag never ends", ended=len(text) < at + _NAME_LIMIT and "\n" not in text[at:])
    name = text[at + len(quote) : end]
    if not _is_name(name):
        raise BrokenError(f"{name[:40]!r} is no name", ended=False)
    return name, end + len(mark)


def _is_name(name: str) -> bool:
    return bool(name.strip()) and len(name) < _NAME_LIMIT - 4 and not any(mark in name for mark in '<>"\n')


def emit(reply: Reply, tools: Sequence[JsonObject] | None = None) -> str:
    """The raw text of `reply`, as M2 writes it: what the template renders after its generation prompt.

    ``parse(emit(reply, tools), tools, "stop") == reply`` for every reply that says something. Raises
    UnrepresentableError for what the format cannot say; with `tools`, also for a value that its schema would type
    as another one.
    """
    if THINK_CLOSE in reply.thinking or reply.thinking.startswith(THINK_OPEN):
        raise UnrepresentableError("the thinking holds a think tag")
    if CALL_OPEN in reply.text or (reply.calls and reply.text and not reply.text.strip()):
        raise UnrepresentableError("the text holds the mark of a call, or is nothing but space before one")
    schemas = None if tools is None else parameters_by_tool(tools)
    blocks = "".join(_emit_call(call, schemas) for call in reply.calls)
    calls = f"{CALL_OPEN}\n{blocks}{CALL_CLOSE}" if reply.calls else ""
    raw = f"{reply.thinking}\n{THINK_CLOSE}\n\n{reply.text}{calls}"
    if END_MARK in raw:
        raise UnrepresentableError(f"{END_MARK} ends a message")
    return raw


def _emit_call(call: Call, schemas: Mapping[str, JsonObject] | None) -> str:
    for name in (call.tool, *call.args):
        if not _is_name(name):
            raise UnrepresentableError(f"{name!r} cannot be a name")
    try:
        block = invocation({"name": call.tool, "arguments": call.args})
    except ValueError as error:
        raise UnrepresentableError(f"{call.tool}: {error}") from error
    if block.count(_PARAMETER_CLOSE) != len(call.args):
        raise UnrepresentableError(f"a parameter of {call.tool!r} holds {_PARAMETER_CLOSE}")
    if schemas is not None and block:
        heard, _ = _parameters(block, block.index("\n"), schemas.get(call.tool, {}))
        _same(call, heard)
    return block


def _same(call: Call, heard: Mapping[str, Any]) -> None:
    for name, value in call.args.items():
        if canonical(heard[name]) != canonical(value):
            raise UnrepresentableError(f"{call.tool}.{name}: {value!r} would read {heard[name]!r}")


def _render(_form: Format, request: Request, _template: Template) -> str:
    return render(request.messages, request.tools, retention=request.retention)


@model_format
def m2() -> Format:
    """The format of MiniMax-M2, M2.1, M2.5 and M2.7, whose prompts are rendered here to the byte."""
    return Format(
        name="m2",
        summary="<invoke> blocks with raw values, thinking opened by the prompt: MiniMax-M2, M2.1, M2.5, M2.7",
        split=split_thinking,
        read=calls_in,
        write=emit,
        opens=CALL_OPEN,
        recognises=lambda text: "minimax_m2" in text or CALL_OPEN in text,
        render=_render,
        markers=(START, "]~b]", END_MARK, THINK_OPEN, THINK_CLOSE, CALL_OPEN, CALL_CLOSE),
        inside=True,
        parsers=("minimax_m2", "minimax_m2"),
    )
