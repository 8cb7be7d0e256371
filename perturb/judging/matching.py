"""Whether an intent is the one a pattern means: comparison per argument, by what the argument is.

Paths compare after normalisation, commands by their words, URLs without fragment and default slash, numbers by
value, JSON by structure. A read that certainly shows the whole file is a read of the whole file.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from perturb.claims.kinds import states
from perturb.core.actions import ABSENT, REQUIRED, Field, decides, fields
from perturb.core.patterns import compile_pattern
from perturb.core.values import Intent, Json, Pattern, World
from perturb.toolbox import toolbox
from perturb.toolbox.codecs import absolute


@dataclass(frozen=True, slots=True)
class Argument:
    """The verdict on one argument of one call."""

    name: str
    expected: Json
    got: Json
    right: bool


def compare(pattern: Pattern, intent: Intent, world: World) -> tuple[Argument, ...] | None:
    """The verdict per argument, or None when it is another action altogether."""
    wanted = normal_pattern(pattern, world)
    heard = toolbox.normal(intent, world)
    if wanted.action != heard.action:
        return None
    known = fields(wanted.action)
    names = [*wanted.args, *(name for name in heard.args if name not in wanted.args)]
    names = [name for name in names if name in known or decides(wanted.action, name)]
    return tuple(_argument(name, wanted, heard, known.get(name), world) for name in names)


def matches(pattern: Pattern, intent: Intent, world: World) -> bool:
    """Whether every argument is right."""
    verdict = compare(pattern, intent, world)
    return verdict is not None and all(argument.right for argument in verdict)


def normal_pattern(pattern: Pattern, world: World) -> Pattern:
    """A pattern over a shell idiom as a pattern over the action it is."""
    if pattern.action == "shell.run" and isinstance(pattern.args.get("command"), str):
        normal = toolbox.normal(Intent(pattern.action, pattern.args), world)
        return Pattern(normal.action, normal.args)
    return pattern


def _argument(name: str, wanted: Pattern, heard: Intent, known: Field | None, world: World) -> Argument:
    default = known.default if known else REQUIRED
    got = heard.args.get(name, default)
    if name not in wanted.args:
        return Argument(name, ABSENT, got, bool(known and known.free))
    expected = wanted.args[name]
    if known and known.free and not isinstance(expected, dict):
        return Argument(name, expected, got if got is not REQUIRED else ABSENT, True)
    if got is REQUIRED:
        optional = isinstance(expected, dict) and (
            ABSENT in expected.get("$any", ()) or expected.get("$free") == ABSENT
        )
        return Argument(name, expected, ABSENT, optional)
    right = accepts(expected, got, known.kind if known else "json", world)
    if not right and name in ("start", "end") and heard.action == "fs.read":
        right = _reads_everything(wanted, heard, world)
    return Argument(name, expected, got, right)


def accepts(expected: Json, got: Json, kind: str, world: World) -> bool:
    """Whether `got` is what `expected` (a value or a matcher) accepts."""
    if isinstance(expected, dict):
        if "$free" in expected:
            return True
        if "$any" in expected:
            return any(same(option, got, kind, world) for option in expected["$any"])
        if "$regex" in expected:
            return isinstance(got, str) and compile_pattern(expected["$regex"]).fullmatch(got.rstrip("\n"))
        if "$claims" in expected:
            return isinstance(got, str) and states(got, expected["$claims"]) is True
        if "$has" in expected:
            text = got.casefold() if isinstance(got, str) else ""
            return bool(text) and all(_holds(text, str(part).casefold()) for part in expected["$has"])
    return same(expected, got, kind, world)


def _holds(text: str, part: str) -> bool:
    """Whether `part` is in `text`, and not as some digits of a longer number.

    >>> [_holds(text, "62") for text in ("162 mm", "62 mm", "62.5 mm", "62.00 mm", "it is 62.")]
    [False, True, False, True, True]
    """
    before = r"(?<!\d)(?<!\d[.,])" if part[:1].isdigit() else ""
    after = r"(?:(?=\.0{1,2}(?!\d))|(?!\d|[.,]\d))" if part[-1:].isdigit() else ""
    return re.search(before + re.escape(part) + after, text) is not None if before or after else part in text


def same(expected: Json, got: Json, kind: str, world: World) -> bool:
    """Equality by kind."""
    if isinstance(expected, str) and isinstance(got, str):
        if kind == "path":
            return _path(expected, world) == _path(got, world)
        if kind == "url":
            return _url(expected) == _url(got)
        if kind == "command":
            return _words(expected, world) == _words(got, world)
        if kind == "glob":
            return posixpath.normpath(expected) == posixpath.normpath(got)
        if kind in ("text", "code"):
            return expected.rstrip("\n") == got.rstrip("\n")
        return expected == got
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, int | float) and isinstance(got, int | float):
        return expected == got
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(same(e, g, "json", world) for e, g in zip(expected, got, strict=True))
    if isinstance(expected, dict) and isinstance(got, dict):
        return expected.keys() == got.keys() and all(same(expected[k], got[k], "json", world) for k in expected)
    return type(expected) is type(got) and bool(expected == got)


def _path(path: str, world: World) -> str:
    return absolute(path or ".", world)


def _url(url: str) -> tuple[str, ...]:
    try:
        parts = urlsplit(url)
        query = sorted(parse_qsl(parts.query, keep_blank_values=True, max_num_fields=1000))
    except ValueError:
        return (url,)
    return (parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/"), repr(query))


def _words(command: str, world: World) -> tuple[str, ...]:
    command = command.strip().removeprefix(f"cd {world.cwd} && ").strip()
    try:
        return tuple(shlex.split(command))
    except ValueError:
        return tuple(command.split())


def _reads_everything(wanted: Pattern, heard: Intent, world: World) -> bool:
    """A whole-file read spelled with a limit beyond the file's end."""
    if wanted.args.get("start", 1) != 1 or wanted.args.get("end", -1) != -1:
        return False
    text = world.files.get(_path(str(heard.args.get("path", "")), world))
    end = heard.args.get("end", -1)
    whole = isinstance(text, str) and isinstance(end, int) and end >= len(text.splitlines())
    return heard.args.get("start", 1) == 1 and whole


def pair(patterns: tuple[Pattern, ...], intents: tuple[Intent, ...], world: World) -> dict[int, int]:
    """A largest matching of patterns to intents that satisfy them (Kuhn's algorithm): pattern → intent index."""
    fits = [[i for i, intent in enumerate(intents) if matches(p, intent, world)] for p in patterns]
    taken: dict[int, int] = {}

    def place(pattern: int, tried: set[int]) -> bool:
        for intent in fits[pattern]:
            if intent not in tried:
                tried.add(intent)
                if intent not in taken or place(taken[intent], tried):
                    taken[intent] = pattern
                    return True
        return False

    for index in range(len(patterns)):
        place(index, set())
    return {pattern: intent for intent, pattern in taken.items()}
