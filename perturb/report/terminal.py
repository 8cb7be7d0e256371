"""The table a run ends with: eighty columns, the sentence that matters first, then where to look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any

from perturb.core.plain import printable
from perturb.statistics.interval import FEWEST
from perturb.statistics.paired import Effect
from perturb.statistics.rows import Row
from perturb.statistics.sentence import sentence
from perturb.statistics.summary import Summary

WIDTH = 80
WORST = 5
_MARKS = {"drop": "DROP", "no drop": "no drop", "unknown": "unknown"}


def table(summary: Summary, manifest: Mapping[str, Any], examples: Mapping[str, str] | None = None) -> str:
    """The sentence, counts, parts, scaffolds, and the worst operators that are real.

    `examples` name a decision that each operator broke, to look at with ``perturb show``.
    """
    label = "simulated agent" if manifest["simulated"] else "model"
    random = " — RANDOM WEIGHTS, the numbers mean nothing" if manifest["model"].get("weights") == "random" else ""
    blocks = [
        *wrap(f"{label}: {manifest['model']['name']}{random}", WIDTH),
        *wrap(sentence(summary), WIDTH),
        "",
        *_counts(summary),
        *_rows("part", summary.by_part),
        *_rows("scaffold", summary.by_scaffold),
        *_rows("another answer is right (apart)", summary.directional) * bool(summary.directional),
        *_worst(summary, examples or {}),
        *_detours(summary),
    ]
    return "\n".join(blocks).rstrip()


def _counts(summary: Summary) -> Iterable[str]:
    counts = summary.counts
    yield from _listed("counts", (f"{name.replace('_', ' ')} {n}" for name, n in counts.items()))
    if summary.failures:
        yield from _listed("failed requests", (f"{name} {n}" for name, n in summary.failures.items()))
        for name, example in summary.examples.items():
            yield from wrap(f"  {name}: {printable(example)[:300]}", WIDTH)
    if summary.unscored:
        yield from _listed("unscored (an error of ours)", (f"{name} {n}" for name, n in summary.unscored.items()))
    yield from _listed("outcomes", (f"{name.replace('_', ' ')} {n}" for name, n in summary.outcomes.items()))
    if summary.rules:
        yield from _listed("instructions kept", (f"{source} {k}/{g}" for source, (k, g) in summary.rules.items()))
        yield from _listed("by kind of rule", (f"{kind} {k}/{g}" for kind, (k, g) in summary.rule_kinds.items()))
    if summary.base:
        low, high = summary.base.interval
        passes = "".join(f", pass^{k} {value:.3f}" for k, value in summary.base.passes.items() if k > 1)
        yield from wrap(f"base: {summary.base.accuracy:.3f} (95 % {low:.3f} … {high:.3f}){passes}", WIDTH)
    if summary.floor:
        yield from wrap(
            f"A/A floor: two answers to one base request differ in {100 * summary.floor.rate:.1f} % of "
            f"{summary.floor.cases} cases",
            WIDTH,
        )
    if summary.worst:
        yield from wrap(
            f"right under every operator: {summary.worst.accuracy:.1%} of decisions (noise alone would leave "
            f"{summary.worst.chance:.1%})",
            WIDTH,
        )


def _listed(title: str, entries: Iterable[str]) -> list[str]:
    return wrap(f"{title}: {', '.join(entries)}", WIDTH, subsequent_indent="  ")


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


def _worst(summary: Summary, examples: Mapping[str, str]) -> Iterable[str]:
    real = sorted((r for r in summary.by_operator if r.verdict.word == "drop"), key=lambda r: r.effect.difference)
    tested = len(summary.by_operator)
    if not tested:
        return
    yield ""
    if not real:
        yield f"No operator of {tested} shows a drop."
    else:
        yield from _rows(f"operators that drop: {len(real)} of {tested}", real[:WORST])[1:]
        for row in real[:WORST]:
            if row.name in examples:
                yield f"  look: perturb show '{examples[row.name]}'"
    broken = [(name, row.name) for row in summary.by_operator for name in row.broken]
    if broken:
        yield from _listed("always broken", (f"{name} by {operator}" for name, operator in broken[:WORST]))
    yield ""
    yield from wrap(
        f"DROP: more than noise over {tested} tests (Holm, 5 %). ≥ x: a drop beyond x points is excluded. unknown +N: "
        f"about N more fixtures would tell (margin {100 * summary.margin:.0f} points).",
        WIDTH,
    )


def _detours(summary: Summary) -> Iterable[str]:
    """How much more is looked around under the operator that makes the model look around most."""
    rows = [(row.beside["looks"], row.name) for row in summary.by_operator if "looks" in row.beside]
    if not rows:
        return
    (base, perturbed), name = max(rows, key=lambda found: found[0][1] - found[0][0])
    if perturbed > base:
        yield from wrap(f"looks before an answer: most under {name}, {base:.2f} → {perturbed:.2f} a decision", WIDTH)


def percent(value: float) -> str:
    """A difference in points, signed.

    >>> percent(-0.125)
    '-12.5'
    """
    return f"{100 * value:+.1f}"


def interval(found: Effect) -> str:
    """The interval in points, or why there is none."""
    if found.interval is None:
        return "too little" if found.clusters >= FEWEST else f"{found.clusters} fixture{'s'[: found.clusters != 1]}"
    return f"{percent(found.interval[0])} … {percent(found.interval[1])}"
