"""One git command: what it is given, who answers it, and the words that all of them read alike."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass

from perturb.world.builtins import Asked, Said, builtin
from perturb.world.disk import read
from perturb.world.repository import Repository, Texts, commit_id, ignored, repository

_NONE = "fatal: not a git repository (or any of the parent directories): .git\n"


@dataclass(frozen=True, slots=True)
class Call:
    """One git command: its words, the repository, and the files as they are now."""

    asked: Asked
    verb: str
    words: tuple[str, ...]
    repo: Repository
    files: Texts

    @property
    def flags(self) -> set[str]:
        """The words that are options."""
        return {word for word in self.words if word.startswith("-") and word != "--"}

    def named(self, words: list[str] | tuple[str, ...]) -> list[str]:
        """The absolute paths that words name."""
        return [posixpath.normpath(posixpath.join(self.asked.cwd, word)) for word in words]

    def write(self, path: str, text: str | None) -> None:
        """Write or remove a file of the working tree."""
        if text is not None:
            self.asked.fs.mkdir(posixpath.dirname(path), recursive=True)
            self.asked.fs.write_file(path, text.encode("utf-8", "replace"))
        elif self.asked.exists(path):
            self.asked.fs.remove(path)

    def untracked(self) -> list[str]:
        """Files that no commit and no index knows and that no rule hides."""
        rules = self.files.get(posixpath.join(self.repo.root, ".gitignore"), "")
        unknown = [path for path in sorted(self.files) if not self.repo.tracked(path)]
        return [path for path in unknown if not ignored(self.repo.relative(path), rules)]


Verb = Callable[[Call], Said]
VERBS: dict[str, Verb] = {}


def verb(*names: str) -> Callable[[Verb], Verb]:
    """Register a function as the git commands of these names."""

    def register(function: Verb) -> Verb:
        VERBS.update(dict.fromkeys(names, function))
        return function

    return register


@builtin("git")
def git(asked: Asked) -> Said:
    """One git command."""
    words, cwd = list(asked.words), asked.cwd
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in ("-C", "-c") and words:
            value = words.pop(0)
            cwd = posixpath.normpath(posixpath.join(cwd, value)) if option == "-C" else cwd
        elif option == "--version":
            return Said("git version 2.43.0\n")
    if not words:
        return Said("usage: git [-C <path>] [-c <name>=<value>] <command> [<args>]\n", "", 1)
    session = asked.session
    if session.git is None:
        session.git = repository(session.world)
    repo: Repository = session.git
    if words[0] == "clone":
        return Said("", f"fatal: unable to access '{words[-1]}': Could not resolve host\n", 128)
    if not asked.world.files or not repo.below(cwd):
        return Said("", _NONE, 128)
    disk = read(asked.fs, asked.world)
    files = {path: raw.decode("utf-8", "replace") for path, raw in disk.files.items() if repo.below(path)}
    doer = VERBS.get(words[0])
    if doer is None:
        return Said("", f"git: '{words[0]}' is not a git command. See 'git --help'.\n", 1)
    here = Asked(asked.name, asked.words, asked.stdin, cwd, asked.fs, session, asked.env)
    return doer(Call(here, words[0], tuple(words[1:]), repo, files))


def split_words(call: Call) -> tuple[list[str], list[str]]:
    """The words before ``--`` that are no options, and the paths."""
    words = list(call.words)
    after = words[words.index("--") + 1 :] if "--" in words else []
    before = words[: words.index("--")] if "--" in words else words
    return [word for word in before if not word.startswith("-")], after


def within(paths: list[str], wanted: list[str]) -> list[str]:
    """Those of `paths` that are one of `wanted` or below one; all where nothing is wanted."""
    return [path for path in paths if not wanted or any((path + "/").startswith(w.rstrip("/") + "/") for w in wanted)]


def is_revision(call: Call, name: str) -> bool:
    base = name.split(":")[0].rstrip("~^0123456789") or name
    known = {"HEAD", "@", *call.repo.branches, "origin/main"}
    ids = [commit["id"] for commit in commits_of(call)]
    return base in known or (len(name) >= 4 and any(one.startswith(name) for one in ids))


def commits_of(call: Call) -> list[dict[str, str]]:
    """The commits, newest first; the one that the world starts with has no text of its own."""
    first = {"id": commit_id(Repository(call.repo.root, {}, {}), call.repo.root), "message": "Initial commit"}
    return [*reversed(call.repo.commits), first]
