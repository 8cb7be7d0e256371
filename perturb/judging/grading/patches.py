"""Patches as text: unified diffs, the ``*** Begin Patch`` envelope, and SEARCH/REPLACE blocks."""

from __future__ import annotations

import re
from collections.abc import Callable

from perturb.judging.grading.unified_diffs import Files, unified


def apply_patch(text: str, files: Files, full: Callable[[str], str], how: str) -> Files:
    """The files after the patch. Raises ValueError when it is no patch or does not fit."""
    body = _unfenced(text)
    if "*** Begin Patch" in body:
        return _enveloped(body, files, full)
    if re.search(r"^<{5,9} ?SEARCH", body, re.MULTILINE):
        return _blocks(body, files, full)
    if re.search(r"^(--- |diff --git )", body, re.MULTILINE):
        return unified(body, files, full, how)
    raise ValueError("no patch")


def _unfenced(text: str) -> str:
    fenced = re.fullmatch(r"\s*```[a-z]*\n(.*?\n)```\s*", text, re.DOTALL)
    return fenced[1] if fenced else text


def _enveloped(text: str, files: Files, full: Callable[[str], str]) -> Files:
    """The ``*** Begin Patch`` envelope: add, delete, update (and move) files; hunks are found by their lines."""
    lines = text[text.index("*** Begin Patch") :].split("\n")[1:]
    end = next((n for n, line in enumerate(lines) if line.strip() == "*** End Patch"), None)
    if end is None:
        raise ValueError("the patch never ends")
    out, place = dict(files), 0
    while place < end:
        head = re.match(r"\*\*\* (Add|Delete|Update) File: (.+)", lines[place])
        if not head:
            if lines[place].strip():
                raise ValueError(f"no file header at {lines[place][:40]!r}")
            place += 1
            continue
        stop = next((n for n in range(place + 1, end) if re.match(r"\*\*\* (Add|Delete|Update) File: ", lines[n])), end)
        out = _file(head[1], full(head[2].strip()), lines[place + 1 : stop], out, full)
        place = stop
    return out


def _file(verb: str, name: str, body: list[str], files: Files, full: Callable[[str], str]) -> Files:
    out = dict(files)
    if verb == "Add":
        if any(line and not line.startswith("+") for line in body):
            raise ValueError("a new file's lines start with +")
        out[name] = "".join(line[1:] + "\n" for line in body if line)
        return out
    if name not in out:
        raise ValueError(f"{name} is not there")
    if verb == "Delete":
        del out[name]
        return out
    target = name
    if body and body[0].startswith("*** Move to: "):
        target, body = full(body[0][13:].strip()), body[1:]
    lines = out.pop(name).splitlines(keepends=True)
    at = 0
    for context, chunk, last in _chunks(body):
        at = _after(lines, context, at)
        old = [line[1:] + "\n" for line in chunk if line[:1] in (" ", "-", "")]
        new = [line[1:] + "\n" for line in chunk if line[:1] in (" ", "+", "")]
        at = _put(lines, old, new, at, last)
    out[target] = "".join(lines)
    return out


def _chunks(body: list[str]) -> list[tuple[list[str], list[str], bool]]:
    """(context headers, lines, at the end of the file) of every chunk."""
    found: list[tuple[list[str], list[str], bool]] = []
    heads: list[str] = []
    lines: list[str] = []
    for line in [*body, "@@"]:
        if line.startswith("@@"):
            if lines and any(one[:1] in "+-" and one for one in lines):
                found.append((heads, lines, False))
                heads = []
            lines = []
            if line[2:].strip():
                heads = [*heads, line[2:].strip().removesuffix("@@").strip()]
        elif line.startswith("*** End of File"):
            found.append((heads, lines, True))
            heads, lines = [], []
        elif line[:1] not in (" ", "+", "-", ""):
            raise ValueError(f"a line with no mark: {line[:40]!r}")
        else:
            lines.append(line)
    while found and found[-1][1] and found[-1][1][-1] == "":
        found[-1][1].pop()
    return found


def _after(lines: list[str], context: list[str], at: int) -> int:
    for head in context:
        place = next(
            (n for n in range(at, len(lines)) if lines[n].strip() == head or lines[n].rstrip("\n") == head), None
        )
        if place is None:
            raise ValueError(f"{head[:40]!r} does not occur")
        at = place + 1
    return at


def _put(lines: list[str], old: list[str], new: list[str], at: int, last: bool) -> int:
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    if not old:
        at = len(lines)
        lines[at:at] = new
        return at + len(new)
    places = [n for n in range(at, len(lines) - len(old) + 1) if lines[n : n + len(old)] == old]
    if last:
        places = [n for n in places if n + len(old) == len(lines)] or places
    if not places:
        raise ValueError("lines of the patch do not occur")
    lines[places[0] : places[0] + len(old)] = new
    return places[0] + len(new)


def _blocks(text: str, files: Files, full: Callable[[str], str]) -> Files:
    """SEARCH/REPLACE blocks, the file's name on the line before each (or the only file there is)."""
    out = dict(files)
    pattern = r"(?:^([^\n<>=`]+)\n)?(?:```\w*\n)?^<{5,9} ?SEARCH *\n(.*?)^={5,9} *\n(.*?)^>{5,9} ?REPLACE"
    found = list(re.finditer(pattern, text, re.MULTILINE | re.DOTALL))
    if not found:
        raise ValueError("a block never ends")
    name = ""
    for match in found:
        name = full(match[1].strip().strip("`*")) if match[1] and match[1].strip() else name
        name = name or (next(iter(out)) if len(out) == 1 else "")
        if not match[2].strip() and name not in out:
            out[name] = match[3]
            continue
        if name not in out:
            raise ValueError(f"{name or 'a block names no file'} is not there")
        if out[name].count(match[2]) == 0:
            raise ValueError("the searched lines do not occur")
        out[name] = out[name].replace(match[2], match[3], 1)
    return out
