"""Accepted answers put into their fixtures, each file in one step and only if it still holds."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from perturb.core.errors import UserError
from perturb.core.files import write_atomic
from perturb.trajectories.episodes import read_episode

DECISIONS = ("?", "accept", "reject")


def decided(path: Path, entries: Any) -> list[dict[str, Any]]:
    """The entries of an audit's file. Raises UserError naming the entry that is none."""
    if not isinstance(entries, list):
        raise UserError(f"{path}: is not a list of entries")
    for number, entry in enumerate(entries):
        problem = _problem(entry)
        if problem:
            raise UserError(f"{path}: entry {number}: {problem}")
    return entries


def _problem(entry: Any) -> str:
    if not isinstance(entry, dict):
        return "is not an object"
    for name, kind in (("decision", str), ("step", str), ("fixture", str), ("accept", list)):
        if not isinstance(entry.get(name), kind):
            return f"{name}: is missing or of another type"
    if entry["decision"] not in DECISIONS:
        return f"decision: {entry['decision']!r} is none of {', '.join(DECISIONS)}"
    return "" if re.fullmatch(r"[^@]+@[1-9]\d{0,5}", entry["step"]) else f"step: {entry['step']!r} is no step's name"


def apply(entries: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Add what is accepted to its step's ``accept``; fixture → how many are new.

    Raises UserError, and leaves that fixture as it was, when it would not load any more.
    """
    by_file: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        if entry["decision"] == "accept":
            by_file[entry["fixture"]].append(entry)
    return {name: _added(Path(name), found) for name, found in by_file.items()}


def _added(path: Path, entries: Sequence[dict[str, Any]]) -> int:
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text)
        steps = [turn for turn in data["turns"] if "user" not in turn]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: is no fixture that can be changed: {error}") from error
    new = 0
    for entry in entries:
        number = int(entry["step"].rpartition("@")[2])
        if number > len(steps):
            raise UserError(f"{path}: has no step {number}")
        known = steps[number - 1].setdefault("accept", [])
        if entry["accept"] not in known:
            known.append(entry["accept"])
            new += 1
    if new:
        _replaced(path, text, data)
    return new


def _replaced(path: Path, before: str, data: Any) -> None:
    """Write the fixture in its own indentation; put the old one back when the new one does not load."""
    indent = re.match(r"\{\n( +)", before)
    made = json.dumps(data, indent=len(indent[1]) if indent else 1, ensure_ascii=False) + "\n"
    write_atomic(path, made.encode())
    try:
        read_episode(path)
    except UserError:
        write_atomic(path, before.encode())
        raise
