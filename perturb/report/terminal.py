"""The table a run ends with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from perturb.statistics.paired import Effect
from perturb.statistics.summary import Row, Summary

WORST = 10


def table(summary: Summary, manifest: dict[str, Any], width: int = 110) -> str:
    """Counts, outcomes, the A/A floor, and paired drops by part, scaffold and the worst operators."""
    from rich.console import Console

    console = Console(width=width, force_terminal=False, no_color=True, highlight=False)
    with console.capture() as capture:
        label = "simulated agent" if manifest["simulated"] else "model"
        random = " — RANDOM WEIGHTS, the numbers mean nothing" if manifest["model"].get("weights") == "random" else ""
        console.print(f"{label}: {manifest['model']['name']}{random}", markup=False)
        console.print("counts: " + ", ".join(f"{name} {n}" for name, n in summary.counts.items()), markup=False)
        console.print("outcomes: " + ", ".join(f"{name} {n}" for name, n in summary.outcomes.items()), markup=False)
        rules = ", ".join(f"{source} {kept}/{given}" for source, (kept, given) in summary.rules.items())
        console.print(f"instructions kept, by source: {rules}", markup=False)
        console.print(f"A/A floor: {_floor(summary.floor)}\n", markup=False)
        console.print(_table("part", summary.by_part))
        console.print(_table("scaffold", summary.by_scaffold))
        worst = sorted(summary.by_operator, key=lambda row: row.effect.difference)[:WORST]
        console.print(_table(f"operator (the worst {len(worst)} of {len(summary.by_operator)})", worst))
    return capture.get().rstrip()


def _floor(found: Effect | None) -> str:
    if found is None:
        return "not measured"
    return f"{found.worse + found.better} of {found.n} repeats flipped ({percent(found.difference)} on average)"


def _table(title: str, rows: Sequence[Row]) -> Any:
    from rich.table import Table

    made = Table(title_justify="left", show_edge=False, pad_edge=False)
    made.add_column(title, no_wrap=True)
    for name in ("pairs", "base", "perturbed", "change", "95 % interval", "Holm p", "robust"):
        made.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        e = row.effect
        made.add_row(
            row.name,
            str(e.n),
            f"{e.base:.3f}",
            f"{e.perturbed:.3f}",
            percent(e.difference),
            interval(e),
            f"{row.holm:.3g}",
            "yes" if row.robust else "",
        )
    return made


def percent(value: float) -> str:
    """A difference in points, signed.

    >>> percent(-0.125)
    '-12.5'
    """
    return f"{100 * value:+.1f}"


def interval(found: Effect) -> str:
    """The interval in points, or why there is none."""
    if found.interval is None:
        return "one fixture"
    return f"{percent(found.interval[0])} … {percent(found.interval[1])}"
