"""What a command line shows, found by marking: what it might show gets a mark, the command is run again, and the
marks that come out are what it showed. So `cat a | head -50`, `sed -n 1,9p a` and `grep -n x a` are told apart by what
they print of a file, and `echo` of the same words, or another file with them, by what they do not.

Source of the idea: dynamic taint tracking.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from perturb.core.values import Intent, World
from perturb.judging.shown import Mark
from perturb.world.execute import execute

# A run's last lines are enough: nobody who pipes a long build through `tail` has missed its result.
LAST_LINES = 10
# More of one kind are not traced; a fixture's gold shows far fewer.
MOST = 400
_SIGN = re.compile("\u00a7(\\d+)\u00a7")


def printed(world: World, intent: Intent) -> str:
    """What a command prints in `world`, both streams together."""
    data = execute(world, intent)[1].data
    return f"{data.get('stdout', '')}\n{data.get('stderr', '')}"


def traced(world: World, intent: Intent, wanted: Iterable[Mark]) -> set[Mark]:
    """The marks of `wanted` that the command of `intent` shows in `world`."""
    asked = [mark for mark in wanted if mark[0] in ("line", "entry", "run")][:MOST]
    if not asked:
        return set()
    lines = [mark for mark in asked if mark[0] == "line"]
    found = _lines(world, intent, lines) if lines else set()
    found |= {mark for mark in asked if mark[0] == "entry" and _names(world, intent, str(mark[1]))}
    runs = [mark for mark in asked if mark[0] == "run"]
    return found | (set(runs) & runs_shown(world, intent)) if runs else found


def _sign(number: int) -> str:
    return f"\u00a7{number}\u00a7"


def _lines(world: World, intent: Intent, wanted: list[Mark]) -> set[Mark]:
    """Marks at the ends of lines; for what those may hide (a pattern with `$`), at their starts; then at every word."""
    found: set[Mark] = set()
    for at_end in (True, False):
        left = [mark for mark in wanted if mark not in found]
        if left:
            text = printed(_signed(world, left, at_end), intent)
            found |= {mark for n, mark in enumerate(left) if _whole(world, mark, _sign(n), text, at_end)}
    left = [mark for mark in wanted if mark not in found]
    return found | _laid_out_otherwise(world, intent, left) if left else found


def _laid_out_otherwise(world: World, intent: Intent, wanted: list[Mark]) -> set[Mark]:
    """Lines whose every word comes out, wherever it stands: a table in columns, a row as a dictionary."""
    text = printed(_signed_words(world, wanted), intent)
    return {mark for n, mark in enumerate(wanted) if all(f"{word}{_sign(n)}" in text for word in _words(world, mark))}


_WORD = re.compile(r"\w+")


def _words(world: World, mark: Mark) -> list[str]:
    line = str(world.files.get(str(mark[1]), "")).split("\n")[int(mark[2]) - 1]
    return _WORD.findall(line) or [line + " "]


def _signed_words(world: World, wanted: list[Mark]) -> World:
    files: dict[str, Any] = dict(world.files)
    for number, (_, path, line) in enumerate(wanted):
        rows = str(files.get(str(path), "")).split("\n")
        if int(line) <= len(rows):
            rows[int(line) - 1] = _WORD.sub(rf"\g<0>{_sign(number)}", rows[int(line) - 1])
        files[str(path)] = "\n".join(rows)
    return replace(world, files=files)


def _signed(world: World, wanted: list[Mark], at_end: bool) -> World:
    files: dict[str, Any] = dict(world.files)
    texts: dict[str, list[str]] = {}
    for number, (_, path, line) in enumerate(wanted):
        rows = texts.setdefault(str(path), str(files.get(str(path), "")).split("\n"))
        at = int(line) - 1
        if at < len(rows):
            rows[at] = rows[at] + _sign(number) if at_end else _sign(number) + rows[at]
    return replace(world, files={**files, **{path: "\n".join(rows) for path, rows in texts.items()}})


def _whole(world: World, mark: Mark, sign: str, text: str, at_end: bool) -> bool:
    """Whether the marked line came out whole, blanks at its ends apart."""
    _, path, number = mark
    line = str(world.files.get(str(path), "")).split("\n")[int(number) - 1].strip()
    return (f"{line}{sign}" if at_end else f"{sign}{line}") in re.sub(rf"{sign}\s+", sign, text)


def _names(world: World, intent: Intent, path: str) -> bool:
    """Whether the command names the file or directory because it is there: without it, it says less of it."""
    name = posixpath.basename(path)
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    said = len(word.findall(printed(world, intent)))
    if not said:
        return False
    below = path.rstrip("/") + "/"
    files = {known: text for known, text in world.files.items() if known != path and not known.startswith(below)}
    return len(word.findall(printed(replace(world, files=files), intent))) < said


def runs_shown(world: World, intent: Intent) -> set[Mark]:
    """Which recorded runs the command makes, and which of their last lines it shows."""
    if not world.python:
        return set()
    names: list[Mark] = []
    marked = {key: _recorded(key, value, names) for key, value in world.python.items()}
    text = printed(replace(world, python=marked), intent)
    return {names[int(number)] for number in _SIGN.findall(text) if int(number) < len(names)}


def _recorded(key: str, value: Any, names: list[Mark]) -> Any:
    """A recording whose last lines carry marks; one that prints nothing says that it ran."""
    if isinstance(value, str):
        return _tail_signed(key, value, names) if value.strip() else _announced(key, names)
    if isinstance(value, list):
        return [_recorded(key, one, names) for one in value]
    if not isinstance(value, Mapping):
        return value
    stdout, stderr = str(value.get("stdout", "")), str(value.get("stderr", ""))
    if not (stdout + stderr).strip():
        return {**value, "stdout": _announced(key, names)}
    signed = {"stdout": _tail_signed(key, stdout, names), "stderr": _tail_signed(key, stderr, names)}
    return {**value, **signed}


def _announced(key: str, names: list[Mark]) -> str:
    names.append(("run", key, len(names)))
    return _sign(len(names) - 1) + "\n"


def _tail_signed(key: str, text: str, names: list[Mark]) -> str:
    rows = text.split("\n")
    last = [n for n, row in enumerate(rows) if row.strip()][-LAST_LINES:]
    for place in last:
        rows[place] += _sign(len(names))
        names.append(("run", key, len(names)))
    return "\n".join(rows)


def would_find(world: World, wanted: Intent, intent: Intent) -> bool:
    """Whether `intent` would have shown what the search `wanted`, which found nothing, was looking for.

    What it looked for is put into every file, and both are done again: the one must show what the other finds.
    """
    if wanted.action != "fs.grep" or intent.action not in ("fs.grep", "fs.read", "shell.run"):
        return False
    plain = re.sub(r"\\(.)", r"\1", str(wanted.args["pattern"]))
    paths = list(world.files)[:MOST]
    planted = {path: f"{str(world.files[path]).rstrip()}\n{plain} {_sign(n)}\n" for n, path in enumerate(paths)}
    world = replace(world, files={**world.files, **planted})
    hidden = _signs(world, wanted)
    return bool(hidden) and hidden <= _signs(world, intent)


def _signs(world: World, intent: Intent) -> set[str]:
    """The signs that a look shows."""
    data = execute(world, intent)[1].data
    lines = [str(match["text"]) for match in data.get("matches", ())]
    return set(_SIGN.findall("\n".join([*lines, str(data.get("text", "")), str(data.get("stdout", ""))])))
