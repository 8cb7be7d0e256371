"""``perturb plan``: what a run would ask and what it could show, before it costs anything."""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from typing import Any

from perturb.campaign.plan import Selection, Tally, base_draws, chosen_operators, plan
from perturb.cli import output
from perturb.core.errors import UserError
from perturb.statistics.power import Assumed, smallest, to_exclude, to_show


def main(options: argparse.Namespace) -> int:
    """Walk the plan, count, and say what so many fixtures can and cannot tell."""
    output.register(options.load)
    if not 0 < options.base < 1 or options.samples < 1:
        raise UserError("--base lies between 0 and 1, --samples is 1 or more")
    chosen = Selection(
        scaffolds=tuple(options.scaffold),
        operators=tuple(options.operator),
        fixtures=tuple(options.fixture),
        samples=options.samples,
        seed=options.seed,
        limit=options.limit,
        steps=options.steps,
        tools=options.tools,
    )
    found = counted(chosen, options)
    if options.json:
        output.emit_json(found)
    else:
        output.emit(_text(found))
    return 0


def counted(chosen: Selection, options: argparse.Namespace) -> dict[str, Any]:
    """The plan in numbers."""
    kinds: Counter[str] = Counter()
    rows: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    with output.progress_bar("decisions") as progress:
        for item in plan(chosen, Tally()):
            kinds[item.kind] += 1
            progress(1)
            for key in ("part", item.part), ("operator", item.operator):
                rows[key][item.case.cluster] += item.kind == "perturbed" and item.sample == 0
    operators = len(chosen_operators(chosen))
    draws = base_draws(chosen.samples, operators)
    assumed, tests = Assumed(base=options.base), Counter(kind for kind, name in rows if name)
    made = []
    for (kind, name), fixtures in sorted(rows.items()):
        if not name:
            continue
        pairs = sum(fixtures.values()) / len(fixtures)
        rest = (assumed, pairs, chosen.samples, draws)
        made.append(
            {
                "table": kind,
                "name": name,
                "pairs": sum(fixtures.values()) * chosen.samples,
                "fixtures": len(fixtures),
                "smallest_drop": smallest(len(fixtures), *rest, tests[kind]),
                "fixtures_to_show": to_show(options.detect, *rest, tests[kind]),
                "fixtures_to_exclude": to_exclude(options.detect, *rest),
            }
        )
    return {
        "base_draws": draws,
        "requests": dict(kinds),
        "detect": options.detect,
        "base": options.base,
        "rows": made,
        "samples": _samples(made, assumed, options.detect, operators, tests["operator"]),
    }


def _samples(rows: list[dict[str, Any]], assumed: Assumed, detect: float, operators: int, tests: int) -> dict[int, int]:
    """For the typical operator: how many fixtures show the drop at 1, 2, 4 and 8 samples."""
    some = sorted(row["pairs"] / row["fixtures"] for row in rows if row["table"] == "operator")
    typical = max(1.0, some[len(some) // 2]) if some else 1.0
    return {s: to_show(detect, assumed, typical, s, base_draws(s, operators), max(1, tests)) for s in (1, 2, 4, 8)}


def _text(found: dict[str, Any]) -> str:
    requests, points = found["requests"], f"{100 * found['detect']:g}"
    lines = [
        f"requests: {sum(requests.values())} ({requests.get('base', 0)} base, each asked {found['base_draws']} times; "
        f"{requests.get('perturbed', 0)} perturbed)",
        f"assumed: right on {found['base']:.0%} of the bases, effects uneven over fixtures (± 1.5 times their size)",
        "",
        f"{'':<34}{'pairs':>6}{'fixtures':>9}{'sees from':>10}{'shows ' + points:>9}{'excl. ' + points:>9}",
    ]
    for row in sorted(found["rows"], key=lambda r: (r["table"] != "part", r["name"])):
        lines.append(
            f"{row['name'][:33]:<34}{row['pairs']:>6}{row['fixtures']:>9}{100 * row['smallest_drop']:>10.1f}"
            f"{row['fixtures_to_show']:>9}{row['fixtures_to_exclude']:>9}"
        )
    by_samples = ", ".join(f"{n} at {s} sample{'s'[: s > 1]}" for s, n in found["samples"].items())
    return "\n".join(
        [
            *lines,
            "",
            f"sees from: the smallest drop (points) shown with 80 % chance. shows/excl. {points}: fixtures that show",
            f"such a drop, or exclude it when nothing is lost. A typical operator shows {points} points with as many",
            f"fixtures as: {by_samples}.",
        ]
    )
