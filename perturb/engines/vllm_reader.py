"""vLLM's own parsers as a second reader: what they hear otherwise than this project does, said beside the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from perturb.core.canonical import canonical
from perturb.core.errors import UserError
from perturb.core.format import Format
from perturb.core.values import Call, JsonObject, Reply, Unparsed
from perturb.engines.vllm_start import first_line, guarded
from perturb.formats.m2.template import CALL_OPEN

# Raw text, its tokens, the tools and why it ended: what the other reader heard otherwise; empty when nothing.
SecondReader = Callable[[str, Sequence[int], Sequence[JsonObject], str], str]


# The same to (thinking, words, calls with their arguments as text). Raises whatever the parser does.
OnlyReader = Callable[[str, Sequence[int], Sequence[JsonObject]], tuple[str, str, list[tuple[str, str]]]]


def only_reader(tools_by: str, thinking_by: str, tokenizer: Any, harmony: bool = False) -> OnlyReader:
    """vLLM's parsers of these names. Raises UserError for a name that it has not, or a tokenizer that is not theirs."""
    try:
        from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
        from vllm.parser import ParserManager

        with guarded():
            made: Any = ParserManager.get_parser(
                tools_by, thinking_by or None, enable_auto_tools=True, is_harmony=harmony, tokenizer=tokenizer
            )
    except Exception as error:
        raise UserError(f"vLLM's parsers {tools_by!r} and {thinking_by!r}: {first_line(error)}") from error

    def read(raw: str, tokens: Sequence[int], tools: Sequence[JsonObject]) -> tuple[str, str, list[tuple[str, str]]]:
        asked: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}], "tools": list(tools)}
        with guarded():
            request = ChatCompletionRequest(**asked)
            thinking, words, calls = made(tokenizer, request.tools).parse(raw, request, True, list(tokens))
        return thinking or "", words or "", [(call.name, call.arguments) for call in calls or ()]

    return read


def second_reader(form: Format, tool_parser: str, reasoning_parser: str, tokenizer: Any) -> SecondReader:
    """vLLM's parsers of `form`, or those named, beside our own reader. Raises UserError for a name that it has not."""
    tools_by, thinking_by = tool_parser or form.parsers[0], reasoning_parser or form.parsers[1]
    if not tools_by:
        return lambda *_given: ""
    try:
        theirs = only_reader(tools_by, thinking_by, tokenizer, form.name == "harmony")
    except UserError:
        if tool_parser or reasoning_parser:
            raise
        return lambda *_given: ""

    def read(raw: str, tokens: Sequence[int], tools: Sequence[JsonObject], finish: str) -> str:
        # A parser guesses at a cut text, and nobody decides by the guess.
        if finish == "length" or not tools:
            return ""
        try:
            _, _, calls = theirs(raw, tokens, tools)
        except Exception as error:
            return f"vLLM's {tools_by}: {type(error).__name__}: {first_line(error)}"
        return _difference(tools_by, form.parse(raw, tools, finish), calls)

    return read


def understood(heard: tuple[str, str, list[tuple[str, str]]]) -> dict[str, Any]:
    """What vLLM's parser alone heard, as fields of a response.

    A call whose arguments are no JSON object is the model's mistake: it ends the text in M2's unfinished form, with no
    calls, so that it reads as malformed.
    """
    thinking, words, calls = heard
    read = [(name, _data(text)) for name, text in calls]
    broken = next((name for name, args in read if not isinstance(args, dict)), None)
    if broken is not None:
        return {"thinking": thinking, "text": f'{words}{CALL_OPEN}\n<invoke name="{broken}">'}
    return {"thinking": thinking, "text": words, "calls": tuple(Call(name, args) for name, args in read) or None}


def _difference(name: str, ours: Reply | Unparsed, theirs: list[tuple[str, str]]) -> str:
    """Where two readings of calls differ. Words and thinking are left out: parsers trim them by taste."""
    calls = [(call.tool, call.args) for call in ours.calls] if isinstance(ours, Reply) else []
    said = "a reply without calls" if isinstance(ours, Reply) else f"{ours.kind}: {ours.detail}"
    if len(calls) != len(theirs):
        return f"vLLM's {name} hears {len(theirs)} calls, we hear {len(calls) or said}"
    for (tool, args), (other, text) in zip(calls, theirs, strict=True):
        if tool != other:
            return f"vLLM's {name} hears a call of {other!r}, we one of {tool!r}"
        if canonical(args) != canonical(_data(text)):
            return f"vLLM's {name} hears other arguments of {tool!r}: {text[:200]}"
    return ""


def _data(text: str) -> Any:
    try:
        return json.loads(text) if text.strip() else {}
    except ValueError:
        return text
