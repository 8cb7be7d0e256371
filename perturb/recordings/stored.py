"""Recordings in the form of this project: JSON Lines, one recording a line, with everything that its source held."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from perturb.core.errors import UserError
from perturb.core.reading import read_json
from perturb.core.registry import check_params
from perturb.core.values import Instruction
from perturb.recordings.values import Recording

VERSION = 1
_NAME = re.compile(r"[^a-z0-9]+")


def line_of(recording: Recording) -> bytes:
    """One line of such a file, its end included."""
    # Not sorted: arguments stand in the order in which they were given.
    return orjson.dumps({"perturb": "recording", "version": VERSION, "recording": recording}) + b"\n"


def recording_from(data: Any, where: str) -> Recording:
    """The recording of one line. Raises ValueError for what is none, naming the field."""
    import msgspec

    if not isinstance(data, dict) or data.get("perturb") != "recording":
        raise ValueError("perturb: not a recording")
    if data.get("version") != VERSION:
        raise ValueError(f"version: {data.get('version')!r} is not {VERSION}")
    try:
        found: Recording = msgspec.convert(data.get("recording"), Recording)
    except msgspec.ValidationError as error:
        raise ValueError(f"recording: {error}") from error
    return found if found.where else replace(found, where=where)


def slug(text: str) -> str:
    """A name of an episode out of any text.

    >>> slug("Task 12/airline (trial 0)"), slug("")
    ('task-12-airline-trial-0', '')
    """
    return _NAME.sub("-", text.lower()).strip("-")[:56].rstrip("-")


def rules_beside(path: Path) -> tuple[Instruction, ...]:
    """The rules declared beside a file of recordings: ``my.rules.json`` beside ``my.jsonl``; () where there is none.

    A list of {text, check, params}, each a rule that the recording itself states; with a `source` it is stated there.
    Raises UserError naming file and field.
    """
    beside = path.with_name(path.stem + ".rules.json")
    return _rules(beside) if beside.is_file() else ()


def _rules(path: Path) -> tuple[Instruction, ...]:
    from pydantic import TypeAdapter, ValidationError

    from perturb.trajectories.schema import InstructionData

    data = read_json(path)
    if isinstance(data, list):
        data = [{"source": "recorded", **one} if isinstance(one, dict) else one for one in data]
    try:
        read = TypeAdapter(list[InstructionData]).validate_python(data)
        for one in read:
            check_params(one.check, one.params)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "rules"
        raise UserError(f"{path}: {place}: {first['msg']}") from error
    return tuple(Instruction(one.text, one.source, one.check, one.params) for one in read)
