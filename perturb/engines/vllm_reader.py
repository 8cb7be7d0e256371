"""vLLM's own parsers as a second reader: what they hear otherwise than this project does, said beside the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from perturb.core.canonical import canonical
from perturb.core.errors import UserError
from perturb.core.format import Format
from perturb.core.values import JsonObject, Reply, Unparsed
from perturb.engines.vllm_start import first_line, guarded

# Raw text, its tokens, the tools and why it ended: what the other reader heard otherwise; empty when nothing.
SecondReader = Callable[[str, Sequence[int], Sequence[JsonObject], str], str]


def second_reader(form: Format, tool_parser: str, reasoning_parser: str, tokenizer: Any) -> SecondReader:
    """vLLM's parsers of `form`, or those named. Raises UserError for a name that vLLM has not."""
    tools_by, thinking_by = tool_parser or form.parsers[0], reasoning_parser or form.parsers[1]
    if not tools_by:
        return lambda *_given: ""
    try:
        from vllm.parser import ParserManager

        with guarded():
            made = ParserManager.get_parser(
                tools_by,
                thinking_by or None,
                enable_auto_tools=True,
                is_harmony=form.name == "harmony",
                tokenizer=tokenizer,
            )
    except Exception as error:
        if tool_parser or reasoning_parser:
            raise UserError(f"vLLM's parsers {tools_by!r} and {thinking_by!r}: {first_line(error)}") from error
        return lambda *_given: ""

    def read(raw: str, tokens: Sequence[int], tools: Sequence[JsonObject], finish: str) -> str:
        # A parser guesses at a cut text, and nobody decides by the guess.
        if finish == "length" or not tools or made is None:
            return ""
        ours = form.parse(raw, tools, finish)
        try:
            with guarded():
                theirs = _heard(made, tokenizer, raw, tokens, tools)
        except Exception as error:
            return f"vLLM's {tools_by}: {type(error).__name__}: {first_line(error)}"
        return _difference(tools_by, ours, theirs)

    return read


def _heard(made: Any, tokenizer: Any, raw: str, tokens: Sequence[int], tools: Sequence[JsonObject]) -> list[Any]:
    from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest

    asked: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}], "tools": list(tools)}
    request = ChatCompletionRequest(**asked)
    _, _, calls = made(tokenizer, request.tools).parse(raw, request, True, list(tokens))
    return [(call.name, call.arguments) for call in calls or ()]


def _difference(name: str, ours: Reply | Unparsed, theirs: list[Any]) -> str:
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
