"""Command lines: two are one when exit status, output and files are the same after both, in this world.

Run in bashkit's in-memory shell; nothing touches the host. A program that the shell does not have fails alike whatever
it is told, so a line that needs one is compared by its words.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass
from typing import Any

from perturb.judging.grading.kinds import Context, Judged, Reading, kind, said, text

_LISTING_FLAGS = frozenset("aAlidsgonZ")
_MAX_FILES = 5_000


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command line did."""

    status: int
    output: str
    errors: str
    files: dict[str, tuple[str, int, str]]
    missing: bool


@kind("command")
def command(context: Context, expected: Any, got: Any, _reading: Reading) -> Judged:
    """Exit status, output and changed files are the same."""
    wanted = text(expected, "expected")
    if not isinstance(got, str):
        return Judged(False, "not a text")
    if wanted.strip() == got.strip():
        return Judged(True)
    shell = said(context, "shell")
    if re.search(r"powershell|pwsh|\bcmd\b|fish|nu\b|argv|exec|none", shell):
        return _by_words(wanted, got)
    one, other = run(wanted, context), run(got, context)
    if one.missing or other.missing:
        return _by_words(wanted, got)
    if one.status != other.status:
        return Judged(False, f"exit status {other.status}, not {one.status}")
    if one.output != other.output:
        return Judged(False, "another output")
    if _plain(one.errors) != _plain(other.errors):
        return Judged(False, "other messages")
    if one.files != other.files:
        odd = sorted(k for k in {*one.files, *other.files} if one.files.get(k) != other.files.get(k))
        return Judged(False, f"{odd[0]} differs afterwards")
    if _listed(wanted) != _listed(got):
        return Judged(False, "another listing")
    return Judged(True)


def _plain(errors: str) -> str:
    return re.sub(r"\bline \d+: ", "", errors)


def _by_words(wanted: str, got: str) -> Judged:
    equal = _words(wanted) == _words(got)
    return Judged(equal, "" if equal else "other words, and the program is not here to be run")


def _words(line: str) -> list[str]:
    try:
        lexer = shlex.shlex(line.strip(), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""
        return list(lexer)
    except ValueError:
        return [line.strip()]


def _listed(line: str) -> list[frozenset[str]]:
    """The flags of every ``ls`` that change what it shows and that the in-memory one passes over."""
    words = _words(line)
    found = []
    for place, word in enumerate(words):
        if word == "ls" and (place == 0 or words[place - 1] in ("&&", "||", ";", "|", "(", "&")):
            flags: set[str] = set()
            for after in words[place + 1 :]:
                if after.startswith("-") and not after.startswith("--"):
                    flags |= set(after[1:])
                elif after in ("--all", "--almost-all"):
                    flags.add("a" if after == "--all" else "A")
                elif after in ("&&", "||", ";", "|", ">", "&"):
                    break
            found.append(frozenset(flags & _LISTING_FLAGS))
    return found


def run(line: str, context: Context) -> Ran:
    """Run `line` in a new in-memory world of the context's files."""
    import bashkit

    cwd = str(context.get("cwd") or "/")
    env = {str(k): str(v) for k, v in dict(context.get("env") or {}).items()}
    env.setdefault("HOME", str(context.get("home") or "/root"))
    files = _files(context, cwd)
    shell = bashkit.Bash(cwd=cwd, env=env, timeout_seconds=2, max_commands=10_000, max_loop_iterations=100_000,
                         max_memory=64_000_000, files=dict(files))  # fmt: skip
    for folder in {cwd, *(posixpath.dirname(name) for name in files)}:
        shell.mkdir(folder, True)
    runnable = {posixpath.normpath(posixpath.join(cwd, str(name))) for name in context.get("executable") or ()}
    for name in files:
        shell.chmod(name, 0o755 if name in runnable else 0o644)
    for entry in context.get("tree") or ():
        if str(entry).endswith("/"):
            shell.mkdir(posixpath.join(cwd, str(entry)), True)
    done = shell.execute_sync(line)
    programs = _missing(line, done.stderr) or done.exit_code == 127 or "command not found" in done.stdout
    return Ran(done.exit_code, done.stdout, done.stderr, _state(shell), bool(programs))


def _missing(line: str, errors: str) -> bool:
    return (
        "command not found" in errors
        or bool(re.search(r"unsupported|not supported|not implemented", errors))
        or ("python" in line and "python" in errors)
    )


def _files(context: Context, cwd: str) -> dict[str, str]:
    files = context.get("files") or {}
    if isinstance(files, list):
        files = {str(name): "" for name in files}
    found = {}
    for name, content in list(files.items())[:_MAX_FILES]:
        body = content if isinstance(content, str) else "\n".join(map(str, content)) + "\n" if content else ""
        path = posixpath.normpath(posixpath.join(cwd, name))
        if not str(name).endswith("/"):
            found[path] = body
    return found


def _state(shell: Any) -> dict[str, tuple[str, int, str]]:
    """Every file, folder and link: its kind, its mode, its content."""
    found: dict[str, tuple[str, int, str]] = {}
    waiting = ["/"]
    while waiting and len(found) < 4 * _MAX_FILES:
        folder = waiting.pop()
        if folder in ("/proc", "/dev", "/sys"):
            continue
        for entry in shell.read_dir(folder):
            path = posixpath.join(folder, entry["name"])
            what, mode = entry["metadata"]["file_type"], entry["metadata"]["mode"]
            if what == "directory":
                waiting.append(path)
                found[path] = (what, mode, "")
            elif what == "symlink":
                found[path] = (what, mode, str(shell.read_link(path)))
            else:
                found[path] = (what, mode, _content(shell, path))
    return found


def _content(shell: Any, path: str) -> str:
    try:
        content = shell.read_file(path)
    except Exception as error:  # what cannot be read as text is compared by the message
        return f"({type(error).__name__})"
    return content if isinstance(content, str) else bytes(content).decode("latin-1")
