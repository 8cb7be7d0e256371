"""``make simulations``: the tables of docs/statistics.md, on two cores in some minutes.

``python -m tests.simulations --write`` puts them between the document's marks.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

from perturb.campaign.plan import base_draws
from tests.simulations.few import few
from tests.simulations.measures import coverage, false_alarms, power, wrong_no_drop
from tests.simulations.worlds import World

DOCUMENT = Path(__file__).parents[2] / "docs" / "statistics.md"
BASES = (0.5, 0.7, 0.9, 0.98, 0.995)
CLUSTERS = (10, 15, 20, 55, 200)
Job = tuple[Callable[..., Any], tuple[Any, ...]]


def times(campaigns: int) -> int:
    """How many campaigns are simulated: all; ``--quick``: four in ten; ``--try``: four, to see that it runs."""
    tenths = 4 if "--quick" in sys.argv else 10
    return 4 if "--try" in sys.argv else campaigns * tenths // 10


def coverage_table(run: Callable[[Iterable[Job]], list[Any]]) -> str:
    """Every number of fixtures, base accuracy, samples and kind of effect."""
    worlds = [
        World(c, b, 0.05 if not u else 0.12, u, s, 8 * s) for c, u, s, b in product(CLUSTERS, (0, 1), (1, 4), BASES)
    ]
    found = iter(run((coverage, (w, times(100 if w.fixtures == 200 else 400), 7)) for w in worlds))
    rows = ["| fixtures | effect | samples | " + " | ".join(map(str, BASES)) + " |", "|---" * 8 + "|"]
    for clusters, uneven, samples in product(CLUSTERS, (0, 1), (1, 4)):
        cells = [next(found) for _ in BASES]
        kind = "uneven" if uneven else "even"
        rows.append(f"| {clusters} | {kind} | {samples} | " + " | ".join(map(_covered, cells)) + " |")
    return "\n".join(rows)


def _covered(found: Any) -> str:
    if found.carried < 0.05:
        return "not given"
    given = "" if found.carried > 0.995 else f", given in {100 * found.carried:.0f} %"
    return f"{100 * found.held:.1f} (± {100 * found.half:.1f}{given})"


def alarm_table(run: Callable[[Iterable[Job]], list[Any]]) -> str:
    """Noise only: whole tables, by base accuracy and by how often the base is asked."""
    settings = [(b, 16, d) for b in (0.5, 0.9, 0.98, 0.99) for d in (1, base_draws(1, 16))]
    settings += [(0.99, 56, 1), (0.99, 56, base_draws(1, 56))]
    found = run((false_alarms, (*s, times(150), 11)) for s in settings)
    rows = ["| base | operators | base answers | part | scaffold | operator | cell |", "|---" * 7 + "|"]
    for (base, operators, draws), alarms in zip(settings, found, strict=True):
        cells = " | ".join(f"{100 * now:.1f} ({100 * before:.0f})" for now, before in alarms.values())
        rows.append(f"| {base} | {operators} | {draws} | {cells} |")
    return "\n".join(rows)


def power_table(run: Callable[[Iterable[Job]], list[Any]]) -> str:
    """The chance of the verdict "drop" for one of sixty rows, 55 fixtures."""
    losses, settings = (0.0, 0.02, 0.03, 0.05, 0.08, 0.12), list(product((0.7, 0.9, 0.98), (1, 4)))
    worlds = [World(55, base, loss, False, samples, 8 * samples) for base, samples in settings for loss in losses]
    found = iter(run((power, (world, 60, times(80), 13)) for world in worlds))
    rows = ["| base | samples | " + " | ".join(f"{100 * x:.0f} %" for x in losses) + " |", "|---" * 8 + "|"]
    for base, samples in settings:
        cells = [next(found) for _ in losses]
        rows.append(
            f"| {base} | {samples} | "
            + " | ".join(f"{100 * c['drop']:.0f} / {100 * c['no drop']:.0f}" for c in cells)
            + " |"
        )
    return "\n".join(rows)


def draws_table(run: Callable[[Iterable[Job]], list[Any]]) -> str:
    """What more base answers buy: the power to see a loss of 5 % in one of sixty rows."""
    draws = (1, 2, 4, 8, 16)
    worlds = [World(55, base, 0.05, False, 1, d) for base in (0.7, 0.9, 0.98) for d in draws]
    found = iter(run((power, (world, 60, times(100), 17)) for world in worlds))
    rows = ["| base | " + " | ".join(map(str, draws)) + " |", "|---" * 6 + "|"]
    for base in (0.7, 0.9, 0.98):
        rows.append(f"| {base} | " + " | ".join(f"{100 * next(found)['drop']:.0f}" for _ in draws) + " |")
    return "\n".join(rows)


def bound_table(run: Callable[[Iterable[Job]], list[Any]]) -> str:
    """How often a true drop of 5 % lies beyond the bound of a "no drop"."""
    settings = list(product((20, 55, 200), (False, True)))
    found = iter(run((wrong_no_drop, (World(c, b, 0.05, u), times(200), 19)) for c, u in settings for b in BASES))
    rows = ["| fixtures | effect | " + " | ".join(map(str, BASES)) + " |", "|---" * 7 + "|"]
    for clusters, uneven in settings:
        cells = " | ".join(f"{100 * next(found):.1f}" for _ in BASES)
        rows.append(f"| {clusters} | {'uneven' if uneven else 'even'} | {cells} |")
    return "\n".join(rows)


def few_table(run: Callable[[Iterable[Job]], list[Any]]) -> str:
    """Ten fixtures: coverage of what is shipped for more, and of the wild cluster bootstrap."""
    settings = list(product((False, True), (1, 4)))
    worlds = [World(10, b, 0.12 if u else 0.05, u, s, 8 * s) for u, s in settings for b in BASES]
    found = iter(run((few, (world, times(500), 23)) for world in worlds))
    rows = ["| effect | samples | " + " | ".join(map(str, BASES)) + " |", "|---" * 7 + "|"]
    for uneven, samples in settings:
        cells = " | ".join(f"{100 * a:.0f} / {100 * b:.0f}" for a, b, _ in (next(found) for _ in BASES))
        rows.append(f"| {'uneven' if uneven else 'even'} | {samples} | {cells} |")
    return "\n".join(rows)


TABLES = {f.__name__: f for f in (coverage_table, alarm_table, draws_table, power_table, bound_table, few_table)}


def main() -> None:
    """Print every table, or those that are named; `--write` puts them into the document."""
    wanted = [name for name in sys.argv[1:] if name in TABLES] or list(TABLES)
    began = time.monotonic()
    with ProcessPoolExecutor(2) as pool:
        for name in wanted:
            text = TABLES[name](lambda jobs: [f.result() for f in [pool.submit(do, *args) for do, args in jobs]])
            sys.stdout.write(f"{name} ({time.monotonic() - began:.0f} s)\n{text}\n\n")
            sys.stdout.flush()
            if "--write" in sys.argv:
                _put(name, text)


def _put(name: str, text: str) -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = document.partition(f"<!-- {name} -->\n")
    _, _, after = rest.partition("<!-- end -->")
    DOCUMENT.write_text(f"{before}<!-- {name} -->\n{text}\n<!-- end -->{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
