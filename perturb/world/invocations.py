"""What a command line asks a program for: its verb and targets, and the options that matter, whatever the verbosity.

Two lines ask for the same thing when their invocations are equal; which tests two calls of pytest have in common says
:mod:`perturb.world.selection`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

# Options that change what is printed or how fast, never what is checked.
_DECORATION = re.compile(
    r"-(v+|q+|s|ra|rA|x|l|rf|rN|ra?[fEsxXpP]+|j\d*|B|k)|--(verbose|quiet|silent|color(=.*)?|colour(=.*)?|no-header|tb(=.*)?"
    r"|maxfail(=.*)?|no-color|showlocals|durations(=.*)?|nocapture|no-cov|cov(=.*)?|no-summary|locked|offline|all"
    r"|workspace|all-targets|all-features|no-fail-fast|failed-first|ff|exitfirst|capture(=.*)?"
    r"|count(=\d+)?|race|strict-markers|jobs(=\d+)?|no-print-directory|release|ci|watch=false|watchAll=false|pretty)"
    r"|-count=\d+|-race|-o(=.*)?|--"
)
# Programs whose options with a value of its own decorate too.
_VALUED = {
    "pytest": ("-p", "-o", "--tb", "-n", "--maxfail", "--color", "-W", "-c"),
    "make": ("-j", "-l"),
}
# Options whose value says which tests are run.
_FILTERS = {"-k": "-k", "-m": "-m", "--deselect": "--deselect", "--ignore": "--ignore"}
# Options whose value says where: they matter, unless it is where one is, or what is taken there anyway.
_PLACES = {"make": ("-C", "--directory", "-f", "--file", "--makefile"), "docker": ("-f", "--file")}
_TAKEN_ANYWAY = (".", "Makefile", "makefile", "GNUmakefile", "compose.yaml", "compose.yml", "docker-compose.yml")
_SCRIPTS = {"t": "test", "tst": "test", "run-script": "run", "rum": "run"}
_CARGO = {"t": "test", "b": "build", "c": "check", "r": "run"}
# Programs of a project that a package manager runs by name.
_BINARIES = ("tsc", "eslint", "jest", "vitest", "mocha", "prettier")
_MODULES = ("pytest", "mypy", "ruff", "black", "flake8", "tox", "unittest")


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a program is asked: its verb and targets, its options that matter, and which tests are picked out."""

    program: str
    operands: tuple[str, ...] = ()
    options: frozenset[str] = frozenset()
    filters: tuple[tuple[str, str], ...] = ()


def invocation(line: str, text: Callable[[str], str | None] | None = None, cwd: str = "/") -> Invocation:
    """What a line of one program asks for. `text` gives a file's text, for the default target of a Makefile.

    >>> invocation("python3 -m pytest -q tests/ 2>&1") == invocation("pytest -v tests")
    True
    """
    try:
        words = [word for word in shlex.split(line) if word not in ("2>&1", "1>&2")]
    except ValueError:
        words = line.split()
    words = _program(words)
    if not words:
        return Invocation("")
    program = words[0]
    kept, filters = _kept(program, _joined(program, words[1:]), cwd)
    operands = [_bare(program, word) for word in kept if not word.startswith("-")]
    options = {word for word in kept if word.startswith("-")}
    if program == "pytest":
        operands = sorted({_below(word, cwd) for word in operands} - {"", "."})
    if program == "sh":
        operands = [_below(word, cwd).removeprefix("./") for word in operands]
    if program == "tsc":
        operands = [word for word in operands if word not in ("true", "false")]
    if program == "go" and len(operands) == 1:
        operands = [*operands, "."]
    if program == "make":
        options |= {word for word in operands if "=" in word}
        operands = [word for word in operands if "=" not in word]
        operands = operands or ([_default_target(text, cwd)] if text is not None else [])
    return Invocation(program, tuple(operands), frozenset(options), tuple(sorted(filters)))


def _kept(program: str, rest: list[str], cwd: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The words that decide what a program does, and pytest's filters; what only changes how it looks is gone."""
    kept: list[str] = []
    filters: list[tuple[str, str]] = []
    while rest:
        word = rest.pop(0)
        name, _, value = word.partition("=")
        if name in _FILTERS and program == "pytest":
            filters.append((name, value or (rest.pop(0) if rest else "")))
        elif word in _VALUED.get(program, ()):
            rest = rest[1:]
        elif name in _PLACES.get(program, ()):
            place = _below(value or (rest.pop(0) if rest else ""), cwd).removeprefix("./")
            kept += [f"{name}={place}"] if place not in (*_TAKEN_ANYWAY, "", cwd) else []
        elif not _DECORATION.fullmatch(word):
            kept.append(word)
    return kept, filters


def _joined(program: str, words: list[str]) -> list[str]:
    """The words, with a letter and its value apart: ``-ktides`` is ``-k tides``."""
    letters = {"pytest": "-[km]", "make": "-[Cf]"}.get(program, "(?!)")
    found = [re.fullmatch(rf"({letters})(?!=)(.+)", word) for word in words]
    return [part for word, one in zip(words, found, strict=True) for part in (one.groups() if one else (word,))]


def _program(words: list[str]) -> list[str]:
    """The words with the launcher taken off: ``python -m pytest`` is ``pytest``, ``npm t`` is ``npm test``."""
    while words and re.fullmatch(r"\w+=.*", words[0]):
        words = words[1:]
    if not words:
        return words
    first, rest = words[0].rsplit("/", 1)[-1] if words[0].startswith(("/", "node_modules/")) else words[0], words[1:]
    if first in ("python", "python3", "py"):
        if rest[:1] == ["-m"] and len(rest) > 1 and rest[1] in _MODULES:
            return rest[1:]
        return ["python3", *rest]
    if first in ("py.test",):
        return ["pytest", *rest]
    if first in ("npx", "bunx") and rest:
        return _program([word for word in rest if word not in ("-y", "--yes", "--no-install")])
    if first in ("poetry", "uv", "pipenv", "hatch") and rest[:1] == ["run"]:
        return _program(rest[1:])
    if first in ("npm", "yarn", "pnpm", "bun"):
        if rest[:1] == ["exec"] or (first != "npm" and rest[:1] and rest[0] in _BINARIES):
            return _program([word for word in rest if word not in ("exec", "--")])
        verbs = [_SCRIPTS.get(word, word) for word in rest]
        named = verbs[1:] if verbs[:1] == ["run"] else verbs
        return ["npm", *named]
    if first == "cargo" and rest:
        return ["cargo", *[_CARGO.get(word, word) for word in rest[:1]], *rest[1:]]
    if first == "docker-compose":
        return ["docker", "compose", *rest]
    return ["make" if first == "gmake" else first, *rest]


def _bare(program: str, word: str) -> str:
    if program == "go" and word == "...":
        return "./..."
    return word.removeprefix("./").rstrip("/") if program == "pytest" else word


def _below(path: str, cwd: str) -> str:
    return path.removeprefix(cwd.rstrip("/") + "/") if path.startswith("/") else path


def _default_target(text: Callable[[str], str | None], cwd: str) -> str:
    for name in ("GNUmakefile", "makefile", "Makefile"):
        found = text(f"{cwd.rstrip('/')}/{name}")
        if found is not None:
            first = re.search(r"^([A-Za-z][\w./-]*)\s*:(?!=)", found, re.MULTILINE)
            return first[1] if first else ""
    return ""
