"""Every decision of a run in columns, for a page that filters and sorts a hundred thousand of them.

Names are numbers into lists, so that the whole stays small; a decision's own name is put together from its columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from perturb.core.plain import one_line

NAMED = ("case", "scaffold", "operator", "part", "recipe", "run", "outcome")
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
    """A decision that may be shown in full, and what it is compared with."""

    row: int
    id: str
    base: str
    perturbed: bool
    group: tuple[str, str]
    size: int


@dataclass(slots=True)
class Columns:
    """The columns, which rows are worth showing in full, and of each operator the row to look at first."""

    data: dict[str, Any]
    wanted: list[Wanted]
    smallest: dict[str, int]


def columns(
    records: Iterable[dict[str, Any]],
    directional: Iterable[str] = (),
    smallest: Mapping[str, str] | None = None,
    compared: Mapping[str, int] | None = None,
) -> Columns:
    """The decisions of `records` in their order.

    `smallest` has the id to look at first of each operator, `compared` what counts beside the base where that is not
    a decision's own joint.
    """
    smallest, compared = smallest or {}, compared or {}
    names = {name: Names() for name in NAMED}
    rows: dict[str, list[Any]] = {name: [] for name in (*NAMED, "sample", "right", *NUMBERS)}
    scores: dict[str, dict[int, float]] = defaultdict(dict)
    right: dict[str, int] = {}
    wanted = []
    for number, record in enumerate(records):
        joint = int(record["verdict"]["joint"]) if record["verdict"] else -1
        if record["kind"] == "base":
            right[record["id"]] = joint
        for name in NAMED[:-1]:
            rows[name].append(names[name].of(record.get(name) or ""))
        rows["outcome"].append(names["outcome"].of(_outcome(record)))
        rows["sample"].append(record.get("sample", 0))
        rows["right"].append(joint)
        response = record["response"] or {}
        for name in NUMBERS:
            rows[name].append(response.get(name) or 0)
        for name, value in record["scores"].items():
            scores[name][number] = round(float(value), 4)
        wanted.append(_wanted(record, number, rows["prompt_tokens"][-1]))
    rows["base"] = [right.get(one.base, -1) if one.perturbed else -1 for one in wanted]
    count = len(wanted)
    data = {
        "names": {name: found.every for name, found in names.items()},
        "rows": {**rows, "scores": {name: [given.get(n) for n in range(count)] for name, given in scores.items()}},
        "count": count,
        "directional": sorted(directional),
        "sides": ["base", "perturbed"],
    }
    places = {one.id: one.row for one in wanted} if smallest or compared else {}
    data["compared"] = {str(places[name]): joint for name, joint in compared.items() if name in places}
    return Columns(data, wanted, {name: places[known] for name, known in smallest.items() if known in places})


def _wanted(record: dict[str, Any], number: int, tokens: int) -> Wanted:
    # The mildest doses and the shortest prompts are the easiest to understand.
    choices = (record.get("recipe") or "").partition("[")[2].partition("]")[0].split(",")
    dose = sum(int(choice) for choice in choices if choice.isdigit())
    group = (record.get("operator") or "", record["scaffold"])
    perturbed = record["kind"] == "perturbed"
    return Wanted(number, record["id"], record["base"], perturbed, group, dose * 100_000 + tokens)


def _outcome(record: dict[str, Any]) -> str:
    if record["verdict"]:
        wrong_rule = record["verdict"]["outcome"] == "correct" and not record["verdict"]["joint"]
        return "broken rule" if wrong_rule else str(record["verdict"]["outcome"]).replace("_", " ")
    if record["failure"]:
        return f"failed: {record['failure']['kind']}"
    return "unscored: an error of ours"


def chosen(found: Columns, most: int) -> list[Wanted]:
    """At most `most` decisions to show in full: every group has its first ones before any has many."""
    seen: dict[tuple[str, str, int], int] = defaultdict(int)
    keyed = []
    smallest = set(found.smallest.values())
    right, base = found.data["rows"]["right"], found.data["rows"]["base"]
    beside = found.data["compared"]
    ranks = [_rank(one.perturbed, base[one.row], beside.get(str(one.row), right[one.row])) for one in found.wanted]
    for one in sorted(found.wanted, key=lambda w: (ranks[w.row], w.size, w.id)):
        rank = ranks[one.row]
        place = seen[*one.group, rank]
        seen[*one.group, rank] += 1
        keyed.append(((one.row not in smallest, rank, place), one))
    return [one for _, one in sorted(keyed, key=lambda pair: pair[0])[:most]]


def _rank(perturbed: bool, base: int, right: int) -> int:
    """What a perturbation broke comes first, then what was wrong."""
    if perturbed:
        return 0 if (base, right) == (1, 0) else 1 if right < 1 else 3
    return 2 if right < 1 else 3
