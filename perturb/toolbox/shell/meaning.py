"""What one command of a line means: intents in canonical words, what it changes, whether it leaves the machine.

The intents here have the arguments of the written contract (several roots, ranges, limits); the project's own
single-action form is made of them in :mod:`perturb.toolbox.shell_idioms`.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from perturb.core.values import Intent
from perturb.toolbox.shell.words import Word

OTHER = Intent("other")
# Commands that do nothing to look at or change: they only steer the shell, or speak to the terminal.
SILENT = frozenset(
    ("cd", "pwd", "echo", "printf", "export", "set", "sleep", "true", "false", ":", "exit", "return", "wait", "shift",
     "unset", "alias", "unalias", "read", "local", "declare", "typeset", "readonly", "test", "[", "trap", "shopt",
     "umask", "ulimit", "hash", "break", "continue", "clear", "popd", "pushd", "dirs", "let", "getopts")
)  # fmt: skip
SHOWS = ("fs.read", "fs.list", "fs.find", "fs.grep")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a command does, as far as reading it shows; `lossy` names what reading it does not show.

    `needs` are the paths that it removes, moves or edits and that nothing earlier in the line has written;
    `clobbers` those that a redirection empties before the same command reads them.
    """

    intents: tuple[Intent, ...] = ()
    effects: tuple[str, ...] = ()
    network: bool = False
    lossy: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    clobbers: tuple[str, ...] = ()

    def then(self, other: Meaning) -> Meaning:
        """This and, after it, `other`; runs of `other` intents count as one."""
        intents = list(self.intents)
        for intent in other.intents:
            if not (intent == OTHER and intents and intents[-1] == OTHER):
                intents.append(intent)
        effects = tuple(dict.fromkeys((*self.effects, *other.effects)))
        lossy = tuple(dict.fromkeys((*self.lossy, *other.lossy)))
        needs = (*self.needs, *(path for path in other.needs if path not in self.effects))
        clobbers = (*self.clobbers, *other.clobbers)
        return Meaning(tuple(intents), effects, self.network or other.network, lossy, needs, clobbers)


SOMETHING = Meaning((OTHER,))
# What can only be done to a file that is there.
_TAKES = ("fs.delete", "fs.move", "fs.edit", "fs.insert")


def needing(meaning: Meaning) -> Meaning:
    """What one command means, with the paths that have to be there for it."""
    paths = (str(intent.args["path"]) for intent in meaning.intents if intent.action in _TAKES)
    # What a glob names that matches nothing known is told by running alone.
    taken = tuple(path for path in paths if not set(path) & set("*?["))
    return replace(meaning, needs=taken) if taken else meaning


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command runs: the directory and, where the world is known, the files in it."""

    cwd: str
    home: str = "/root"
    files: Mapping[str, str] | None = None

    def absolute(self, path: str) -> str:
        """`path` as a normal absolute path."""
        return "/" + posixpath.normpath(posixpath.join(self.cwd, path)).lstrip("/")

    def text(self, path: str) -> str | None:
        """The text of a file, where it is known."""
        found = self.files.get(self.absolute(path)) if self.files is not None else None
        return str(found) if found is not None else None

    def lines(self, path: str) -> int | None:
        """How many lines a file has, where that is known."""
        text = self.text(path)
        return None if text is None else text.count("\n") + (not text.endswith("\n") and text != "")

    def is_directory(self, path: str) -> bool:
        """Whether something is known to lie below `path`."""
        below = self.absolute(path).rstrip("/") + "/"
        return self.files is not None and any(name.startswith(below) for name in self.files)

    def matching(self, glob: str) -> list[str]:
        """The known files and directories that a glob names, as the shell would write them."""
        parts = self.absolute(glob).split("/")
        heads = {tuple(name.split("/")[: len(parts)]) for name in self.files or ()}
        fits = [
            "/".join(head)
            for head in sorted(heads)
            if len(head) == len(parts)
            and all(fnmatch.fnmatchcase(got, part) for got, part in zip(head, parts, strict=True))
            and not any(got.startswith(".") and part[:1] in "*?[" for got, part in zip(head, parts, strict=True))
        ]
        return fits if glob.startswith("/") else [posixpath.relpath(name, self.cwd) for name in fits]


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command: its name, its words, what it is fed, and where it runs.

    `fed` is the text on its standard input where that is known; `piped` says that another command feeds it.
    """

    name: str
    words: tuple[Word, ...]
    place: Place
    fed: str | None = None
    piped: bool = False
    assigned: Mapping[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        """The words as texts."""
        return [word.text for word in self.words]

    def renamed(self, name: str, words: tuple[Word, ...]) -> Command:
        """The same, as another command."""
        return replace(self, name=name, words=words)


Decoder = Callable[[Command], Meaning]
DECODERS: dict[str, Decoder] = {}
F = TypeVar("F", bound=Decoder)


def decodes(*names: str) -> Callable[[F], F]:
    """Register a function as the one that says what the commands of these names mean."""

    def register(function: F) -> F:
        DECODERS.update(dict.fromkeys(names, function))
        return function

    return register


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a command, by name without dashes, and its operands."""

    given: Mapping[str, tuple[str, ...]]
    operands: tuple[Word, ...]

    def has(self, *names: str) -> bool:
        """Whether any of these options is given."""
        return any(name in self.given for name in names)

    def last(self, *names: str, default: str = "") -> str:
        """The value of the last of these options."""
        return next((self.given[name][-1] for name in names if name in self.given), default)

    def every(self, *names: str) -> list[str]:
        """All values of these options."""
        return [value for name in names for value in self.given.get(name, ())]


def options(words: tuple[Word, ...], valued: str = "", long_valued: tuple[str, ...] = ()) -> Options:
    """Options as getopt reads them: `valued` letters and `long_valued` names take a value.

    ``-5`` is the option ``#`` with that number. What follows ``--`` is operands.
    """
    given: dict[str, list[str]] = {}
    operands: list[Word] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        text = word.text
        if text == "--":
            operands += rest
            break
        if text.startswith("--"):
            name, equals, value = text[2:].partition("=")
            if not equals and name in long_valued and rest:
                value = rest.pop(0).text
            given.setdefault(name, []).append(value)
        elif text.startswith("-") and text[1:].isdecimal():
            given.setdefault("#", []).append(text[1:])
        elif text.startswith("-") and text != "-":
            _letters(text[1:], valued, rest, given)
        else:
            operands.append(word)
    return Options({name: tuple(values) for name, values in given.items()}, tuple(operands))


def _letters(letters: str, valued: str, rest: list[Word], given: dict[str, list[str]]) -> None:
    for at, letter in enumerate(letters):
        if letter not in valued:
            given.setdefault(letter, []).append("")
            continue
        value = letters[at + 1 :] or (rest.pop(0).text if rest else "")
        given.setdefault(letter, []).append(value)
        return


def each_path(command: Command, words: tuple[Word, ...]) -> tuple[list[str], tuple[str, ...]]:
    """The absolute paths that operands name, globs expanded where the files are known; and what that loses."""
    place, found, lossy = command.place, [], []
    for word in words:
        if not word.known:
            lossy.append(f"operand {word.text} is computed")
        elif word.glob:
            matching = place.matching(word.text)
            found += [place.absolute(name) for name in matching] or [place.absolute(word.text)]
            lossy += [] if matching else [f"glob {word.text}"]
        else:
            found.append(place.absolute(word.text))
    return found, tuple(lossy)


def per_path(command: Command, words: tuple[Word, ...], action: str, **more: Any) -> Meaning:
    """One intent of `action` for every path among the operands; `other` where a path is computed."""
    paths, lossy = each_path(command, words)
    computed = any(not word.known for word in words)
    intents = tuple(Intent(action, {"path": path, **more}) for path in paths)
    return Meaning((*intents, *((OTHER,) if computed else ())), lossy=lossy)
