"""Patches in a command: the ``*** Begin Patch`` envelope and unified differences, as operations on files."""

from __future__ import annotations

import re
from typing import Any

from perturb.core.values import Intent
from perturb.toolbox.shell.meaning import Meaning, Place

Operation = dict[str, Any]


def patch(text: str, place: Place, strip: int) -> Meaning | None:
    """What a patch text does, or None where it is no patch."""
    operations = envelope(text) if "*** Begin Patch" in text else unified(text, strip)
    if not operations:
        return None
    done = [
        {**one, **{name: place.absolute(one[name]) for name in ("path", "to") if name in one}} for one in operations
    ]
    touched = dict.fromkeys(one[name] for one in done for name in ("path", "to") if name in one)
    return Meaning((Intent("fs.patch", {"ops": done}),), tuple(touched))


def envelope(text: str) -> list[Operation]:
    """The operations of the envelope dialect: add, update (maybe moved), delete."""
    found: list[Operation] = []
    for line in text.split("\n"):
        head = re.match(r"\*\*\* (Add|Update|Delete) File: (.+)", line)
        moved = re.match(r"\*\*\* Move to: (.+)", line)
        if head:
            kind = head[1].lower()
            more: Operation = {"content": ""} if kind == "add" else {"hunks": []} if kind == "update" else {}
            found.append({"op": kind, "path": head[2].strip(), **more})
        elif moved and found:
            found[-1]["to"] = moved[1].strip()
        elif line.startswith("*** ") or not found:
            continue
        elif found[-1]["op"] == "add" and line.startswith("+"):
            found[-1]["content"] += line[1:] + "\n"
        elif found[-1]["op"] == "update":
            _hunk_line(found[-1]["hunks"], line)
    return found


def _hunk_line(hunks: list[list[str]], line: str) -> None:
    if line.startswith("@@"):
        hunks.append([])
    elif line[:1] in ("+", "-", " "):
        if not hunks:
            hunks.append([])
        hunks[-1].append(line)


def unified(text: str, strip: int) -> list[Operation]:
    """The operations of a unified difference; `strip` leading parts of every name are left out."""
    found: list[Operation] = []
    before = ""
    for line in text.split("\n"):
        if line.startswith("--- "):
            before = _name(line, strip)
        elif line.startswith("+++ "):
            after = _name(line, strip)
            if before == "/dev/null":
                found.append({"op": "add", "path": after, "content": ""})
            elif after == "/dev/null":
                found.append({"op": "delete", "path": before})
            else:
                found.append({"op": "update", "path": after, "hunks": []})
        elif found and found[-1]["op"] == "add" and line.startswith("+"):
            found[-1]["content"] += line[1:] + "\n"
        elif found and found[-1]["op"] == "update":
            _hunk_line(found[-1]["hunks"], line)
    return found


def _name(line: str, strip: int) -> str:
    name = line[4:].split("\t")[0].strip()
    if name == "/dev/null":
        return name
    parts = name.split("/")
    return "/".join(parts[strip:] or parts[-1:])
