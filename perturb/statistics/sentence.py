"""The sentence that matters first, for a person with thirty seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from perturb.core.plain import printable
from perturb.statistics.rows import Row
from perturb.statistics.summary import Summary

# A share of requests without a verdict above which that is the first thing to say.
MANY = 0.05


def sentence(summary: Summary) -> str:
    """Base accuracy, then what drops, what does not, what is unknown; failed requests before all, when many.

    Says nothing about the model where nothing was scored.
    """
    counts, lost = summary.counts, _lost(summary)
    if summary.base is None:
        return f"{lost} Nothing was scored: nothing can be said about the model.".strip()
    said = [f"Right on {summary.base.accuracy:.0%} of unchanged decisions"]
    if not summary.by_part:
        said.append("nothing was perturbed" if not counts["perturbed"] else "no perturbed answer was scored")
        return f"{lost} {'; '.join(said)}.".strip()
    said += [text for text in (_drops(summary), _steady(summary.by_part), _unknown(summary)) if text]
    return f"{lost} {'; '.join(said)}.".strip()


def _lost(summary: Summary) -> str:
    """Requests without a verdict, when they are many."""
    counts = summary.counts
    missing = counts["failed"] + counts["unscored"]
    if not counts["requests"] or missing <= MANY * counts["requests"]:
        return ""
    reasons = ", ".join(f"{name} {n}" for name, n in (summary.failures | summary.unscored).items())
    whole = "ALL" if missing == counts["requests"] else f"{missing} of"
    most = next(iter(summary.failures), "")
    example = f" For example {printable(summary.examples[most])[:300]}." if most in summary.examples else ""
    return f"{whole} {counts['requests']} requests have no verdict ({reasons}).{example}"


def _drops(summary: Summary) -> str:
    """The worst operators where any drops, else the parts that drop."""
    operators = sorted((r for r in summary.by_operator if r.verdict.word == "drop"), key=lambda r: r.effect.difference)
    parts = sorted((r for r in summary.by_part if r.verdict.word == "drop"), key=lambda r: r.effect.difference)
    if not operators and not parts:
        return ""
    named = [f"{_points(r)} under {r.name}" for r in operators[:2]] or [f"{_points(r)} in {r.name}" for r in parts[:3]]
    more = f" and {len(operators) - 2} more operator{'s'[: len(operators) != 3]}" if len(operators) > 2 else ""
    inside = f" (parts: {_names(parts)})" if operators and parts else ""
    return f"drops {', '.join(named)}{more}{inside}"


def _points(row: Row) -> str:
    """The size of a drop; where one fixture of many is touched, of the touched ones too."""
    size = f"{-100 * row.effect.difference:.0f} points"
    if row.exposed is not None and row.exposed.difference < row.effect.difference - 0.02:
        return f"{size} ({-100 * row.exposed.difference:.0f} where it matters)"
    return size


def _steady(rows: Sequence[Row]) -> str:
    steady = [row for row in rows if row.verdict.word == "no drop"]
    if not steady:
        return ""
    bound = max(-100 * row.effect.bound for row in steady)
    where = "in any part" if len(steady) == len(rows) else f"in {_names(steady)}"
    return f"no drop beyond {bound:.0f} points {where}"


def _unknown(summary: Summary) -> str:
    unknown = [row for row in summary.by_part if row.verdict.word == "unknown"]
    if not unknown:
        return ""
    where = "every part" if len(unknown) == len(summary.by_part) else _names(unknown)
    least = [row.verdict.more for row in unknown if row.verdict.more]
    more = f" (about {max(least)} more fixture{'s'[: max(least) != 1]} would tell)" if least else ""
    return f"unknown for {where}{more}"


def _names(rows: Iterable[Row]) -> str:
    names = [row.name for row in rows]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
