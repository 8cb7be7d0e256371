"""The commands of the emulated shell. Each takes (world, words, stdin) and gives an outcome."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from difflib import unified_diff

from perturb.core.values import World
from perturb.toolbox.codecs import absolute
from perturb.world import files
from perturb.world.outcome import Outcome, UsageError
from perturb.world.patterns import Glob, compile_regex

Command = Callable[[World, list[str], str], Outcome]
COMMANDS: dict[str, Command] = {}


def command(*names: str) -> Callable[[Command], Command]:
    """Register a command under its names."""

    def register(function: Command) -> Command:
        COMMANDS.update(dict.fromkeys(names, function))
        return function

    return register


def options(words: list[str], known: str) -> tuple[set[str], list[str]]:
    """Single-letter flags and the other words. Raises UsageError for an unknown flag."""
    flags: set[str] = set()
    plain: list[str] = []
    for word in words:
        if word.startswith("-") and len(word) > 1 and not word.startswith("--"):
            unknown = set(word[1:]) - set(known)
            if unknown:
                raise UsageError(f"invalid option -- '{sorted(unknown)[0]}'")
            flags |= set(word[1:])
        else:
            plain.append(word)
    return flags, plain


def inputs(world: World, paths: list[str], stdin: str) -> list[tuple[str, str]]:
    """(name, text) of each file, with globs expanded, or of standard input."""
    if not paths:
        return [("", stdin)]
    return [(path, files.text_of(world, absolute(path, world))) for path in expand(world, paths)]


def expand(world: World, paths: list[str]) -> list[str]:
    """Words with ``*`` as the files that they match."""
    found: list[str] = []
    for path in paths:
        glob = Glob(absolute(path, world)) if "*" in path or "?" in path else None
        hits = [p for p in sorted(world.files) if glob and glob.matches(p)]
        found.extend([posixpath.relpath(p, world.cwd) for p in hits] if hits else [path])
    return found


@command("cat")
def cat(world: World, words: list[str], stdin: str) -> Outcome:
    """Print files; -n numbers the lines."""
    flags, paths = options(words, "n")
    text = "".join(content for _, content in inputs(world, paths, stdin))
    return Outcome(world, _number(text) if "n" in flags else text)


@command("nl")
def number_lines(world: World, words: list[str], stdin: str) -> Outcome:
    """Number the lines of files."""
    _, paths = options(words, "ba")
    return Outcome(world, _number("".join(content for _, content in inputs(world, paths, stdin))))


def _number(text: str) -> str:
    return "".join(f"{n:6d}\t{line}" for n, line in enumerate(text.splitlines(keepends=True), 1))


def _count(words: list[str]) -> tuple[int, list[str]]:
    """The number of -n N, -nN or -N, and the rest."""
    if words and words[0] == "-n" and len(words) > 1:
        return int(words[1]), words[2:]
    if words and words[0].startswith("-n"):
        return int(words[0][2:]), words[1:]
    if words and words[0].startswith("-") and words[0][1:].isdigit():
        return int(words[0][1:]), words[1:]
    return 10, words


@command("head")
def head(world: World, words: list[str], stdin: str) -> Outcome:
    """The first lines."""
    count, paths = _count(words)
    lines = [line for _, text in inputs(world, paths, stdin) for line in text.splitlines(keepends=True)[:count]]
    return Outcome(world, "".join(lines))


@command("tail")
def tail(world: World, words: list[str], stdin: str) -> Outcome:
    """The last lines."""
    count, paths = _count(words)
    lines = [line for _, text in inputs(world, paths, stdin) for line in text.splitlines(keepends=True)[-count:]]
    return Outcome(world, "".join(lines))


@command("sed")
def sed(world: World, words: list[str], stdin: str) -> Outcome:
    """``-n 'a,bp'`` prints lines; ``s/old/new/[g]`` replaces literal text, in place with -i."""
    flags, plain = options(words, "niE")
    if not plain:
        raise UsageError("no script")
    script, paths = plain[0], plain[1:]
    if "n" in flags and script.endswith("p"):
        start, _, end = script[:-1].partition(",")
        lines = "".join(text for _, text in inputs(world, paths, stdin)).splitlines(keepends=True)
        first = int(start)
        last = len(lines) if end == "$" else int(end or start)
        return Outcome(world, "".join(lines[first - 1 : last]))
    parts = script[2:].split(script[1]) if script.startswith("s") and len(script) > 3 else []
    if len(parts) != 3:
        raise UsageError(f"script is not emulated: {script}")
    old, new, mode = parts
    if "i" not in flags:
        return Outcome(world, "".join(_replaced(text, old, new, mode) for _, text in inputs(world, paths, stdin)))
    for path in expand(world, paths):
        full = absolute(path, world)
        world = files.with_file(world, full, _replaced(files.text_of(world, full), old, new, mode))
    return Outcome(world)


def _replaced(text: str, old: str, new: str, mode: str) -> str:
    old = old.replace("\\.", ".").replace("\\/", "/")
    return "".join(line.replace(old, new, -1 if "g" in mode else 1) for line in text.splitlines(keepends=True))


@command("grep", "egrep", "rg")
def grep(world: World, words: list[str], stdin: str) -> Outcome:
    """Search lines. Flags: r R n i l c v w E F h H o-less; --include=GLOB."""
    include = next((Glob(w.partition("=")[2]) for w in words if w.startswith("--include=")), None)
    flags, plain = options([w for w in words if not w.startswith("--")], "rRnilcvwEFhHe")
    if not plain:
        raise UsageError("no pattern")
    pattern = rf"\b{plain[0]}\b" if "w" in flags else plain[0]
    regex = compile_regex(pattern, "i" in flags, literal="F" in flags)
    recursive = bool(flags & {"r", "R"})
    sources = _grep_sources(world, plain[1:], stdin, recursive, include)
    named = recursive or len(sources) > 1
    out: list[str] = []
    hit = False
    for name, text in sources:
        lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if regex.search(line) != ("v" in flags)]
        hit = hit or bool(lines)
        prefix = f"{name}:" if (named or "H" in flags) and "h" not in flags else ""
        if "l" in flags:
            out += [name] if lines else []
        elif "c" in flags:
            out.append(f"{prefix}{len(lines)}")
        else:
            out += [f"{prefix}{f'{n}:' if 'n' in flags else ''}{line}" for n, line in lines]
    return Outcome(world, "".join(f"{line}\n" for line in out), "", 0 if hit else 1)


def _grep_sources(
    world: World, paths: list[str], stdin: str, recursive: bool, include: Glob | None
) -> list[tuple[str, str]]:
    if not recursive:
        return inputs(world, paths, stdin)
    found = []
    for path in paths or ["."]:
        for name in files.below(world, absolute(path, world)):
            if include is None or include.matches(posixpath.basename(name)):
                shown = posixpath.join(path, posixpath.relpath(name, absolute(path, world)))
                found.append((shown if name != absolute(path, world) else path, str(world.files[name])))
    return found


@command("wc")
def wc(world: World, words: list[str], stdin: str) -> Outcome:
    """Count lines, words and characters."""
    flags, paths = options(words, "lwc")
    out = []
    for name, text in inputs(world, paths, stdin):
        counts = {"l": text.count("\n"), "w": len(text.split()), "c": len(text.encode())}
        shown = " ".join(str(counts[f]) for f in "lwc" if f in (flags or {"l", "w", "c"}))
        out.append(f"{shown} {name}".strip())
    return Outcome(world, "".join(f"{line}\n" for line in out))


@command("sort")
def sort(world: World, words: list[str], stdin: str) -> Outcome:
    """Sort lines; -n by number, -r backwards, -u once each."""
    flags, paths = options(words, "nru")
    lines = [line for _, text in inputs(world, paths, stdin) for line in text.splitlines()]
    if "u" in flags:
        lines = list(dict.fromkeys(lines))
    lines.sort(key=_leading_number if "n" in flags else None, reverse="r" in flags)
    return Outcome(world, "".join(f"{line}\n" for line in lines))


def _leading_number(line: str) -> float:
    digits = line.strip().split(" ")[0]
    try:
        return float(digits)
    except ValueError:
        return 0.0


@command("uniq")
def uniq(world: World, words: list[str], stdin: str) -> Outcome:
    """Drop repeated neighbours; -c counts them."""
    flags, paths = options(words, "c")
    groups: list[tuple[str, int]] = []
    for line in "".join(text for _, text in inputs(world, paths, stdin)).splitlines():
        if groups and groups[-1][0] == line:
            groups[-1] = (line, groups[-1][1] + 1)
        else:
            groups.append((line, 1))
    return Outcome(world, "".join(f"{n:7d} {line}\n" if "c" in flags else f"{line}\n" for line, n in groups))


@command("cut")
def cut(world: World, words: list[str], stdin: str) -> Outcome:
    """``-d X -f N``: one column."""
    joined = " ".join(words).replace("-d ", "-d").replace("-f ", "-f").split()
    delimiter = next((w[2:].strip("'\"") for w in joined if w.startswith("-d")), "\t")
    columns = next((w[2:] for w in joined if w.startswith("-f")), "1")
    paths = [w for w in joined if not w.startswith("-")]
    lines = "".join(text for _, text in inputs(world, paths, stdin)).splitlines()
    wanted = [int(c) - 1 for c in columns.split(",")]
    rows = (line.split(delimiter or " ") for line in lines)
    return Outcome(world, "".join(delimiter.join(r[c] for c in wanted if c < len(r)) + "\n" for r in rows))


@command("echo")
def echo(world: World, words: list[str], _stdin: str) -> Outcome:
    """Print words."""
    newline = "" if words[:1] == ["-n"] else "\n"
    return Outcome(world, " ".join(words[1:] if not newline else words) + newline)


@command("printf")
def printf(world: World, words: list[str], _stdin: str) -> Outcome:
    """Print a format with %s filled in."""
    text = (words[0] if words else "").replace("\\n", "\n").replace("\\t", "\t")
    for word in words[1:]:
        text = text.replace("%s", word, 1).replace("%d", word, 1)
    return Outcome(world, text)


@command("diff")
def diff(world: World, words: list[str], _stdin: str) -> Outcome:
    """Unified difference of two files."""
    _, paths = options(words, "uNr")
    (one, before), (two, after) = inputs(world, paths[:2], "")
    lines = list(unified_diff(before.splitlines(), after.splitlines(), one, two, lineterm=""))
    return Outcome(world, "".join(f"{line}\n" for line in lines), "", int(bool(lines)))
