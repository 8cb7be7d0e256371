"""What a scaffold and a call protocol are. They are defined in ``scaffolds/`` and ``scaffolding/protocols/``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from perturb.core.values import Call, Case, Family, Instruction, Intent, JsonObject, Reply, Result, Section, Tool, World


def no_text(*_args: object) -> str:
    """Nothing to add."""
    return ""


def plain_observation(_call: Call, worded: str) -> str:
    """A result as it is, with no label."""
    return worded


@dataclass(frozen=True, slots=True)
class Protocol:
    """How calls are written in text.

    `native` protocols use the request's `tools` field and structured calls; the others describe tools in the
    system prompt (`document`), write calls into content (`emit`) and read them back (`parse`, which raises
    ValueError when the text breaks the protocol). ``parse(emit(reply)) == reply``.
    """

    name: str
    native: bool
    document: Callable[[tuple[JsonObject, ...]], str]
    emit: Callable[[Reply], str]
    parse: Callable[[str, tuple[JsonObject, ...]], Reply]
    # Tool calls one reply may hold: 1, or 0 for any number.
    calls_per_reply: int = 0


@dataclass(frozen=True, slots=True)
class Scaffold:
    """An emulated agent scaffold: values and small functions, no state.

    `sections`: the system prompt in blocks. `word`: an intent's result as this scaffold says it. `observe`: the
    frame round a worded result in a user message. `opening`: text before the first user message (environment,
    memory file with its rules). `aside`: text added to every user and observation message. `compose`, when given,
    replaces the whole growing chat by messages of its own (state rebuilt each step).
    """

    name: str
    version: int
    family: Literal["cli", "ide", "browser", "search", "minimal"]
    protocol: str
    result_role: Literal["tool", "user"]
    summary: str
    tools: tuple[Tool, ...]
    sections: Callable[[World], tuple[Section, ...]]
    word: Callable[[Intent, Result, World], str]
    home: bool = False
    serves: tuple[Family, ...] = ("cli", "ide", "search", "service", "imported", "recorded")
    rules: tuple[Instruction, ...] = ()
    limit: int = 30_000
    markup: Literal["markdown", "xml", "plain"] = "markdown"
    observe: Callable[[Call, str], str] = plain_observation
    opening: Callable[[Case, str], str] = no_text
    aside: Callable[[Case], str] = no_text
    compose: Callable[[Case], tuple[JsonObject, ...]] | None = None
    # A case keeps the tools, the system text and the surface that it was recorded with.
    verbatim: bool = False
