"""ToolBench answers: the longest chat of a search over RapidAPI tools, and the functions that were offered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perturb.core.values import JsonObject
from perturb.recordings.chat import messages_of, spelled
from perturb.recordings.fields import UnreadableError, a_list, an_object
from perturb.recordings.heads import Head, seen
from perturb.recordings.leftover import recording, source_of
from perturb.recordings.records import each
from perturb.recordings.registry import exporter, importer
from perturb.recordings.tool_lists import tool_specs
from perturb.recordings.values import LeftOut, Recording


@seen
def _recognises(head: Head) -> bool:
    return "answer_generation" in head.names() or {"win", "tree"} <= head.names()


@importer("toolbench", recognises=_recognises)
def toolbench(path: Path) -> Iterator[Recording | LeftOut]:
    """The answer of a file; `win` says whether the search ended well."""
    return each(path, _answer)


def _answer(where: str, record: Any) -> Recording:
    record = an_object(record, "answer")
    inner = an_object(record.get("answer_generation"), "answer_generation")
    chats = a_list(inner.get("train_messages") or [], "answer_generation.train_messages")
    if not chats:
        raise UnreadableError("answer_generation.train_messages: holds no chat")
    # Each chat is a prefix of the last.
    messages = messages_of(chats[-1], f"answer_generation.train_messages.{len(chats) - 1}")
    success = record.get("win") if isinstance(record.get("win"), bool) else None
    tools = tool_specs(inner.get("function"), "answer_generation.function")
    path = ("answer_generation", "train_messages")
    made = recording(("", "toolbench", where), messages, record, path, tools=tools, success=success)
    return made if len(chats) == 1 else _with(made, chats[:-1])


def _with(made: Recording, earlier: list[Any]) -> Recording:
    from dataclasses import replace

    return replace(made, rest={**made.rest, "earlier": earlier})


@exporter("toolbench")
def toolbench_out(found: Recording) -> JsonObject:
    """The answer as it was."""
    made = source_of(found, ("answer_generation", "train_messages"), spelled)
    inner = made["answer_generation"]
    chats = [*found.rest.get("earlier", ()), inner["train_messages"]]
    return {**made, "answer_generation": {**inner, "train_messages": chats}}
