"""What is asked of the statistics, each over many simulated campaigns: coverage, false alarms, power."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from perturb.statistics.exchange import exchange_p, holm, loss_p, sign_flip_p
from perturb.statistics.interval import interval, lower_bound
from perturb.statistics.paired import measured
from perturb.statistics.strata import Stratum, clusters_of
from perturb.statistics.verdict import ALPHA, MARGIN, verdict
from tests.simulations.worlds import World, noise


class Coverage(NamedTuple):
    """The share of campaigns that carry an interval, and of those the share whose interval holds the truth."""

    carried: float
    held: float
    half: float


def coverage(world: World, campaigns: int, seed: int) -> Coverage:
    """Coverage of the 95 % interval."""
    draw, truth, found = Random(seed), world.truth(), []
    for _ in range(campaigns):
        one = interval(clusters_of(world.strata(draw)))
        if one is not None:
            found.append(one)
    if not found:
        return Coverage(0.0, 1.0, 0.0)
    held = sum(low <= truth <= high for low, high in found) / len(found)
    return Coverage(len(found) / campaigns, held, sum(high - low for low, high in found) / 2 / len(found))


def false_alarms(base: float, operators: int, draws: int, campaigns: int, seed: int) -> dict[str, tuple[float, float]]:
    """By table: how often any row is a drop though nothing has an effect, now and by the sign-flip test alone."""
    draw, alarms = Random(seed), dict.fromkeys(("part", "scaffold", "operator", "cell"), (0.0, 0.0))
    for _ in range(campaigns):
        for name, rows in noise(draw, base, operators, draws).items():
            now, before = _any_drop(list(rows.values()))
            alarms[name] = (alarms[name][0] + now / campaigns, alarms[name][1] + before / campaigns)
    return alarms


def _any_drop(rows: list[list[Stratum]]) -> tuple[bool, bool]:
    sums = [[c.lost for c in clusters_of(row)] for row in rows]
    adjusted = holm([exchange_p(row) for row in rows])
    now = any(p <= ALPHA and sum(s) < 0 and loss_p(s) <= ALPHA for p, s in zip(adjusted, sums, strict=True))
    before = any(p <= ALPHA for p in holm([sign_flip_p(s) for s in sums]))
    return now, before


def power(world: World, tests: int, campaigns: int, seed: int) -> dict[str, float]:
    """How often each verdict is given to one row of a table of `tests`."""
    draw, words = Random(seed), dict.fromkeys(("drop", "no drop", "unknown"), 0.0)
    for _ in range(campaigns):
        found = measured(world.strata(draw))
        assert found is not None
        words[verdict(found, min(1.0, tests * found.p), MARGIN, tests).word] += 1 / campaigns
    return words


def wrong_no_drop(world: World, campaigns: int, seed: int) -> float:
    """How often the true drop lies beyond the bound that is stated."""
    draw, truth = Random(seed), world.truth()
    return sum(truth < lower_bound(clusters_of(world.strata(draw))) for _ in range(campaigns)) / campaigns
