"""Rules a run must meet, each with one of three answers: pass, fail, or not to be decided with these data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from perturb.statistics.compared import Comparison
from perturb.statistics.rows import Row
from perturb.statistics.summary import Summary
from perturb.statistics.verdict import LEAST_BASE, needed

Answer = Literal["pass", "fail", "undecided"]


@dataclass(frozen=True, slots=True)
class Rules:
    """`base`: the least base accuracy. `no_drop`: globs over parts, scaffolds and operators, each with its margin.

    `failed`: the largest share of requests without a verdict; more of them leave everything undecided. `scores`: the
    least mean of scorers. `baseline`: how much worse than the baseline any row may be. Shares, not points.
    """

    base: float | None = None
    no_drop: Mapping[str, float] = field(default_factory=dict)
    failed: float = 0.01
    scores: Mapping[str, float] = field(default_factory=dict)
    baseline: float | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule over one row: the answer, why, and the numbers behind it."""

    name: str
    answer: Answer
    reason: str
    numbers: Mapping[str, float] = field(default_factory=dict)


def rulings(rules: Rules, summary: Summary, against: Comparison | None = None) -> list[Ruling]:
    """Every rule answered. A glob that selects nothing is undecided: thin data never pass silently."""
    made = [_failed(rules.failed, summary)]
    if rules.base is not None:
        made.append(_base(rules.base, summary))
    for glob, margin in rules.no_drop.items():
        rows = [r for r in _every(summary) if fnmatchcase(r.name, glob)]
        nothing = Ruling(glob, "undecided", "nothing of that name was measured")
        made += [_no_drop(row, margin) for row in rows] or [nothing]
    made += [_score(name, least, summary) for name, least in rules.scores.items()]
    if rules.baseline is not None:
        made += _against(rules.baseline, against)
    return made


def _every(summary: Summary) -> Iterator[Row]:
    yield from summary.by_part
    yield from summary.by_scaffold
    yield from summary.by_operator


def _failed(most: float, summary: Summary) -> Ruling:
    counts = summary.counts
    missing = counts["failed"] + counts["unscored"]
    rate = missing / counts["requests"] if counts["requests"] else 1.0
    reason = f"{missing} of {counts['requests']} requests have no verdict, at most {most:.1%} may"
    return Ruling("requests", "pass" if rate <= most else "undecided", reason, {"without_verdict": rate})


def _base(least: float, summary: Summary) -> Ruling:
    if summary.base is None:
        return Ruling("base", "undecided", "no base was scored")
    low, high = summary.base.interval
    answer: Answer = "pass" if low >= least else "fail" if high < least else "undecided"
    reason = f"right on {summary.base.accuracy:.3f} (95 % {low:.3f} … {high:.3f}), wanted {least:.3f}"
    return Ruling("base", answer, reason, {"base": summary.base.accuracy, "low": low, "high": high})


def _no_drop(row: Row, margin: float) -> Ruling:
    e = row.effect
    numbers = {"change": e.difference, "bound": e.bound, "base": e.base, "pairs": e.n, "fixtures": e.clusters}
    asked = f"wanted none beyond {100 * margin:g} points"
    if e.base < LEAST_BASE * margin:
        return Ruling(row.name, "undecided", f"right on {e.base:.0%} of the bases: little to lose", numbers)
    if e.bound > -margin:
        return Ruling(row.name, "pass", f"no drop beyond {-100 * e.bound:.1f} points, {asked}", numbers)
    if row.verdict.word == "drop" and e.difference <= -margin:
        return Ruling(row.name, "fail", f"drops {-100 * e.difference:.1f} points, {asked}", numbers)
    more = needed(e, margin)
    hint = f"; about {more} more fixtures would tell" if more else ""
    reason = f"a drop of {-100 * e.bound:.1f} points is not excluded, {asked}{hint}"
    return Ruling(row.name, "undecided", reason, numbers)


def _score(name: str, least: float, summary: Summary) -> Ruling:
    if name not in summary.scores:
        return Ruling(name, "undecided", "this scorer said nothing")
    value = summary.scores[name]
    return Ruling(name, "pass" if value >= least else "fail", f"mean {value:.3f}, wanted {least:.3f}", {"mean": value})


def _against(margin: float, found: Comparison | None) -> Iterator[Ruling]:
    if found is None or not found.paired:
        yield Ruling("baseline", "undecided", "no baseline was given, or it has no request in common")
        return
    for row in found.rows:
        if row.table not in ("all", "part"):
            continue
        e = row.effect
        bad = row.word == "worse" and e.difference <= -margin
        answer: Answer = "pass" if e.bound > -margin or row.word == "better" else "fail" if bad else "undecided"
        reason = f"{100 * e.difference:+.1f} points against the baseline, at most {-100 * e.bound:.1f} lost"
        yield Ruling(f"baseline {row.name}", answer, reason, {"change": e.difference, "bound": e.bound})
