"""The table a run ends with: eighty columns, the sentence that matters first, then where to look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from shlex import quote
from textwrap import wrap
from typing import Any

from perturb.core.plain import printable
from perturb.statistics.agreement import OracleCount
from perturb.statistics.interval import FEWEST
from perturb.statistics.paired import Effect
from perturb.statistics.rows import Row
from perturb.statistics.sentence import sentence
from perturb.statistics.summary import Summary

WIDTH = 80
WORST = 5
ORACLES = {
    "fixture": "by the fixture",
    "effect": "by effect",
    "recorded": "by the recorded action",
    "agreement": "no gold",
}
_MARKS = {"drop": "DROP", "no drop": "no drop", "unknown": "unknown"}


def table(summary: Summary, manifest: Mapping[str, Any], folder: Path | None = None) -> str:
    """The sentence that matters first, parts, scaffolds, the worst operators that are real, each with a decision.

    `folder` is the run's, for the commands that show a decision and ask again.
    """
    label = "simulated agent" if manifest["simulated"] else "model"
    random = " — RANDOM WEIGHTS, the numbers mean nothing" if manifest["model"].get("weights") == "random" else ""
    blocks = [
        *_wrapped(f"{label}: {manifest['model']['name']}{random}"),
        *_wrapped(sentence(summary)),
        *_missing(summary),
        *_rows("part", summary.by_part),
        *_rows("scaffold", summary.by_scaffold),
        *_worst(summary, folder),
        "",
        *_whole(summary),
        *_beside(summary),
        *_without_gold(summary),
        *_listed("counts", (f"{name.replace('_', ' ')} {n}" for name, n in summary.counts.items())),
        *_listed("outcomes", (f"{name.replace('_', ' ')} {n}" for name, n in summary.outcomes.items())),
        *_rules(summary),
    ]
    return "\n".join(blocks).rstrip()


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def _listed(title: str, entries: Iterable[str]) -> list[str]:
    shown = ", ".join(entries)
    return _wrapped(f"{title}: {shown}") if shown else []


def _missing(summary: Summary) -> Iterable[str]:
    """Requests without a verdict, by reason."""
    if summary.failures:
        yield from ("", *_listed("failed requests", (f"{name} {n}" for name, n in summary.failures.items())))
        for name, example in summary.examples.items():
            yield from _wrapped(f"  {name}: {printable(example)[:300]}", "    ")
    if summary.unscored:
        yield from _listed("unscored (an error of ours)", (f"{name} {n}" for name, n in summary.unscored.items()))


def _without_gold(summary: Summary) -> Iterable[str]:
    """Which oracle spoke for how many recorded decisions, and how those without a gold agree with themselves."""
    if summary.oracles.keys() - {"fixture"}:
        known = [(words, summary.oracles[name]) for name, words in ORACLES.items() if name in summary.oracles]
        yield from _listed("decisions judged", (f"{words} {count.decisions}{_right(count)}" for words, count in known))
    if summary.agreement:
        found = summary.agreement.overall
        yield from _wrapped(
            f"no gold: a perturbed answer agrees with an unperturbed one in {found.perturbed:.1%}, two unperturbed "
            f"ones in {found.base:.1%} ({found.difference * 100:+.1f}); agreement, not accuracy"
        )


def _right(count: OracleCount) -> str:
    return f" ({count.right / count.answers:.1%} right at base)" if count.answers else ""


def _whole(summary: Summary) -> Iterable[str]:
    """Of the run as a whole: base accuracy, the noise floor, the worst case."""
    if summary.base:
        low, high = summary.base.interval
        passes = "".join(f", pass^{k} {value:.3f}" for k, value in summary.base.passes.items() if k > 1)
        yield from _wrapped(f"base: {summary.base.accuracy:.3f} (95 % {low:.3f} … {high:.3f}){passes}")
    if summary.floor:
        perturbed = f"; perturbed and base in {summary.overall.effect.flips:.1%}" if summary.overall else ""
        yield from _wrapped(f"A/A floor: two answers to one base request differ in {summary.floor.rate:.1%}{perturbed}")
    if summary.worst:
        yield from _wrapped(
            f"right under every operator: {summary.worst.accuracy:.1%} of decisions (noise alone would leave "
            f"{summary.worst.chance:.1%})"
        )


def _beside(summary: Summary) -> Iterable[str]:
    """What a decision costs, base and perturbed, the operator that makes the model look around most, and doses."""
    if summary.overall and summary.overall.beside:
        pairs = summary.overall.beside.items()
        each = (f"{name.replace('_', ' ')} {a:.4g} → {b:.4g}" for name, (a, b) in pairs)
        yield from _listed("a decision, base → perturbed", each)
    rows = [(row.beside["looks"], row.name) for row in summary.by_operator if "looks" in row.beside]
    (base, perturbed), name = max(rows, key=lambda found: found[0][1] - found[0][0], default=((0.0, 0.0), ""))
    if perturbed > base:
        yield from _wrapped(f"looks before an answer: most under {name}, {base:.2f} → {perturbed:.2f} a decision")
    sure = [curve for curve in summary.doses if curve.interval and curve.interval[1] < 0]
    if sure:
        yield from _listed("worse with the dose, points a step", (f"{c.operator} {percent(c.slope)}" for c in sure))


def _rules(summary: Summary) -> Iterable[str]:
    """Instructions kept, and the kinds that were broken most often."""
    if not summary.rules:
        return
    yield from _listed("instructions kept", (f"{source} {k}/{g}" for source, (k, g) in summary.rules.items()))
    broken = sorted(((k / g, kind, k, g) for kind, (k, g) in summary.rule_kinds.items() if k < g))
    if broken:
        yield from _listed("kept least", (f"{kind} {k}/{g}" for _, kind, k, g in broken[:WORST]))


def _rows(title: str, rows: Sequence[Row]) -> list[str]:
    if not rows:
        return []
    head = f"{title:<32}{'base':>6}{'change':>8}{'95 % interval':>17}  verdict"
    return ["", head, *(_row(row) for row in rows)]


def _row(row: Row) -> str:
    e, word = row.effect, _MARKS[row.verdict.word]
    if row.verdict.word == "no drop":
        word = f"≥ {100 * e.bound:+.1f}"
    if row.verdict.more:
        word = f"unknown +{row.verdict.more}"
    return f"{row.name[:31]:<32}{e.base:>6.3f}{percent(e.difference):>8}{interval(e):>17}  {word}"[:WIDTH]


def _worst(summary: Summary, folder: Path | None) -> Iterable[str]:
    """Operators that really drop, pooled ones and those that change what is right, and where to look."""
    tested = len(summary.by_operator)
    if not tested:
        return
    real = worst_first(summary.by_operator)
    yield ""
    if real:
        yield from _rows(f"operators that drop: {len(real)} of {tested}", real[:WORST])[1:]
    else:
        yield f"No operator of {tested} shows a drop."
    apart = worst_first(summary.directional)
    if apart:
        yield from _rows(f"another answer right: {len(apart)} of {len(summary.directional)}", apart[:WORST])
    yield from _looks(summary, [*real[:WORST], *apart[:WORST]], folder)
    for row in [row for row in real if row.broken][:WORST]:
        more = f" and {len(row.broken) - WORST} more fixtures" if len(row.broken) > WORST else ""
        yield from _wrapped(f"always broken by {row.name}: {', '.join(row.broken[:WORST])}{more}")
    yield from _wrapped(
        f"DROP: more than noise over {tested} tests (Holm, 5 %). ≥ x: a drop beyond x points is excluded. unknown +N: "
        f"about N more fixtures would tell (margin {100 * summary.margin:.0f} points)."
    )


def worst_first(rows: Iterable[Row]) -> list[Row]:
    """Of `rows` those that drop, the largest drop first."""
    return sorted((r for r in rows if r.verdict.word == "drop"), key=lambda r: (r.effect.difference, r.name))


def _looks(summary: Summary, worst: Iterable[Row], folder: Path | None) -> Iterable[str]:
    """The ids of what the worst operators broke. They stand whole, however wide: they are there to be copied."""
    found = [summary.smallest[row.name] for row in worst if row.name in summary.smallest]
    if found:
        where = f" --run {quote(str(folder))}" if folder else ""
        yield from _wrapped(f"one that each broke, for perturb show (or replay) ID{where}:")
        yield from (f"  {quote(name)}" for name in found)


def percent(value: float) -> str:
    """A difference in points, signed.

    >>> percent(-0.125)
    '-12.5'
    """
    return f"{100 * value:+.1f}"


def interval(found: Effect) -> str:
    """The interval in points, or why there is none."""
    if found.interval is None and not (found.worse or found.better or found.difference):
        return "none differs"
    if found.interval is None:
        return "too little" if found.clusters >= FEWEST else f"{found.clusters} fixture{'s'[: found.clusters != 1]}"
    return f"{percent(found.interval[0])} … {percent(found.interval[1])}"
