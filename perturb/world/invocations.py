"""Two command lines that ask a program for the same thing: same program, same targets, whatever the verbosity."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

# Options that change what is printed or how fast, never what is checked.
_DECORATION = re.compile(
    r"-(v+|q+|s|ra|rA|x|l|rf|rN|ra?[fEsxXpP]+|j\d*|B|k)|--(verbose|quiet|silent|color(=.*)?|colour(=.*)?|no-header|tb(=.*)?"
    r"|maxfail(=.*)?|no-color|showlocals|durations(=.*)?|nocapture|no-cov|cov(=.*)?|no-summary|locked|offline|all"
    r"|workspace|all-targets|all-features|no-fail-fast|failed-first|ff|lf|last-failed|exitfirst|capture(=.*)?"
    r"|count(=\d+)?|race|strict-markers|jobs(=\d+)?|no-print-directory|release|ci|watch=false|watchAll=false|pretty)"
    r"|-count=\d+|-race|-o(=.*)?|--"
)
# Programs whose options with a value of its own decorate too.
_VALUED = {
    "pytest": ("-p", "-o", "--tb", "-n", "--maxfail", "--color", "-W", "-c", "-k", "-m", "--deselect"),
    "make": ("-j", "-C", "-f"),
}
_SCRIPTS = {"t": "test", "tst": "test", "run-script": "run", "rum": "run"}
_CARGO = {"t": "test", "b": "build", "c": "check", "r": "run"}
_EVERYTHING = frozenset({".", "./", "./...", "..."})


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a program is asked: its verb and targets, its options that matter."""

    program: str
    operands: tuple[str, ...] = ()
    options: frozenset[str] = frozenset()

    def likeness(self, recorded: Invocation) -> int:
        """How well a recorded call answers this one: 3 the same, 2 it covers it, 1 it has part of it, 0 not at all."""
        if self.program != recorded.program or self.options != recorded.options:
            return 0
        if self.operands == recorded.operands:
            return 3
        if self.program != "pytest":
            return 0
        mine, theirs = _targets(self.operands), _targets(recorded.operands)
        if not theirs or (all(any(_within(one, other) for other in theirs) for one in mine if mine) and mine):
            return 2
        return 1 if not mine or any(_within(other, one) for other in theirs for one in mine) else 0


def _targets(operands: tuple[str, ...]) -> list[str]:
    return [one for one in operands if one]


def _within(target: str, other: str) -> bool:
    """Whether a pytest target lies in another: a test in its file, a file in its folder."""
    return target == other or target.startswith((other.rstrip("/") + "/", other + "::"))


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
    program, rest = words[0], words[1:]
    valued = _VALUED.get(program, ())
    kept = [word for n, word in enumerate(rest) if not (n and rest[n - 1] in valued) and word not in valued]
    kept = [word for word in kept if not _DECORATION.fullmatch(word)]
    operands = [_bare(program, word) for word in kept if not word.startswith("-")]
    options = frozenset(word for word in kept if word.startswith("-"))
    operands = [word for word in operands if word not in _EVERYTHING] if program in ("go", "pytest") else operands
    if program == "pytest":
        operands = sorted({_below(word, cwd) for word in operands} - {""})
    if program == "make" and text is not None and not [word for word in operands if "=" not in word]:
        operands = [_default_target(text, cwd), *operands]
    return Invocation(program, tuple(operands), options)


def _program(words: list[str]) -> list[str]:
    """The words with the launcher taken off: ``python -m pytest`` is ``pytest``, ``npm t`` is ``npm test``."""
    while words and re.fullmatch(r"\w+=.*", words[0]):
        words = words[1:]
    if not words:
        return words
    first, rest = words[0].rsplit("/", 1)[-1] if words[0].startswith(("/", "node_modules/")) else words[0], words[1:]
    if first in ("python", "python3", "py"):
        if rest[:1] == ["-m"] and len(rest) > 1 and rest[1] in ("pytest", "mypy", "ruff", "black", "flake8", "tox"):
            return rest[1:]
        return ["python3", *rest]
    if first in ("py.test",):
        return ["pytest", *rest]
    if first in ("npx", "bunx") and rest:
        return _program([word for word in rest if word not in ("-y", "--yes", "--no-install")])
    if first in ("poetry", "uv", "pipenv", "hatch") and rest[:1] == ["run"]:
        return _program(rest[1:])
    if first in ("npm", "yarn", "pnpm", "bun"):
        verbs = [_SCRIPTS.get(word, word) for word in rest]
        named = verbs[1:] if verbs[:1] == ["run"] else verbs
        return ["npm", *named]
    if first == "cargo" and rest:
        return ["cargo", *[_CARGO.get(word, word) for word in rest[:1]], *rest[1:]]
    if first == "docker-compose":
        return ["docker", "compose", *rest]
    return ["make" if first == "gmake" else first, *rest]


def _bare(program: str, word: str) -> str:
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
