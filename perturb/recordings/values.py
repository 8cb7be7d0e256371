"""A conversation as it was recorded, whoever wrote it down: messages, the calls in them, the tools there were.

Importers make these, exporters write them, and `cutting` makes cases of them. What a format holds beside them goes
into `rest`, so that it can be given back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from perturb.core.values import JsonObject


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call as it was recorded. `args` is None where the recorded text was no JSON object.

    `raw` is the recorded argument text, "" where the source held an object.
    """

    id: str
    name: str
    args: JsonObject | None
    raw: str = ""
    rest: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `answers` (role tool) is the id of the call it answers, "" where the source links by order alone.

    `failed` says that the source marks the tool's answer as an error. `rest` holds every field of the source that the
    others do not carry.
    """

    role: Literal["system", "user", "assistant", "tool"]
    text: str = ""
    thinking: str = ""
    calls: tuple[ToolCall, ...] = ()
    answers: str = ""
    failed: bool = False
    rest: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recording:
    """One conversation. `tools` are function specs {name, description, parameters}; None: the format holds none.

    `where` is "file: line 12" or "file", for messages to people. `scaffold` is the product that wrote it, where the
    format says so (claude_code, codex, cline, swe_agent, mini_swe_agent, openhands …). `success` is a recorded reward
    or score: whether the run came out right; None: unknown.
    """

    id: str
    format: str
    messages: tuple[Message, ...]
    tools: tuple[JsonObject, ...] | None = None
    where: str = ""
    scaffold: str = ""
    success: bool | None = None
    rest: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that could not be read: where it stands ("file: line 12") and why, for a person."""

    where: str
    reason: str
