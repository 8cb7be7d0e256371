"""Unified diffs: parsed strictly, applied where the lines are, with as much fuzz as the tool has."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Files = dict[str, str]
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class _Hunk:
    """Lines (with their line ends) to find and to put there; `start` counts from 0, or is -1 when not told."""

    start: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    lead: int = 0
    trail: int = 0


def _stripped(name: str, how: str) -> str:
    level = re.search(r"\bp ?(\d)\b", how)
    name = name.split("\t")[0].rstrip("\n\r")
    name = name[1:-1] if name.startswith('"') and name.endswith('"') else name
    if name == "/dev/null":
        return name
    if level:
        return "/".join(name.split("/")[int(level[1]) :]) if not name.startswith("/") else name
    return name[2:] if name.startswith(("a/", "b/")) else name


def unified(text: str, files: Files, full: Callable[[str], str], how: str) -> Files:
    """The files after a unified diff. Raises ValueError when it is none or does not fit."""
    lines, out, place = text.split("\n"), dict(files), 0
    # A patch's last line may lack its line end.
    if lines and lines[-1] == "":
        lines.pop()
    fuzz = (
        2
        if re.search(r"\bpatch\b", how) and not re.search(r"no fuzz|fuzz ?(factor )?0|fuzz=0|git|strict|exact", how)
        else 0
    )
    renamed: tuple[str, str] | None = None
    source = ""
    touched = 0
    while place < len(lines):
        line = lines[place]
        if line.startswith("rename from "):
            source = line[12:]
        elif line.startswith("rename to "):
            renamed = (full(source), full(line[10:]))
            out = _moved(out, *renamed)
            touched += 1
        elif line.startswith(("deleted file mode", "new file mode")):
            touched += _bare(lines, place, out, full, how)
        elif line.startswith("--- ") and place + 1 < len(lines) and lines[place + 1].startswith("+++ "):
            old, new = _stripped(line[4:], how), _stripped(lines[place + 1][4:], how)
            hunks, place = _hunks(lines, place + 2)
            out = _patched(out, old, new, hunks, full, fuzz, renamed)
            touched += 1
            continue
        place += 1
    if not touched:
        raise ValueError("no file in the patch")
    return out


def _bare(lines: list[str], place: int, out: Files, full: Callable[[str], str], how: str) -> int:
    """An empty file that is made or deleted: no hunk follows."""
    head = next((line for line in reversed(lines[:place]) if line.startswith("diff --git ")), "")
    rest = lines[place + 1 : place + 4]
    if not head or any(line.startswith("--- ") for line in rest):
        return 0
    name = full(_stripped(head.split(" ")[-1], how))
    if lines[place].startswith("new"):
        out[name] = ""
    elif out.pop(name, None) is None:
        raise ValueError(f"{name} is not there")
    return 1


def _moved(files: Files, source: str, target: str) -> Files:
    if source not in files:
        raise ValueError(f"{source} is not there")
    out = dict(files)
    out[target] = out.pop(source)
    return out


def _hunks(lines: list[str], place: int) -> tuple[list[_Hunk], int]:
    """The hunks from `place` on, and where they end. Raises ValueError when a header's counts are wrong."""
    found = []
    while place < len(lines) and (head := _HUNK.match(lines[place])):
        start, count = int(head[1]), int(head[2]) if head[2] is not None else 1
        fresh = int(head[4]) if head[4] is not None else 1
        old: list[str] = []
        new: list[str] = []
        marks: list[str] = []
        place += 1
        while (len(old) < count or len(new) < fresh) and place < len(lines):
            mark, body = (lines[place][:1] or " "), lines[place][1:] + "\n"
            if mark not in " +-":
                break
            if mark in " -":
                old.append(body)
            if mark in " +":
                new.append(body)
            marks.append(mark)
            place += 1
            if place < len(lines) and lines[place].startswith("\\"):
                for side, taken in ((old, mark in " -"), (new, mark in " +")):
                    if taken:
                        side[-1] = side[-1][:-1]
                place += 1
        if (len(old), len(new)) != (count, fresh):
            raise ValueError("a hunk has other counts than its header")
        lead = next((n for n, mark in enumerate(marks) if mark != " "), 0)
        trail = next((n for n, mark in enumerate(reversed(marks)) if mark != " "), 0)
        found.append(_Hunk(max(start - (count > 0), 0), tuple(old), tuple(new), lead, trail))
    if not found:
        raise ValueError("a file without a hunk")
    if place < len(lines) and lines[place][:1] in ("+", "-") and not lines[place].startswith(("--- ", "-- ")):
        raise ValueError("a hunk has other counts than its header")
    return found, place


def _patched(
    files: Files, old: str, new: str, hunks: list[_Hunk], full: Callable[[str], str], fuzz: int,
    renamed: tuple[str, str] | None,
) -> Files:  # fmt: skip
    out = dict(files)
    if old == "/dev/null":
        name = full(new)
        if out.get(name):
            raise ValueError(f"{name} is there already")
        out[name] = "".join(line for hunk in hunks for line in hunk.new)
        return out
    name = full(old)
    if renamed and name == renamed[0]:
        name = renamed[1]
    if name not in out and new != "/dev/null" and full(new) in out:
        name = full(new)
    if name not in out:
        raise ValueError(f"{name} is not there")
    lines, shift, least = out[name].splitlines(keepends=True), 0, 0
    for hunk in hunks:
        at, used = _fitting(lines, hunk, hunk.start + shift, least, fuzz)
        lines[at : at + len(used.old)] = used.new
        shift += len(used.new) - len(used.old) + (at - hunk.start - shift)
        least = at + len(used.new)
    if new == "/dev/null":
        if lines:
            raise ValueError(f"{name} would not be empty")
        del out[name]
    else:
        out[name] = "".join(lines)
    return out


def _fitting(lines: list[str], hunk: _Hunk, near: int, least: int, fuzz: int) -> tuple[int, _Hunk]:
    """Where the hunk fits, nearest to where it says; with fuzz, less of its outer context. Raises ValueError."""
    for less in range(fuzz + 1):
        lead, trail = min(less, hunk.lead), min(less, hunk.trail)
        used = _Hunk(hunk.start, hunk.old[lead : len(hunk.old) - trail], hunk.new[lead : len(hunk.new) - trail])
        want = near + lead
        places = [
            n for n in range(least, len(lines) - len(used.old) + 1) if tuple(lines[n : n + len(used.old)]) == used.old
        ]
        if not hunk.old:
            return min(near, len(lines)), used
        if places:
            return min(places, key=lambda n: abs(n - want)), used
    raise ValueError("a hunk does not fit")
