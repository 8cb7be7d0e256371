"""gpt-oss's harmony: a turn is several messages, each on a channel; a call is a message to a function.

Sources: the chat template of openai/gpt-oss-120b and the harmony format's description (openai/harmony, docs/format.md).
``analysis`` is thinking, ``final`` what the user reads, ``commentary`` with a recipient a call, without one a preamble
that the user reads too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from perturb.core.format import BrokenError, Format, Template, TemplateError
from perturb.core.registry import model_format
from perturb.core.values import Call, JsonObject, Reply, Request
from perturb.formats.parts import json_value, named, to_json
from perturb.formats.rendering import by_template

_START, _CHANNEL, _MESSAGE = "<|start|>", "<|channel|>", "<|message|>"
_ENDS = ("<|end|>", "<|return|>", "<|call|>")
_TO = " to="
_FUNCTIONS = "functions."


def _messages(raw: str) -> Iterator[tuple[str, str, str, bool]]:
    """(channel, recipient, text, whether the message ends) of every message. Text without a mark is a final one."""
    for part in raw.split(_START):
        header, mark, text = part.partition(_MESSAGE)
        if not mark:
            if part.strip() and _CHANNEL in part:
                raise BrokenError("a message without its text", ended=True)
            if part.strip() and part.strip() != "assistant":
                yield "final", "", part, True
            continue
        role, _, channel = header.partition(_CHANNEL)
        ends = [at for at in (text.find(end) for end in _ENDS) if at >= 0]
        recipient = next((h.partition(_TO)[2].split()[0] for h in (role, channel) if h.partition(_TO)[2].split()), "")
        name = (channel.split() or ["final"])[0]
        yield name, recipient, text[: min(ends)] if ends else text, bool(ends)


def _split(raw: str) -> tuple[str, str, bool]:
    """The analysis, and the rest: plain words where there is nothing but words, else the messages as they are."""
    try:
        messages = list(_messages(raw))
    except BrokenError:
        return "", raw, True
    thoughts = [text for channel, to, text, _ in messages if channel == "analysis" and not to]
    rest = [message for message in messages if message[0] != "analysis" or message[1]]
    if not rest and thoughts:
        # The engine takes the last end mark off: a turn of thinking alone is one that said nothing, not a cut one.
        return "\n".join(thoughts), "", True
    if all(not to for _, to, _, _ in rest):
        return "\n".join(thoughts), "\n\n".join(text for _, _, text, _ in rest), True
    return "\n".join(thoughts), raw, True


def _read(content: str, _tools: Sequence[JsonObject]) -> tuple[tuple[Call, ...], str]:
    if _MESSAGE not in content and _CHANNEL not in content:
        return (), content
    calls, words = [], []
    for channel, to, text, _ in _messages(content):
        if to:
            arguments, end = json_value(text, 0)
            rest = text[end:].strip()
            if not isinstance(arguments, dict) or rest:
                ended = any(mark.startswith(rest) for mark in _ENDS) if rest else False
                raise BrokenError(f"the arguments of {to[:40]!r} are not one object", ended)
            calls.append(named(to.removeprefix(_FUNCTIONS), arguments))
        elif channel != "analysis":
            words.append(text)
    return tuple(calls), "\n\n".join(words)


def _write(reply: Reply) -> str:
    def message(channel: str, text: str) -> str:
        return f"{_CHANNEL}{channel}{_MESSAGE}{text}"

    def call(one: Call) -> str:
        return f"{_TO}{_FUNCTIONS}{one.tool}{_CHANNEL}commentary json{_MESSAGE}{to_json(one.args)}"

    parts = [message("analysis", reply.thinking)] if reply.thinking else []
    if reply.text or not (reply.calls or reply.thinking):
        parts.append(message("commentary" if reply.calls else "final", reply.text))
    # What is not last ends with <|end|>, a call with <|call|>; the last mark is the stop token, which is taken off.
    made = [*(f"{part}<|end|>" for part in parts), *(f"{call(one)}<|call|>" for one in reply.calls)]
    turn = f"{_START}assistant".join(made)
    return turn.removesuffix("<|call|>") if reply.calls else turn.removesuffix("<|end|>")


def _render(form: Format, request: Request, template: Template) -> str:
    """By the template, which takes thinking under another name, and before a call either thinking or words."""
    if request.retention == "keep_all" and any(m.get("reasoning_content") for m in request.messages):
        raise TemplateError("retention: harmony drops the analysis of turns that have ended")
    messages: list[dict[str, Any]] = []
    for message in request.messages:
        thinking = message.get("reasoning_content") if request.retention == "template" else None
        sent = {key: value for key, value in message.items() if key != "reasoning_content"}
        if message.get("tool_calls"):
            words = [text for text in (thinking, message.get("content")) if text]
            sent |= {"content": "", **({"thinking": "\n\n".join(words)} if words else {})}
        elif thinking:
            sent["thinking"] = thinking
        messages.append(sent)
    return by_template(form, replace(request, messages=tuple(messages)), template)


@model_format
def harmony() -> Format:
    return Format(
        name="harmony",
        summary="messages on channels, calls addressed to functions: gpt-oss",
        split=_split,
        read=_read,
        write=_write,
        opens=f"{_TO}{_FUNCTIONS}",
        recognises=lambda text: _CHANNEL in text and "analysis" in text,
        render=_render,
        think=(f"{_CHANNEL}analysis{_MESSAGE}", "<|end|>"),
        parsers=("openai", "openai_gptoss"),
    )
