"""Commands that show files or what is in directories."""

from __future__ import annotations

import re
from collections.abc import Callable

from perturb.core.values import Intent
from perturb.toolbox.shell.meaning import (
    OTHER,
    SOMETHING,
    Command,
    Meaning,
    Options,
    Place,
    decodes,
    each_path,
    options,
    per_path,
)
from perturb.toolbox.shell.searching import grep
from perturb.toolbox.shell.words import Word

# Commands that number, sort or page what they are fed.
DECORATION = frozenset({"cat", "nl", "less", "more", "bat", "batcat", "sort", "column", "most", "pg"})
Range = tuple[int, int]
_WHOLE: Range = (1, -1)


def read(command: Command, wanted: list[Range], operands: Options, lossy: tuple[str, ...] = ()) -> Meaning:
    """The given line ranges of every operand."""
    total = Meaning(lossy=lossy)
    for word in operands.operands:
        for start, end in wanted:
            total = total.then(per_path(command, (word,), "fs.read", start=start, end=end))
    return total


@decodes("cat", "bat", "batcat", "less", "more", "nl", "sort", "tac", "view")
def whole(command: Command) -> Meaning:
    """Whole files, whatever the decoration."""
    valued = {"nl": "bnsvwl", "sort": "ktToS", "bat": "lr", "batcat": "lr"}.get(command.name, "")
    given = options(command.words, valued, ("line-range", "style", "theme", "language", "paging", "color"))
    if command.name == "sort" and given.has("o", "output"):
        return Meaning((OTHER,), (command.place.absolute(given.last("o", "output")),))
    operands = tuple(word for word in given.operands if word.text != "-" and not word.text.startswith("+"))
    ranged = re.fullmatch(r"(\d*):(\d*)", given.last("r", "line-range")) if command.name.startswith("bat") else None
    wanted = (int(ranged[1] or 1), int(ranged[2] or -1)) if ranged else _WHOLE
    return read(command, [wanted], Options({}, operands))


@decodes("head")
def head(command: Command) -> Meaning:
    """The first lines of every operand."""
    given = options(command.words, "nc", ("lines", "bytes"))
    if not given.operands:
        return SOMETHING if not command.piped else Meaning()
    if given.has("c", "bytes"):
        return read(command, [_WHOLE], given, ("bytes",))
    count = given.last("n", "lines", "#", default="10")
    return _each_range(command, given, lambda total: first(count, total), "head -n " + count)


@decodes("tail")
def tail(command: Command) -> Meaning:
    """The last lines of every operand: which they are is known where the file is."""
    valued = {n + 1 for n, text in enumerate(command.texts) if text in ("-n", "-c", "--lines")}
    old_style = [n for n, text in enumerate(command.texts) if re.fullmatch(r"\+\d+", text) and n not in valued]
    plus = command.texts[old_style[0]] if old_style else ""
    words = tuple(word for n, word in enumerate(command.words) if n not in old_style)
    given = options(words, "nc", ("lines", "bytes"))
    if not given.operands:
        return SOMETHING if not command.piped else Meaning()
    if given.has("c", "bytes"):
        return read(command, [_WHOLE], given, ("bytes",))
    count = plus or given.last("n", "lines", "#", default="10")
    return _each_range(command, given, lambda total: last(count, total), "tail -n " + count)


def _each_range(command: Command, given: Options, ranged: Callable[[int | None], Range | None], what: str) -> Meaning:
    done = Meaning()
    for word in given.operands:
        paths, lossy = each_path(command, (word,))
        for path in paths:
            found = ranged(command.place.lines(path))
            start, end = found or _WHOLE
            one = Meaning((Intent("fs.read", {"path": path, "start": start, "end": end}),))
            done = done.then(one if found else Meaning(one.intents, lossy=(what,)))
        done = done.then(Meaning((OTHER,) if not word.known else (), lossy=lossy))
    return done


def first(count: str, total: int | None) -> Range | None:
    """The range of ``head -n count``, where it can be told."""
    if count.isdecimal():
        return (1, int(count[:9]))
    if count.startswith("-") and count[1:].isdecimal() and total is not None:
        return (1, max(0, total - int(count[1:10])))
    return None


def last(count: str, total: int | None) -> Range | None:
    """The range of ``tail -n count``, where it can be told."""
    if count.startswith("+") and count[1:].isdecimal():
        return (max(1, int(count[1:10])), -1)
    if count.lstrip("-").isdecimal() and total is not None:
        return (max(1, total - int(count.lstrip("-")[:9]) + 1), -1)
    return None


def printed(script: str, total: int | None) -> list[Range] | None:
    """The ranges that a ``sed -n`` script of line numbers prints, or None for any other script."""
    wanted: list[Range] = []
    for part in re.split(r"[;\n]", script):
        part = part.strip().replace(" ", "")
        if not part or re.fullmatch(r"\d+q", part):
            continue
        found = re.fullmatch(r"(\d{1,9})(?:,(\+?\d{1,9}|\$))?p", part)
        if found:
            start, end = int(found[1]), found[2] or found[1]
            stop = -1 if end == "$" else start + int(end) if end.startswith("+") else max(start, int(end))
            wanted.append((max(1, start), stop))
        elif part == "$p" and total is not None:
            wanted.append((total, total))
        elif part in ("p", "1,$p"):
            wanted.append(_WHOLE)
        else:
            return None
    return wanted or None


def sed_parts(words: tuple[Word, ...]) -> tuple[frozenset[str], str, tuple[Word, ...]]:
    """The flags, the script and the operands of a sed command; ``-i`` may have a suffix written behind it."""
    plain = tuple(Word("-i") if re.match(r"-i[^enrsEz]", word.text) else word for word in words)
    given = options(plain, "efl", ("expression", "file", "in-place-suffix"))
    scripts, operands = given.every("e", "expression"), given.operands
    if not scripts and not given.has("f", "file") and operands:
        scripts, operands = [operands[0].text], operands[1:]
    names = {"quiet": "n", "silent": "n", "in-place": "i", "regexp-extended": "E"}
    return frozenset(names.get(name, name) for name in given.given), "\n".join(scripts), operands


@decodes("awk", "gawk", "mawk")
def awk(command: Command) -> Meaning:
    """``NR`` ranges are reads; any other program is not one of the known actions."""
    given = options(command.words, "Fvf")
    if not given.operands or given.has("f"):
        return SOMETHING
    program, files = given.operands[0].text, given.operands[1:]
    wanted = awk_range(program)
    if wanted is None or not files:
        return SOMETHING
    return read(command, [wanted], Options({}, files))


def awk_range(program: str) -> Range | None:
    """The lines that an awk program of ``NR`` tests prints, or None."""
    bare = re.sub(r"\s|;?\{print(\$0)?;?\}|FNR(?=[<>=])", lambda m: "NR" if m.group() == "FNR" else "", program)
    number = r"(\d{1,9})"
    if found := re.fullmatch(rf"NR={{2}}{number}", bare):
        return int(found[1]), int(found[1])
    if found := re.fullmatch(rf"NR={{2}}{number},NR={{2}}{number}", bare):
        return int(found[1]), int(found[2])
    if found := re.fullmatch(rf"\(?NR>(=?){number}&&NR<(=?){number}\)?", bare):
        return int(found[2]) + (not found[1]), int(found[4]) - (not found[3])
    if found := re.fullmatch(rf"NR<(=?){number}", bare):
        return 1, int(found[2]) - (not found[1])
    if found := re.fullmatch(rf"NR>(=?){number}", bare):
        return int(found[2]) + (not found[1]), -1
    return _WHOLE if bare in ("1", "{print}", "{print$0}", "") and program.strip() else None


@decodes("ls", "dir", "tree", "exa", "eza", "vdir")
def listing(command: Command) -> Meaning:
    """What is in directories; a glob asks for the files that match it."""
    given = options(command.words, "ILPoHwT" if command.name == "tree" else "Iw", ("level", "ignore", "sort", "hide"))
    deep = command.name == "tree" or given.has("R", "recursive", "T", "tree")
    level = given.last("L", "level") if command.name in ("tree", "exa", "eza") else ""
    depth = int(level[:9]) if level.isdecimal() else -1 if deep else 0 if given.has("d") else 1
    lossy = ("ignored names",) if given.has("I", "ignore", "hide", "P") else ()
    done = Meaning(lossy=lossy)
    for word in given.operands:
        done = done.then(_listed(command, word, depth))
    if not given.operands:
        done = done.then(Meaning((Intent("fs.list", {"path": command.place.cwd, "depth": depth}),)))
    return done


def _listed(command: Command, word: Word, depth: int) -> Meaning:
    if word.glob and word.known:
        root, _, name = word.text.rpartition("/")
        folders = any(command.place.is_directory(path) for path in command.place.matching(word.text))
        if not folders and not any(mark in root for mark in "*?["):
            return Meaning((Intent("fs.find", {"glob": name, "root": command.place.absolute(root or ".")}),))
    return per_path(command, (word,), "fs.list", depth=depth)


_LOSSY_TESTS = (
    "-size",
    "-mtime",
    "-newer",
    "-mmin",
    "-user",
    "-perm",
    "-empty",
    "-regex",
    "-iregex",
    "-not",
    "!",
    "-o",
)


@decodes("find")
def find(command: Command) -> Meaning:
    """By name: a search for files. Without a name: a listing. With an action: what the action does."""
    texts = command.texts
    at = next(
        (n for n, text in enumerate(texts) if text[:1] in ("-", "!", "(") and text not in ("-L", "-H", "-P")),
        len(texts),
    )
    roots = tuple(word for word in command.words[:at] if word.text not in ("-L", "-H", "-P"))
    tests = texts[at:]
    value = {name: tests[n + 1] for n, name in enumerate(tests[:-1]) if name.startswith("-")}
    if any(name in tests for name in ("-exec", "-execdir", "-delete", "-ok")):
        return _find_action(command, tests)
    paths, lossy = each_path(command, roots) if roots else ([command.place.cwd], ())
    lossy += tuple(test for test in _LOSSY_TESTS if test in tests)
    kinds = ("-name", "-iname", "-path", "-wholename")
    negated = {n + 1 for n, test in enumerate(tests) if test in ("-not", "!")}
    names = [tests[n + 1] for n, test in enumerate(tests[:-1]) if test in kinds and n not in negated]
    if names and "-o" in tests:
        lossy = tuple(test for test in lossy if test != "-o")
    depth = value.get("-maxdepth", "")
    if not names:
        levels = int(depth[:9]) if depth.isdecimal() else -1
        return Meaning(tuple(Intent("fs.list", {"path": path, "depth": levels}) for path in paths), lossy=lossy)
    shown = names[0] if len(names) == 1 else "{" + ",".join(names) + "}"
    named = all(name in tests for name in ("-path", "-wholename")) or not any("/" in name for name in names)
    glob = (shown if depth == "1" else f"**/{shown}") if named else shown.removeprefix("./")
    lossy += ("-maxdepth",) if depth not in ("", "1") else ()
    # A star of -path goes over slashes, and -iname over cases: a glob does neither.
    lossy += tuple(test for test in ("-path", "-wholename", "-iname") if test in tests)
    return Meaning(tuple(Intent("fs.find", {"glob": glob, "root": path}) for path in paths), lossy=lossy)


def _find_action(command: Command, tests: list[str]) -> Meaning:
    """``-exec grep`` is a search and ``-exec cat`` reads what only running finds; everything else is another thing."""
    where = next((n for n, test in enumerate(tests) if test in ("-exec", "-execdir", "-ok")), None)
    program = tests[where + 1 : where + 2] if where is not None else []
    include = tests[tests.index("-name") + 1] if "-name" in tests[:-1] else ""
    if program in (["grep"], ["egrep"]) and where is not None:
        words = [
            w for w in command.words[len(command.words) - len(tests) + where + 2 :] if w.text not in ("{}", ";", "+")
        ]
        roots = list(command.words[: len(command.words) - len(tests)]) or [Word(".")]
        more = [Word("-r"), *([Word(f"--include={include}")] if include else [])]
        return grep(command.renamed("grep", (*more, *words, *roots)))
    return Meaning((OTHER,), lossy=("find with an action",))


def narrowed(intent: Intent, command: Command, place: Place) -> tuple[Intent, tuple[str, ...]] | None:
    """A read, list or search cut by `command`: head, tail, or sed and awk by line numbers. None otherwise."""
    given = options(command.words, "nc")
    if command.name == "head" and not given.operands and not given.has("c"):
        count = given.last("n", "lines", "#", default="10")
        if intent.action == "fs.grep" and count.isdecimal():
            limit = intent.args["limit"]
            number = int(count[:9])
            return Intent("fs.grep", {**intent.args, "limit": number if limit is None else min(limit, number)}), ()
        if intent.action in ("fs.list", "fs.find"):
            return intent, (f"head -n {count}",)
    if intent.action != "fs.read":
        return None
    total = place.lines(str(intent.args["path"]))
    wanted = _cut(
        command, given, total if intent.args["end"] == -1 else int(intent.args["end"]) - int(intent.args["start"]) + 1
    )
    if wanted is None:
        return (intent, (f"{command.name} of a read",)) if command.name in ("head", "tail") else None
    start, end = wanted
    base, stop = int(intent.args["start"]) - 1, int(intent.args["end"])
    finish = stop if end == -1 else base + end if stop == -1 else min(stop, base + end)
    return Intent("fs.read", {**intent.args, "start": base + start, "end": finish}), ()


def _cut(command: Command, given: Options, total: int | None) -> Range | None:
    if command.name == "head" and not given.operands and not given.has("c"):
        return first(given.last("n", "lines", "#", default="10"), total)
    if command.name == "tail" and not given.has("c"):
        count = given.operands[0].text if given.operands else given.last("n", "lines", "#", default="10")
        return last(count, total)
    ranges = None
    if command.name == "sed":
        flags, script, operands = sed_parts(command.words)
        ranges = printed(script, total) if "n" in flags and not operands else None
    elif command.name in ("awk", "gawk") and len(given.operands) == 1:
        found = awk_range(given.operands[0].text)
        ranges = [found] if found else None
    return ranges[0] if ranges and len(ranges) == 1 else None
