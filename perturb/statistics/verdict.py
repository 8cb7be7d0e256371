"""From an effect to one of three words, and how many more fixtures an "unknown" would take.

The verdict is monotone: turning wrong perturbed answers right never makes it worse. `docs/statistics.md` says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal

from perturb.statistics.distributions import normal_quantile
from perturb.statistics.interval import ONE_SIDED
from perturb.statistics.paired import FEWEST_SIGNS, Effect

# Five points: what a suite of some fifty fixtures can exclude when nothing is lost at all.
MARGIN = 0.05
ALPHA = 0.05
POWER = 0.8
# A model must be right on this many margins' worth of the bases, else a perturbation has little to take.
LEAST_BASE = 4

Word = Literal["drop", "no drop", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`word`, why, and for "unknown" how many more fixtures like these would likely decide (0: no number would).

    "no drop" means: a drop of more than the margin is excluded.
    """

    word: Word
    reason: str
    more: int = 0


def verdict(found: Effect, adjusted: float | None = None, margin: float = MARGIN, tests: int = 1) -> Verdict:
    """The verdict on an effect. `adjusted` is its p-value corrected for the `tests` that it is one of."""
    p = found.p if adjusted is None else adjusted
    if found.base < LEAST_BASE * margin:
        return Verdict("unknown", f"right on {found.base:.0%} of the bases: little to lose")
    if found.difference < 0 and p <= ALPHA and found.p_fixtures <= ALPHA:
        only = f" on these {found.clusters} fixtures" if found.clusters < FEWEST_SIGNS else ""
        return Verdict("drop", f"{100 * found.difference:+.1f} points{only}")
    if found.bound > -margin:
        return Verdict("no drop", f"no drop beyond {-100 * found.bound:.1f} points")
    more = needed(found, margin, tests)
    return Verdict("unknown", _why(found, margin, tests), more)


def _why(found: Effect, margin: float, tests: int) -> str:
    if found.interval is not None and found.interval[1] < 0:
        return f"looks like a drop, but not beyond noise in a table of {tests} rows"
    limit = f"a drop of up to {-100 * found.bound:.0f} points is not excluded"
    if found.worse == 0 and found.difference >= 0:
        return f"nothing was lost, but in {found.clusters} fixtures {limit}"
    return f"{limit} (margin {100 * margin:.0f})"


def needed(found: Effect, margin: float = MARGIN, tests: int = 1) -> int:
    """How many more fixtures would decide with 80 % chance, if the model goes on as it did."""
    ways, reach = [], normal_quantile(POWER)
    if margin + found.difference > 0:
        steps = (normal_quantile(ONE_SIDED) + reach) * found.deviation / (margin + min(0.0, found.difference))
        ways.append(max(steps**2, fixtures_without_loss(margin)))
    if found.difference < 0 and found.p < 0.9:
        over_fixtures = (normal_quantile(1 - ALPHA / 2) + reach) * found.deviation / found.difference
        beyond_noise = (normal_quantile(1 - ALPHA / 2 / tests) + reach) / -normal_quantile(max(found.p, 1e-300) / 2)
        ways.append(max(FEWEST_SIGNS, over_fixtures**2, found.clusters * beyond_noise**2))
    return max(1, ceil(min(ways or [fixtures_without_loss(margin)])) - found.clusters)


def fixtures_without_loss(margin: float) -> int:
    """How many fixtures exclude a drop of more than `margin` when nothing at all is lost.

    >>> fixtures_without_loss(0.05)
    52
    """
    z = normal_quantile(ONE_SIDED)
    return ceil(z * z * (1 - margin) / margin)
