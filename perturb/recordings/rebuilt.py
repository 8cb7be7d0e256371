"""The world that a recording shows, step by step: files that were read, written and edited, commands and their output.

What was never shown whole is not made up: it is missing, and a decision that needs it is compared, not carried out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import orjson

from perturb.core.values import Intent, JsonObject, Result, World
from perturb.toolbox import toolbox
from perturb.world.changes import undo
from perturb.world.execute import execute

_NUMBERED = re.compile(r" *(\d+)(?:→|\t|\| ?|: ?)(.*)")
_REMINDER = re.compile(r"\n*<system-reminder>.*?</system-reminder>\s*\Z", re.S)
_CUT = re.compile(r"truncated|\[\.\.\.|lines? (?:omitted|left out|hidden)|<response clipped>", re.I)
_EXIT = re.compile(
    r"(?:\AExit code:? (\d+)\n?)|(?:\n?\[?(?:The )?[Cc]ommand (?:finished|completed) with exit code (\d+)\.?\]?\s*\Z)"
    r"|(?:<returncode>(\d+)</returncode>)"
)

# Shown for a call that the recording does not answer.
NO_ANSWER = "(no answer was recorded)"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a call was answered, as it was recorded."""

    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """A call and its answer: structured where its kind is known, and the world before and after it."""

    result: Result
    before: World
    after: World


def start(world: World, steps: Iterable[tuple[Intent, Shown]]) -> World:
    """`world` with the files that were read whole before anything else was done to them, and what commands gave."""
    files: dict[str, str] = {}
    touched: set[str] = set()
    commands: dict[str, Any] = {}
    for intent, shown in steps:
        meant = toolbox.normal(intent, world)
        path = meant.args.get("path")
        if intent.action == "shell.run":
            commands[str(intent.args["command"]).strip()] = _command(shown)
        if meant.action in ("fs.read", "fs.write", "fs.edit") and isinstance(path, str) and path not in touched:
            touched.add(path)
            whole = whole_text(meant, shown) if meant.action == "fs.read" and intent.action != "shell.run" else None
            if whole is not None:
                files[path] = whole
    return replace(world, files=_without_clashes(files), python=commands)


def _without_clashes(files: dict[str, str]) -> dict[str, str]:
    """Files of which none is a directory of another: what a listing was read as is none."""
    return {path: text for path, text in files.items() if not any(one.startswith(path + "/") for one in files)}


def do(world: World, intent: Intent, shown: Shown) -> Done:
    """What a recorded call came to, in the world as far as it is known."""
    if intent.action == "shell.run":
        data = {**_command(shown), "recorded": shown.text}
        return Done(Result("shell", data), world, world)
    if shown.failed:
        data = {"code": "recorded", "message": shown.text, "recorded": shown.text}
        return Done(Result("error", data), world, world)
    if intent.action == "fs.read":
        return _read(world, intent, shown)
    if intent.action in ("fs.write", "fs.edit"):
        after, result = execute(world, intent)
        if result.failed:
            # What it does to a file that was never shown whole is not known.
            return Done(_text(shown), world, world)
        back = undo(world, after)
        return Done(replace(result, data={**result.data, "recorded": shown.text}, undo=back), world, after)
    return Done(_data(shown), world, world)


def _read(world: World, intent: Intent, shown: Shown) -> Done:
    path = toolbox.normal(intent, world).args["path"]
    part = numbered_text(shown.text)
    whole = whole_text(intent, shown)
    if whole is not None and isinstance(path, str) and world.files.get(path) != whole:
        world = replace(world, files=_without_clashes({**world.files, path: whole}))
    if part is None and whole is None:
        return Done(_text(shown), world, world)
    text, first = part if part is not None else (whole or "", 1)
    last = first + max(0, text.count("\n") - 1)
    data = {"path": path, "text": text, "start": first, "end": last, "total": last, "recorded": shown.text}
    return Done(Result("file", data), world, world)


def whole_text(intent: Intent, shown: Shown) -> str | None:
    """The text of a file, where a reading certainly showed all of it."""
    if shown.failed or _CUT.search(shown.text) or intent.args.get("start", 1) != 1 or intent.args.get("end", -1) != -1:
        return None
    part = numbered_text(shown.text)
    return part[0] if part is not None and part[1] == 1 else None


def numbered_text(shown: str) -> tuple[str, int] | None:
    r"""The lines of a numbered view without their numbers, and the first number; None where it is none.

    >>> numbered_text("     3→a\n     4→\tb\n")
    ('a\n\tb\n', 3)
    """
    lines = _REMINDER.sub("", shown).rstrip("\n").split("\n")
    found = [_NUMBERED.fullmatch(line) for line in lines]
    if not lines or not all(found):
        return None
    numbers = [int(one[1]) for one in found if one is not None]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return None
    return "".join(f"{one[2]}\n" for one in found if one is not None), numbers[0]


def _command(shown: Shown) -> dict[str, Any]:
    found = _EXIT.search(shown.text)
    code = next((int(one[:9]) for one in found.groups() if one), 0) if found else int(shown.failed)
    text = shown.text if found is None else shown.text[: found.start()] + shown.text[found.end() :]
    return {"stdout": text, "stderr": "", "exit_code": min(code, 255)}


def _text(shown: Shown) -> Result:
    return Result("text", {"text": shown.text, "recorded": shown.text})


def _data(shown: Shown) -> Result:
    """A record where the text is one in the form that is written here too, else the text."""
    if shown.text[:1] in ("{", "["):
        try:
            value = orjson.loads(shown.text)
        except orjson.JSONDecodeError:
            return _text(shown)
        if _plain(value) == shown.text:
            return Result("record", {"value": value})
    return _text(shown)


def _plain(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def known(world: World, intents: Iterable[Intent]) -> Iterator[str]:
    """Which files of `intents` the world does not hold: what is done to them cannot be carried out."""
    for intent in intents:
        meant: JsonObject = toolbox.normal(intent, world).args
        path = meant.get("path")
        if intent.action in ("fs.read", "fs.edit") and isinstance(path, str) and path not in world.files:
            yield path
