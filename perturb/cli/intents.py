"""``perturb intents``: what shell commands mean to do, one JSON object a line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from perturb.cli import output
from perturb.core.errors import UserError
from perturb.core.values import World
from perturb.toolbox.codecs import absolute
from perturb.toolbox.shell.analysis import Analysis, analyse
from perturb.toolbox.shell.meaning import Place
from perturb.world import sandbox


def main(options: argparse.Namespace) -> int:
    """One answer a line, in order; 2 where a line could not be used."""
    wrong = 0
    for answer in answers(_lines(options.file)):
        wrong += "error" in answer
        output.emit_json(answer)
    return 2 if wrong else 0


def answers(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """``{"id", "intents", "effects", "network", "lossy"}`` for every line, or ``{"id", "error"}``."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        asked: Any = None
        try:
            asked = json.loads(line.decode("utf-8"))
            yield _answer(asked)
        except (ValueError, RecursionError) as error:
            yield {"id": _name(asked), "error": f"line {number}: {error}"}


def _name(asked: Any) -> Any:
    name = asked.get("id") if isinstance(asked, dict) else None
    return name if isinstance(name, str | int) and name == name else None


def _answer(asked: Any) -> dict[str, Any]:
    if not isinstance(asked, dict):
        raise ValueError("not a JSON object")
    command, cwd = asked.get("command"), asked.get("cwd", "/")
    if not isinstance(command, str):
        raise ValueError("command: not a text")
    if not isinstance(cwd, str) or not cwd.startswith("/"):
        raise ValueError("cwd: not an absolute path")
    place = _place(cwd, asked.get("world"))
    found = analyse(command, place)
    if found.lossy and place.files is not None:
        found = found.then(Analysis(effects=_seen(command, place, found.effects)))
    shown = {"id": asked.get("id"), **_shown(found)}
    json.dumps(shown, ensure_ascii=False).encode("utf-8")  # refuses lone surrogates, which UTF-8 cannot hold
    return shown


def _shown(found: Analysis) -> dict[str, Any]:
    intents = [{"action": intent.action, "args": dict(intent.args)} for intent in found.intents]
    return {"intents": intents, "effects": list(found.effects), "network": found.network, "lossy": list(found.lossy)}


def _seen(command: str, place: Place, known: tuple[str, ...]) -> tuple[str, ...]:
    """What running the line in the sandbox changes, apart from what lies below a path that is known already."""
    files = dict(place.files or {})
    after = sandbox.run(World(cwd=place.cwd, home=place.home, files=files), command).world
    changed = {path for path in files.keys() | after.files.keys() if files.get(path) != after.files.get(path)}
    found = sorted(changed | set(after.directories))
    return tuple(path for path in found if not any(path == one or path.startswith(one + "/") for one in known))


def _place(cwd: str, world: Any) -> Place:
    """Where the command runs. A world is ``{"files": {path: text}, "home"?}``; relative paths are below `cwd`."""
    if world is None:
        return Place(cwd)
    files = world.get("files", {}) if isinstance(world, dict) else None
    if not isinstance(files, dict) or not all(isinstance(text, str) for text in files.values()):
        raise ValueError("world: files: not an object of texts")
    home = world.get("home", "/root")
    if not isinstance(home, str):
        raise ValueError("world: home: not a text")
    here = World(cwd=cwd, home=home)
    return Place(cwd, home, {absolute(path, here): text for path, text in files.items()})


def _lines(file: str) -> Iterator[bytes]:
    if file == "-":
        yield from sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as opened:
            yield from opened
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}") from error
