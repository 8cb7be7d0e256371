"""The page of a comparison: runs side by side, what is worse or better, and every answer that flipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from perturb.campaign.journal import Records
from perturb.core.plain import clipped
from perturb.report.decisions import Wanted, chosen, columns
from perturb.report.detail import cases_by_id
from perturb.report.html import TRANSCRIPTS, placed, rendered, shown
from perturb.report.transcripts import packed
from perturb.statistics.compared import Comparison, said
from perturb.statistics.summary import Summary


@dataclass(frozen=True, slots=True)
class Side:
    """A run as the page shows it."""

    name: str
    manifest: dict[str, Any]
    records: Records
    summary: Summary


def comparison_page(sides: Sequence[Side], found: Sequence[Comparison]) -> str:
    """The first run against each other one, as one self-contained page."""
    flips = list(_flips(sides, found))
    several = len(found) > 1
    listed = columns({**after, "run": side.name} if several else after for side, _, after in flips)
    listed.data["rows"]["base"] = [int(before["verdict"]["joint"]) for _, before, _ in flips]
    listed.data["sides"] = ["first", "second"]

    def look(one: Wanted) -> tuple[dict[str, Any], dict[str, Any] | None]:
        _, before, after = flips[one.row]
        return after, before

    wanted = chosen(listed, TRANSCRIPTS)
    cases = {name: case for side in sides[1:] for name, case in cases_by_id(side.manifest).items()} if wanted else {}
    full = placed(listed, wanted, look, cases)
    return rendered(
        "compare.html.j2",
        sides=[(side, shown(side.summary)) for side in sides],
        found=[(side, one, clipped(said(one))) for side, one in zip(sides[1:], found, strict=True)],
        operators=_operators(sides),
        data=packed(listed.data),
        chunks=full,
    )


def _flips(sides: Sequence[Side], found: Sequence[Comparison]) -> Iterator[tuple[Side, dict[str, Any], dict[str, Any]]]:
    """Every flip with the first run's record and the other's, lost ones first."""
    for side, one in zip(sides[1:], found, strict=True):
        for name in (*one.lost, *one.won):
            before, after = sides[0].records.get(name), side.records.get(name)
            assert before is not None
            assert after is not None
            yield side, before, after


def _operators(sides: Sequence[Side]) -> list[tuple[str, list[Any]]]:
    """Each operator with its row in every run, None where it was not asked; the largest drop in any run first."""
    rows = [{row.name: row for row in side.summary.by_operator} for side in sides]
    least: dict[str, float] = {}
    for row in (row for own in rows for row in own.values()):
        least[row.name] = min(least.get(row.name, 0.0), row.effect.difference)
    return [(name, [own.get(name) for own in rows]) for name in sorted(least, key=lambda name: (least[name], name))]
