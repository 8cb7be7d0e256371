"""Searches: grep, ripgrep and git grep, with the pattern in extended syntax."""

from __future__ import annotations

import re
from typing import Any

from perturb.core.values import Intent
from perturb.toolbox.shell.meaning import OTHER, SOMETHING, Command, Meaning, Options, decodes, each_path, options
from perturb.toolbox.shell.words import Word

_LONG = (
    "include", "exclude", "exclude-dir", "regexp", "max-count", "after-context", "before-context", "context", "file",
    "glob", "type", "type-not", "iglob", "max-depth", "color", "colour", "sort", "sortr", "replace", "threads",
    "max-columns", "encoding", "max-filesize", "ignore-file", "engine", "label", "binary-files",
)  # fmt: skip
_TYPES = {
    "py": "*.py", "js": "*.js", "ts": "*.ts", "rust": "*.rs", "go": "*.go", "c": "*.c", "cpp": "*.cpp",
    "java": "*.java", "md": "*.md", "json": "*.json", "yaml": "*.yaml", "html": "*.html", "css": "*.css",
    "sh": "*.sh", "sql": "*.sql", "toml": "*.toml", "ruby": "*.rb", "php": "*.php", "txt": "*.txt",
}  # fmt: skip
_LIMIT = 9  # digits of a number


@decodes("grep", "egrep", "fgrep", "zgrep")
def grep(command: Command) -> Meaning:
    """Every operand is the root of one search; without -r a directory is none."""
    given = options(command.words, "efmABCdD", _LONG)
    fixed = given.has("F", "fixed-strings") or command.name == "fgrep"
    extended = given.has("E", "extended-regexp", "P", "perl-regexp") or command.name == "egrep"
    patterns, operands = _patterns(given)
    if not patterns or given.has("v", "invert-match", "f", "file"):
        return SOMETHING
    recursive = given.has("r", "R", "recursive", "dereference-recursive")
    if not operands and not recursive:
        return SOMETHING
    if not recursive and any(command.place.is_directory(word.text) for word in operands):
        return SOMETHING
    found = [pattern if extended or fixed else extended_syntax(pattern) for pattern in patterns]
    case = not given.has("i", "ignore-case", "y", "no-ignore-case") or given.has("no-ignore-case")
    include = given.every("include")
    lossy = tuple(f"--{name}" for name in ("exclude", "exclude-dir") if given.has(name))
    return _search(command, given, operands, found, fixed, case, include, lossy)


@decodes("rg", "ag", "ack")
def ripgrep(command: Command) -> Meaning:
    """Recursive from the start; ``--files`` is a search for names."""
    given = options(command.words, "egtTmABCfjMr", _LONG)
    globs = [*given.every("g", "glob", "iglob"), *(_TYPES.get(name, f"*.{name}") for name in given.every("t", "type"))]
    include = [glob for glob in globs if not glob.startswith("!")]
    lossy = ("excluded names",) if len(include) < len(globs) or given.has("T", "type-not") else ()
    if given.has("files"):
        return _names(command, given.operands, include, lossy)
    patterns, operands = _patterns(given)
    if not patterns or given.has("v", "invert-match", "f", "file"):
        return SOMETHING
    if command.piped and not operands:
        return SOMETHING
    case = not given.has("i", "ignore-case")
    if given.has("S", "smart-case") and case:
        case = any(char.isupper() for char in "".join(patterns))
    return _search(command, given, operands, patterns, given.has("F", "fixed-strings", "Q"), case, include, lossy)


def _names(command: Command, operands: tuple[Word, ...], include: list[str], lossy: tuple[str, ...]) -> Meaning:
    paths, more = each_path(command, operands) if operands else ([command.place.cwd], ())
    if not include:
        return Meaning(tuple(Intent("fs.list", {"path": path, "depth": -1}) for path in paths), lossy=lossy + more)
    glob = _one_glob(include)
    glob = glob if "/" in glob else f"**/{glob}"
    return Meaning(tuple(Intent("fs.find", {"glob": glob, "root": path}) for path in paths), lossy=lossy + more)


@decodes("fd", "fdfind")
def find_names(command: Command) -> Meaning:
    """A search for names, by extension or by a part of the name."""
    given = options(command.words, "etdExX", ("extension", "type", "max-depth", "exclude", "exec"))
    if given.has("x", "X", "exec"):
        return SOMETHING
    names = [f"*.{value}" for value in given.every("e", "extension")]
    pattern, roots = given.operands[:1], given.operands[1:]
    if pattern and not names:
        plain = pattern[0].text.strip("^$").replace("\\.", ".")
        names = [plain if given.has("g", "glob") else f"*{plain}*"] if plain not in (".", "") else []
    lossy = ("excluded names",) if given.has("E", "exclude") else ()
    return _names(command, roots, names, lossy)


def _one_glob(globs: list[str]) -> str:
    return globs[0] if len(globs) == 1 else "{" + ",".join(globs) + "}"


def _patterns(given: Options) -> tuple[list[str], tuple[Word, ...]]:
    patterns, operands = given.every("e", "regexp"), given.operands
    if not patterns and operands and not given.has("f", "file"):
        if not operands[0].known:
            return [], operands[1:]
        patterns, operands = [operands[0].text], operands[1:]
    return patterns, operands


def _search(
    command: Command, given: Options, operands: tuple[Word, ...], patterns: list[str], fixed: bool, case: bool,
    include: list[str], lossy: tuple[str, ...],
) -> Meaning:  # fmt: skip
    around = given.has("w", "word-regexp", "x", "line-regexp")
    regex = not fixed or len(patterns) > 1 or around
    found = [re.escape(pattern) if fixed and regex else pattern for pattern in patterns]
    pattern = found[0] if len(found) == 1 else "|".join(f"({one})" if "|" in one else one for one in found)
    if around:
        inner = f"({pattern})" if "|" in pattern else pattern
        pattern = rf"\b{inner}\b" if given.has("w", "word-regexp") else f"^{inner}$"
    counts = [int(value[:_LIMIT]) for value in given.every("m", "max-count") if value.isdecimal()]
    args: dict[str, Any] = {
        "pattern": pattern,
        "regex": regex,
        "include": _one_glob(include) if include else None,
        "case_sensitive": case,
        "context": _context(given),
        "output": _output(given),
        "limit": counts[-1] if counts else None,
    }
    lossy += ("only the matching part",) if given.has("o", "only-matching") else ()
    lossy += ("files without a match",) if given.has("L", "files-without-match") else ()
    roots, more = each_path(command, operands) if operands else ([command.place.cwd], ())
    intents = tuple(Intent("fs.grep", {**args, "root": root}) for root in roots)
    computed = (OTHER,) if any(not word.known for word in operands) else ()
    return Meaning((*intents, *computed), lossy=lossy + more)


def _context(given: Options) -> int:
    names = ("A", "B", "C", "#", "after-context", "before-context", "context")
    return max((int(value[:_LIMIT]) for value in given.every(*names) if value.isdecimal()), default=0)


def _output(given: Options) -> str:
    if given.has("l", "files-with-matches", "L", "files-without-match", "name-only"):
        return "files"
    return "count" if given.has("c", "count") else "content"


def extended_syntax(pattern: str) -> str:
    r"""A basic regular expression as an extended one: without -E, ``\|`` is what ``|`` is with it.

    >>> extended_syntax(r"f(x)\|g")
    'f\\(x\\)|g'
    """
    special = "|+?(){}"
    out, escaped, bracket = [], False, False
    for at, char in enumerate(pattern):
        if bracket:
            out.append(char)
            bracket = not (char == "]" and pattern[at - 1] not in "[^")
        elif escaped:
            out.append(char if char in special else f"\\{char}")
        elif char == "[":
            bracket = "]" in pattern[at + 2 :]
            out.append(char)
        elif char != "\\":
            out.append(f"\\{char}" if char in special else char)
        escaped = char == "\\" and not escaped and not bracket
    return "".join(out)
