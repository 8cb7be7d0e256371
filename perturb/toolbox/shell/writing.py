"""Commands that write, change, move or remove files."""

from __future__ import annotations

import posixpath
import re

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
from perturb.toolbox.shell.patches import patch
from perturb.toolbox.shell.reading import printed, read, sed_parts
from perturb.toolbox.shell.scripts import python
from perturb.toolbox.shell.words import Word

_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", "r": "\r", "a": "\a", "0": "\0", '"': '"', "'": "'"}


def said(command: Command) -> str | None:
    """What echo, printf or a fed cat prints, where that is known."""
    if not all(word.known and not word.glob for word in command.words):
        return None
    texts = command.texts
    if command.name == "echo":
        plain = [text for text in texts if not re.fullmatch(r"-[neE]+", text)]
        flags = "".join(text for text in texts if text not in plain)
        text = " ".join(plain) + ("" if "n" in flags else "\n")
        return _unescaped(text) if "e" in flags else text
    if command.name == "printf" and texts:
        return _formatted(texts[0], texts[1:])
    if command.name == "cat" and not [text for text in texts if text != "-"]:
        return command.fed
    return "" if command.name in (":", "true") else None


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), text, flags=re.DOTALL)


def _formatted(shape: str, values: list[str]) -> str | None:
    shape = _unescaped(shape)
    fields = re.findall(r"%.", shape)
    if any(one not in ("%s", "%d", "%%", "%i") for one in fields):
        return None
    wanted = sum(one != "%%" for one in fields)
    rest, out = list(values), ""
    while True:
        out += re.sub(r"%(.)", lambda found: "%" if found[1] == "%" else rest.pop(0) if rest else "", shape)
        if not rest or not wanted:
            return out


def written(path: str, content: str | None, append: bool) -> Meaning:
    """A file given its whole content (or its end, with `append`); None where only running would tell."""
    args = {"path": path, "content": content, "mode": "append" if append else "overwrite"}
    return Meaning((Intent("fs.write", args),), (path,), lossy=() if content is not None else ("content is computed",))


@decodes("sed", "gsed")
def sed(command: Command) -> Meaning:
    """Line numbers printed are reads; in place, an insertion after a line or an edit by pattern."""
    flags, script, operands = sed_parts(command.words)
    if "i" not in flags:
        pattern = re.fullmatch(r"/((?:[^/\\]|\\.)+)/p", script)
        lines = re.fullmatch(r"(\d{1,9})q", script)
        if "n" in flags and pattern and operands:
            from perturb.toolbox.shell.searching import grep

            mode = ("-E",) if flags & {"E", "r"} else ()
            return grep(command.renamed("grep", (*map(Word, (*mode, "-e", pattern[1])), *operands)))
        if lines and "n" not in flags and operands:
            return read(command, [(1, int(lines[1]))], Options({}, operands))
        paths, _ = each_path(command, operands)
        total = command.place.lines(paths[0]) if len(paths) == 1 else None
        ranges = printed(script, total) if "n" in flags else None
        return read(command, ranges, Options({}, operands)) if ranges and operands else SOMETHING
    paths, lossy = each_path(command, operands)
    done = Meaning(lossy=lossy)
    kept = next((text[2:] for text in command.texts if re.match(r"-i\W", text)), "")
    for path in paths:
        effects = (path, path + kept) if kept else (path,)
        done = done.then(Meaning((_in_place(path, script, command.place),), effects))
    return done if paths else SOMETHING


def _in_place(path: str, script: str, place: Place) -> Intent:
    """One ``sed -i`` on one file."""
    found = re.fullmatch(r"(\d{1,9}|\$)\s*([ai])\s*(?:\\\n?)?(.*)", script, re.DOTALL)
    if found and not ("\n" in found[3] and "\\\n" not in found[3]):
        total = place.lines(path)
        line = (total if total is not None else -1) if found[1] == "$" else int(found[1])
        after = line if found[2] == "a" else max(0, line - 1)
        if not (found[1] == "$" and total is None and found[2] == "i"):
            text = re.sub(r"\\(.)", lambda m: "\n" if m[1] in "n\n" else m[1], found[3], flags=re.DOTALL)
            return Intent("fs.insert", {"path": path, "after_line": after, "text": text + "\n"})
    return Intent("fs.edit", {"path": path, "edits": None})


@decodes("perl", "ruby")
def perl(command: Command) -> Meaning:
    """``-pi`` is an edit by pattern."""
    texts = command.texts
    if any(re.fullmatch(r"-[a-z0-9]*i(\.\w+)?[a-z]*", text) for text in texts) and "-e" in " ".join(texts):
        after = next((n + 2 for n, text in enumerate(texts) if text.startswith("-") and text.endswith("e")), len(texts))
        found = per_path(command, command.words[after:], "fs.edit", edits=None)
        return Meaning(
            found.intents, tuple(str(i.args["path"]) for i in found.intents if i != OTHER), lossy=found.lossy
        )
    return SOMETHING


def _changing(command: Command, action: str, words: tuple[Word, ...]) -> Meaning:
    found = per_path(command, words, action)
    return Meaning(found.intents, tuple(str(i.args["path"]) for i in found.intents if i != OTHER), lossy=found.lossy)


@decodes("rm", "rmdir", "unlink", "trash")
def remove(command: Command) -> Meaning:
    """Every operand is removed."""
    return _changing(command, "fs.delete", options(command.words).operands)


@decodes("mkdir")
def make_directory(command: Command) -> Meaning:
    """Every operand is made."""
    return _changing(command, "fs.mkdir", options(command.words, "m").operands)


@decodes("touch")
def touch(command: Command) -> Meaning:
    """An empty file, where there is none."""
    paths, lossy = each_path(command, options(command.words, "drt").operands)
    files = command.place.files
    new = [path for path in paths if files is None or path not in files]
    intents = tuple(Intent("fs.write", {"path": path, "content": "", "mode": "create"}) for path in new)
    return Meaning(intents or (OTHER,), tuple(paths), lossy=lossy)


@decodes("mv")
def move(command: Command) -> Meaning:
    """Every source goes to the target, or into it where it is a directory."""
    given = options(command.words, "tS", ("target-directory",))
    sources, target = given.operands[:-1], given.operands[-1:]
    if given.has("t", "target-directory"):
        sources, target = given.operands, (Word(given.last("t", "target-directory") + "/"),)
    if not sources or not target[0].known:
        return SOMETHING
    paths, lossy = each_path(command, sources)
    inside = target[0].text.endswith("/") or len(paths) > 1 or command.place.is_directory(target[0].text)
    base = command.place.absolute(target[0].text)
    done = Meaning(lossy=lossy)
    for path in paths:
        to = posixpath.join(base, posixpath.basename(path)) if inside else base
        done = done.then(Meaning((Intent("fs.move", {"path": path, "to": to}),), (path, to)))
    return done


@decodes("cp", "install", "ln", "rsync", "scp")
def copy(command: Command) -> Meaning:
    """No action of its own; the target changes."""
    given = options(command.words, "tSm", ("target-directory",))
    words = given.operands
    remote = command.name in ("rsync", "scp") and any(re.match(r"[^/:]+:", word.text) for word in words)
    target = given.last("t", "target-directory") or (words[-1].text if len(words) > 1 else "")
    if not target or (remote and re.match(r"[^/:]+:", target)):
        return Meaning((OTHER,), network=remote)
    paths, lossy = each_path(command, words if given.has("t", "target-directory") else words[:-1])
    inside = target.endswith("/") or len(words) > 2 or command.place.is_directory(target) or given.has("t")
    base = command.place.absolute(target)
    effects = [posixpath.join(base, posixpath.basename(path)) if inside else base for path in paths]
    return Meaning((OTHER,), tuple(effects), remote, lossy)


@decodes("chmod", "chown", "chgrp", "truncate", "shred", "dos2unix", "unix2dos")
def attributes(command: Command) -> Meaning:
    """The operands change; which way has no action of its own."""
    given = options(command.words, "sr" if command.name == "truncate" else "", ("size", "reference"))
    after = 1 if command.name in ("chmod", "chown", "chgrp") else 0
    operands = given.operands
    if command.name == "chmod" and any(re.fullmatch(r"-[rwxXst]+", text) for text in command.texts):
        after = 0
    paths, lossy = each_path(command, operands[after:])
    return Meaning((OTHER,), tuple(paths), lossy=lossy)


@decodes("tee")
def tee(command: Command) -> Meaning:
    """What it is fed goes into every operand."""
    given = options(command.words)
    paths, lossy = each_path(command, given.operands)
    paths = [path for path in paths if not path.startswith("/dev/")]
    done = Meaning(lossy=lossy)
    for path in paths:
        if command.fed is None:
            done = done.then(Meaning((OTHER,), (path,)))
        else:
            done = done.then(written(path, command.fed, given.has("a", "append")))
    return done


@decodes("dd", "gzip", "gunzip", "bzip2", "xz", "zip", "unzip", "tar", "split", "csplit")
def packed(command: Command) -> Meaning:
    """Archives and copies of bytes: their own target, where the line names it."""
    texts, place = command.texts, command.place
    found: list[str] = []
    if command.name == "dd":
        found = [text[3:] for text in texts if text.startswith("of=")]
    elif command.name == "tar":
        flags = "".join(texts[:1]) + "".join(text for text in texts[1:] if re.fullmatch(r"-[a-zA-Z]+", text))
        given = [texts[n + 1] for n, text in enumerate(texts[:-1]) if re.fullmatch(r"-?[a-zA-Z]*f", text)]
        found = given if "c" in flags and given else [f"{texts[texts.index('-C') + 1]}"] if "-C" in texts[:-1] else []
    elif command.name == "zip":
        found = [text for text in texts if not text.startswith("-")][:1]
    elif command.name in ("gzip", "bzip2", "xz") and not {"-c", "-k", "--stdout"} & set(texts):
        suffix = {"gzip": ".gz", "bzip2": ".bz2", "xz": ".xz"}[command.name]
        found = [one for text in texts if not text.startswith("-") for one in (text, text + suffix)]
    extracts = command.name in ("tar", "unzip", "gunzip") and not found
    return Meaning((OTHER,), tuple(map(place.absolute, found)), lossy=("archive",) if extracts else ())


@decodes("patch")
def apply_unified(command: Command) -> Meaning:
    """A unified difference from standard input or ``-i``."""
    given = options(command.words, "pid", ("strip", "input", "directory"))
    source = given.last("i", "input")
    text = command.place.text(source) if source else command.fed
    strip = given.last("p", "strip", default="0")
    where = given.last("d", "directory")
    place = Place(command.place.absolute(where), command.place.home, command.place.files) if where else command.place
    named = given.operands[0].text if given.operands else ""
    found = patch(text, place, int(strip[:3]) if strip.isdecimal() else 0) if text is not None else None
    if found is None:
        effects = (place.absolute(named),) if named else ()
        return Meaning((Intent("fs.patch", {"ops": None}),), effects, lossy=("patch text",))
    if named:
        path = place.absolute(named)
        one = {**found.intents[0].args["ops"][0], "path": path}
        return Meaning((Intent("fs.patch", {"ops": [one]}),), (path,))
    return found


@decodes("apply_patch", "applypatch")
def apply_envelope(command: Command) -> Meaning:
    """The envelope dialect, as an argument or fed."""
    text = command.fed if command.fed is not None else "\n".join(command.texts)
    found = patch(text, command.place, 0)
    return found or Meaning((Intent("fs.patch", {"ops": None}),), lossy=("patch text",))


@decodes("python", "python3", "python2", "pypy", "pypy3")
def run_python(command: Command) -> Meaning:
    """Code on the line or fed is read; a script or module is something else."""
    texts = command.texts
    at = next(
        (n for n, text in enumerate(texts) if text in ("-c", "-m") or not text.startswith("-") or text == "-"), None
    )
    if at is not None and texts[at] == "-c" and len(texts) > at + 1:
        return python(texts[at + 1], command.place) if command.words[at + 1].known else SOMETHING
    if at is not None and texts[at] == "-m":
        from perturb.toolbox.shell.programs import python_module

        return python_module(command, command.words[at + 1 :])
    if (at is None or texts[at] == "-") and command.fed is not None:
        return python(command.fed, command.place)
    return SOMETHING
