"""The records of a run: what counts, whatever order it came in; what is done and what is to be asked again.

Of one id an answer counts before a failure, and of failures the one that took more tries. The same record twice is one
record; two different answers to one request are an error, because nobody could say which of them was meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import orjson

from perturb.campaign.folder import JOURNAL, VERSION
from perturb.campaign.lines import REPLIES, Damage, Line, LineLog, damage, private, scan
from perturb.campaign.shapes import problem
from perturb.core.errors import UserError
from perturb.core.files import read_at, write_atomic

_VERDICT = {
    "outcome": str,
    "reason": str,
    "joint": range(2),
    "schema_valid": bool,
    "rules": [{"text": str, "source": str, "check": str, "kept": bool, "given?": bool}],
    "arguments": [{"name": str, "expected": object, "got": object, "right": bool}],
    "step?": frozenset(("", "call", "say", "both")),
}
RESPONSE = {
    "text": str,
    "thinking": str,
    "finish": str,
    "raw": bool,
    "calls": (None, [{"tool": str, "args": dict}]),
    "prompt_tokens": range(2**31),
    "cached_tokens": range(2**31),
    "completion_tokens": range(2**31),
}
SHAPE: dict[str, Any] = {
    "id": str,
    "kind": frozenset(("base", "aa", "perturbed")),
    "base": str,
    "case": str,
    "cluster": str,
    "family": str,
    "scaffold": str,
    "operator": str,
    "part": str,
    "relation": str,
    "recipe": str,
    "sample": range(10**6),
    "digest": str,
    "tries": range(1, 2**31),
    "rounds?": [RESPONSE],
    "detours?": range(100),
    "response": (None, RESPONSE),
    "failure": (None, {"kind": str, "detail": str}),
    "verdict": (None, _VERDICT),
    "scores": {str: float},
    "unscored": (None, str),
    "oracle?": str,
    "meaning?": str,
}


class _Place(NamedTuple):
    """Where the record that counts stands, and what decides whether another one counts instead."""

    number: int
    offset: int
    length: int
    answered: bool
    tries: int
    seal: bytes
    made: str


class Records:
    """The records of a folder that count. Reads the journal once; holds places, no texts.

    Raises UserError for what is no record of this version and for ids with two answers, naming the lines; StorageError
    when the journal cannot be read. `damage` says what could not be used.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / JOURNAL
        self._places: dict[str, _Place] = {}
        bad = []
        for line in scan(self.path):
            if line.row is None:
                bad.append(line)
            else:
                self._take(line, line.row)
        self.damage: Damage = damage(self.path, bad)
        self._bad = bad

    def _take(self, line: Line, row: dict[str, Any]) -> None:
        if wrong := _problem(row, line.canonical):
            raise UserError(f"{self.path}: line {line.number}: {wrong}")
        answered, tries = row["response"] is not None, row["tries"]
        place = _Place(line.number, line.offset, line.length, answered, tries, line.seal, row["digest"])
        known = self._places.get(row["id"])
        if known is None or (place.seal != known.seal and self._counts_before(place, known, row["id"])):
            self._places[row["id"]] = place

    def _counts_before(self, new: _Place, old: _Place, name: str) -> bool:
        if new.answered and old.answered:
            raise UserError(
                f"{self.path}: lines {old.number} and {new.number}: two different records of {name!r}; "
                "take one of the lines out"
            )
        return (new.answered, new.tries, new.seal) > (old.answered, old.tries, old.seal)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Every record that counts, in the order of ids: the same for the same answers."""
        return self._read([self._places[name] for name in sorted(self._places)])

    def written(self) -> Iterator[dict[str, Any]]:
        """The same in the order of the file."""
        return self._read(sorted(self._places.values(), key=lambda place: place.number))

    def answered(self) -> dict[str, str]:
        """Ids that have an answer, each with the digest of what was asked."""
        return {name: place.made for name, place in self._places.items() if place.answered}

    def seals(self) -> dict[str, bytes]:
        """Ids that have an answer, each with the checksum of its record."""
        return {name: place.seal for name, place in self._places.items() if place.answered}

    def tries(self) -> dict[str, int]:
        """Ids that only failed so far, each with how often it was tried."""
        return {name: place.tries for name, place in self._places.items() if not place.answered}

    def get(self, name: str) -> dict[str, Any] | None:
        """The record of one id."""
        return next(self._read([self._places[name]]), None) if name in self._places else None

    def _read(self, places: list[_Place]) -> Iterator[dict[str, Any]]:
        for raw in read_at(self.path, ((place.offset, place.length) for place in places)):
            row: dict[str, Any] = orjson.loads(raw)
            del row["sum"]
            yield row

    def replace(self, rows: Iterator[dict[str, Any]], verbatim: frozenset[str] = REPLIES) -> None:
        """Write `rows` in place of the records as `written`, in one step. Damaged lines stay between them."""
        bad = [line for line in self._bad if line.number]
        kept = read_at(self.path, ((line.offset, line.length) for line in bad))
        lines = dict(zip((line.number for line in bad), kept, strict=True))
        numbers = sorted(place.number for place in self._places.values())
        lines.update(zip(numbers, (private(row, verbatim) for row in rows), strict=True))
        write_atomic(self.path, b"".join(lines[number] for number in sorted(lines)))


def _problem(row: dict[str, Any], canonical: bool) -> str:
    """Why an intact line is no record that this version reads, "" when it is one."""
    version = row.get("v")
    if version != VERSION:
        said = version if isinstance(version, int) else "unknown"
        return f"v: a record of version {said}; this perturb reads version {VERSION}"
    if not canonical:
        return "is not as perturb writes it: a field twice, or a number beyond 64 bits"
    wrong = problem(row, SHAPE)
    if not wrong and (row["response"] is None) == (row["failure"] is None):
        return "has not one of response and failure"
    return wrong


def read(folder: Path) -> Iterator[dict[str, Any]]:
    """Every record of a folder that counts, in the order of ids (see `Records`)."""
    return iter(Records(folder))


class Journal:
    """Appends records; knows which ids have their answer. Use as a context manager."""

    def __init__(self, folder: Path, keep_old: bool = False, verbatim: frozenset[str] = REPLIES) -> None:
        records = Records(folder)
        self.damage = records.damage
        self._keep_old = keep_old
        self._done = records.answered()
        self._tries = records.tries()
        self._folder = folder
        self._log = LineLog(records.path, verbatim)

    def holds(self, name: str, made: str) -> bool:
        """Whether the request `name`, whose digest today is `made`, has its answer. One that failed has none.

        Raises UserError when it was another request that was answered under this name.
        """
        known = self._done.get(name)
        if known is not None and known != made and not self._keep_old:
            raise UserError(
                f"{self._folder}: {name!r} is made otherwise today than when it was answered. Ways out: perturb "
                f"resume {self._folder} --restart (asks all again) or --keep-old (keeps what was answered)"
            )
        return known is not None

    def append(self, record: dict[str, Any]) -> None:
        """One record, handed to the operating system before this returns: it survives a killed process.

        Its tries are added to those of earlier runs in which it failed.
        """
        name = record["id"]
        tries = record["tries"] + self._tries.get(name, 0)
        self._log.append({**record, "tries": tries})
        if record["response"] is None:
            self._tries[name] = tries
        else:
            self._done[name] = record["digest"]

    def sync(self) -> None:
        """Force what was appended to the disk."""
        self._log.sync()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._log.__exit__(kind, error, trace)
