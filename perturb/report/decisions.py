"""Every decision of a run in columns, for a page that filters and sorts a hundred thousand of them.

Names are numbers into lists, so that the whole stays small; a decision's own name is put together from its columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from perturb.core.plain import one_line

NUMBERS = ("prompt_tokens", "completion_tokens")


@dataclass(slots=True)
class Names:
    """A list without repetition; `of` gives the place of an entry."""

    every: list[str] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> int:
        """The place of `name`, a new one when it is new."""
        if name not in self._places:
            self._places[name] = len(self.every)
            self.every.append(one_line(name))
        return self._places[name]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A decision that may be shown in full. `rank` orders: what a perturbation broke first, then what was wrong."""

    rank: int
    row: int
    id: str
    base: str
    group: tuple[str, str]
    size: int


@dataclass(slots=True)
class Columns:
    """The columns, and which rows are worth showing in full."""

    data: dict[str, Any]
    wanted: list[Wanted]
    smallest: dict[str, int]


def columns(records: Iterable[dict[str, Any]], directional: Iterable[str] = ()) -> Columns:
    """The decisions of `records`, twice iterable, in their order."""
    right = {r["id"]: int(r["verdict"]["joint"]) for r in records if r["kind"] == "base" and r["verdict"]}
    names = {name: Names() for name in ("case", "scaffold", "operator", "part", "recipe", "outcome")}
    rows: dict[str, list[Any]] = defaultdict(list)
    scores: dict[str, dict[int, float]] = defaultdict(dict)
    wanted = []
    for number, record in enumerate(records):
        verdict = record["verdict"]
        joint = int(verdict["joint"]) if verdict else -1
        base = right.get(record["base"], -1)
        for name in ("case", "scaffold", "operator", "part", "recipe"):
            rows[name].append(names[name].of(record.get(name) or ""))
        rows["outcome"].append(names["outcome"].of(_outcome(record)))
        rows["sample"].append(record.get("sample", 0))
        rows["right"].append(joint)
        rows["base"].append(base if record["kind"] == "perturbed" else -1)
        response = record["response"] or {}
        for name in NUMBERS:
            rows[name].append(response.get(name) or 0)
        for name, value in record["scores"].items():
            scores[name][number] = round(float(value), 4)
        wanted.append(_wanted(record, number, joint, base, rows))
    count = len(rows["case"])
    data = {
        "names": {name: found.every for name, found in names.items()},
        "rows": {**rows, "scores": {name: [given.get(n) for n in range(count)] for name, given in scores.items()}},
        "count": count,
        "directional": sorted(directional),
    }
    return Columns(data, wanted, _smallest(wanted))


def _wanted(record: dict[str, Any], number: int, joint: int, base: int, rows: dict[str, list[Any]]) -> Wanted:
    perturbed = record["kind"] == "perturbed"
    rank = 0 if perturbed and base == 1 and joint == 0 else 1 if perturbed and joint < 1 else 2 if joint < 1 else 3
    # The mildest doses and the shortest prompts are the easiest to understand.
    choices = (record.get("recipe") or "").partition("[")[2].partition("]")[0].split(",")
    dose = sum(int(choice) for choice in choices if choice.isdigit())
    group = (record.get("operator") or "", record["scaffold"])
    return Wanted(rank, number, record["id"], record["base"], group, dose * 100_000 + rows["prompt_tokens"][-1])


def _outcome(record: dict[str, Any]) -> str:
    if record["verdict"]:
        wrong_rule = record["verdict"]["outcome"] == "correct" and not record["verdict"]["joint"]
        return "broken rule" if wrong_rule else str(record["verdict"]["outcome"]).replace("_", " ")
    if record["failure"]:
        return f"failed: {record['failure']['kind']}"
    return "unscored: an error of ours"


def _smallest(wanted: Iterable[Wanted]) -> dict[str, int]:
    """Per operator the row of the smallest decision that it broke."""
    best: dict[str, Wanted] = {}
    for one in wanted:
        if one.rank == 0 and (one.group[0] not in best or one.size < best[one.group[0]].size):
            best[one.group[0]] = one
    return {operator: one.row for operator, one in best.items()}


def chosen(found: Columns, most: int) -> list[Wanted]:
    """At most `most` decisions to show in full: every group has its first ones before any has many."""
    seen: dict[tuple[str, str, int], int] = defaultdict(int)
    keyed = []
    smallest = set(found.smallest.values())
    for one in sorted(found.wanted, key=lambda w: (w.rank, w.size, w.id)):
        place = seen[*one.group, one.rank]
        seen[*one.group, one.rank] += 1
        keyed.append(((one.row not in smallest, one.rank, place), one))
    return [one for _, one in sorted(keyed, key=lambda pair: pair[0])[:most]]
