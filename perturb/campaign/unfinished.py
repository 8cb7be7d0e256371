"""Rounds of decisions that are not decided yet, so that a run that goes on asks no round twice."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from perturb.campaign.journal import RESPONSE, Journal
from perturb.campaign.lines import REPLIES, LineLog, Lines
from perturb.campaign.plan import Item
from perturb.campaign.responses import response_from
from perturb.campaign.rounds import replayed
from perturb.core.values import Response

ROUNDS = "rounds.jsonl"
_SHAPE = {"id": str, "digest": str, "round": range(100), "response": RESPONSE}


class Unfinished:
    """The rounds kept in a run's folder. Use as a context manager; nothing is written before there is a round."""

    def __init__(self, folder: Path, verbatim: frozenset[str] = REPLIES) -> None:
        self._path = folder / ROUNDS
        self._verbatim = verbatim
        self._log: LineLog | None = None
        self._kept: dict[tuple[str, str], dict[int, Response]] = {}
        for line in Lines(self._path, _SHAPE):
            self._kept.setdefault((line["id"], line["digest"]), {})[line["round"]] = response_from(line["response"])

    def resumed(self, item: Item, patience: int) -> Item:
        """`item` at the round where it was left."""
        rounds = self._kept.get((item.id, item.digest), {}) if self._kept else {}
        answers = [rounds[n] for n in range(len(rounds)) if n in rounds]
        return replayed(item, answers, patience)

    def append(self, item: Item) -> None:
        """Keep the last of an item's rounds."""
        if self._log is None:
            self._log = LineLog(self._path, self._verbatim)
        place = len(item.before) - 1
        row = {"id": item.id, "digest": item.digest, "round": place, "response": item.before[place].response}
        self._log.append(row)
        self._kept.setdefault((item.id, item.digest), {})[place] = item.before[place].response

    def clear(self, journal: Journal) -> None:
        """Drop the rounds when every decision they belong to is recorded."""
        if all(journal.holds(name, made) for name, made in self._kept):
            self._close()
            self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._log is not None:
            self._log.__exit__(None, None, None)
            self._log = None

    def __enter__(self) -> Unfinished:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
