"""Shell commands about files and places: find, ls, rm, cp, mv, cd and their like, and what a machine says of itself."""

from __future__ import annotations

import posixpath
from dataclasses import replace

from perturb.core.values import World
from perturb.toolbox.codecs import absolute
from perturb.world import files
from perturb.world.failure import WorldError
from perturb.world.outcome import Outcome, UsageError
from perturb.world.patterns import Glob
from perturb.world.shell_commands import command, expand, options


@command("find")
def find(world: World, words: list[str], _stdin: str) -> Outcome:
    """Files below a directory, by -name or -path; -type f."""
    start = words[0] if words and not words[0].startswith("-") else "."
    rest = words[1:] if words and words[0] == start else words
    tests = dict(zip(rest[::2], rest[1::2], strict=False))
    if not tests.keys() <= {"-name", "-path", "-type", "-maxdepth"}:
        raise UsageError(f"unknown predicate {rest[0]}")
    root, out = absolute(start, world), []
    for path in files.below(world, root):
        shown = posixpath.join(start, posixpath.relpath(path, root))
        if "-name" in tests and not Glob(tests["-name"]).matches(posixpath.basename(path)):
            continue
        if "-path" in tests and not Glob(tests["-path"].replace("*", "**")).matches(shown):
            continue
        out.append(shown)
    return Outcome(world, "".join(f"{path}\n" for path in out if tests.get("-type", "f") == "f"))


@command("ls")
def ls(world: World, words: list[str], _stdin: str) -> Outcome:
    """What is in directories; -R lists everything below."""
    flags, paths = options(words, "laR1Fh")
    out = []
    for path in paths or ["."]:
        full = absolute(path, world)
        if full in world.files:
            out.append(path)
        elif files.is_directory(world, full):
            out += files.entries(world, full, "R" in flags)
        else:
            return Outcome(world, "", f"ls: cannot access '{path}': No such file or directory\n", 2)
    long = "-rw-r--r-- 1 dev dev " if "l" in flags else ""
    return Outcome(world, "".join(f"{long}{name}\n" for name in out))


@command("rm")
def rm(world: World, words: list[str], _stdin: str) -> Outcome:
    """Remove files; -r removes what is below a directory; -f does not mind what is not there."""
    flags, paths = options(words, "rRf")
    for path in expand(world, paths):
        full = absolute(path, world)
        if full in world.files:
            world = files.with_file(world, full, None)
        elif flags & {"r", "R"} and files.is_directory(world, full):
            for name in list(files.below(world, full)):
                world = files.with_file(world, name, None)
        elif "f" not in flags:
            raise WorldError("not_found", f"cannot remove '{path}': No such file or directory")
    return Outcome(world)


@command("cp")
def cp(world: World, words: list[str], _stdin: str) -> Outcome:
    """Copy one file."""
    _, (source, target) = options(words, "rfp")
    full, text = _target(world, source, target), files.text_of(world, absolute(source, world))
    if full == absolute(source, world):
        raise WorldError("same_file", f"'{source}' and '{target}' are the same file")
    return Outcome(files.with_file(world, full, text))


@command("mv")
def mv(world: World, words: list[str], _stdin: str) -> Outcome:
    """Move one file."""
    done = cp(world, words, "")
    _, (source, _) = options(words, "rfp")
    return Outcome(files.with_file(done.world, absolute(source, world), None))


def _target(world: World, source: str, target: str) -> str:
    full = absolute(target, world)
    inside = target.endswith("/") or files.is_directory(world, full)
    return posixpath.join(full, posixpath.basename(source)) if inside else full


@command("touch")
def touch(world: World, words: list[str], _stdin: str) -> Outcome:
    """Make empty files."""
    for path in words:
        full = absolute(path, world)
        world = world if full in world.files else files.with_file(world, full, "")
    return Outcome(world)


@command("mkdir")
def mkdir(world: World, _words: list[str], _stdin: str) -> Outcome:
    """Directories come into being with the first file in them."""
    return Outcome(world)


@command("cd")
def cd(world: World, words: list[str], _stdin: str) -> Outcome:
    """Change directory for the rest of this command line."""
    full = absolute(words[0] if words else "~", world)
    if not files.is_directory(world, full):
        raise WorldError("not_found", f"{words[0]}: No such file or directory")
    return Outcome(replace(world, cwd=full))


@command("pwd")
def pwd(world: World, _words: list[str], _stdin: str) -> Outcome:
    """Where one is."""
    return Outcome(world, f"{world.cwd}\n")


@command("test", "[")
def test(world: World, words: list[str], _stdin: str) -> Outcome:
    """-f and -d, nothing else."""
    words = [word for word in words if word != "]"]
    if len(words) != 2 or words[0] not in ("-f", "-d", "-e"):
        raise UsageError("test is not emulated beyond -f, -d and -e")
    path = absolute(words[1], world)
    is_file, is_directory = path in world.files, files.is_directory(world, path)
    return Outcome(world, exit_code=0 if (is_file and words[0] != "-d") or (is_directory and words[0] != "-f") else 1)


@command("true", "export", "set")
def true(world: World, _words: list[str], _stdin: str) -> Outcome:
    """Nothing, well."""
    return Outcome(world)


@command("false")
def false(world: World, _words: list[str], _stdin: str) -> Outcome:
    """Nothing, badly."""
    return Outcome(world, exit_code=1)


@command("whoami")
def whoami(world: World, _words: list[str], _stdin: str) -> Outcome:
    """Who one is."""
    return Outcome(world, posixpath.basename(world.home) + "\n")


@command("uname")
def uname(world: World, _words: list[str], _stdin: str) -> Outcome:
    """What this runs on."""
    return Outcome(world, {"linux": "Linux", "macos": "Darwin"}.get(world.os, "Windows_NT") + "\n")


@command("date")
def date(world: World, _words: list[str], _stdin: str) -> Outcome:
    """The world's clock."""
    return Outcome(world, world.clock + "\n")


@command("git")
def git(world: World, _words: list[str], _stdin: str) -> Outcome:
    """Not a repository, unless a command is recorded."""
    return Outcome(world, "", "fatal: not a git repository (or any of the parent directories): .git\n", 128)
