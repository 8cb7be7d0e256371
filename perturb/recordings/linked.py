"""Messages whose calls and results name each other, as most formats demand: where only their order linked them too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from perturb.core.values import JsonObject
from perturb.recordings.values import Message, Recording


def linked(messages: Sequence[Message], as_text: bool = True) -> tuple[Message, ...]:
    """`messages` with an id for every call, and that id in its result. A result of no call is told by the user.

    Arguments are texts, or objects where the recorded text was one; a text that is no object stays what it is.

    >>> from perturb.recordings.values import ToolCall
    >>> call = Message("assistant", calls=(ToolCall("", "f", {}),))
    >>> [(m.role, m.answers) for m in linked([call, Message("tool", "1"), Message("tool", "2")])]
    [('assistant', ''), ('tool', 'call_1'), ('user', '')]
    """
    made: list[Message] = []
    open_calls: list[str] = []
    given = 0
    for message in messages:
        if message.calls:
            named = []
            for call in message.calls:
                given += 1
                text = call.raw if call.args is None or (as_text and call.raw) else _json(call.args) if as_text else ""
                named.append(replace(call, id=call.id or f"call_{given}", raw=text))
            message = replace(message, calls=tuple(named))
            open_calls = [call.id for call in named]
        elif message.role == "tool":
            answers = message.answers if message.answers in open_calls else next(iter(open_calls), "")
            if answers:
                open_calls.remove(answers)
            role = message.role if answers else "user"
            message = replace(message, role=role, answers=answers)
        made.append(replace(message, rest={}))
    return tuple(made)


def _json(args: JsonObject) -> str:
    return json.dumps(args, ensure_ascii=False)


def functions(found: Recording) -> list[JsonObject]:
    """The tools as chat completions have them."""
    return [{"type": "function", "function": dict(spec)} for spec in found.tools or ()]


def trained(found: Recording) -> list[int]:
    """The places of the messages to train on: all of the assistant's, the last where that alone is known to be right,
    none where the recording says that the run failed.
    """
    if found.success is False:
        return []
    places = [number for number, message in enumerate(found.messages) if message.role == "assistant"]
    return places[-1:] if found.rest.get("train") == "last" else places
