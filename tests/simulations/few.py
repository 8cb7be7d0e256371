"""Ten fixtures: can an interval be given? What is shipped for more of them, and the rival that is named most often."""

from __future__ import annotations

from math import sqrt
from random import Random

from perturb.statistics.distributions import t_quantile
from perturb.statistics.interval import _unskewed, spread
from perturb.statistics.strata import Cluster, clusters_of
from tests.simulations.worlds import World

# Webb's six-point weights (2014): with ten clusters two-point ones have only 1,024 patterns.
WEIGHTS = (-sqrt(1.5), -1.0, -sqrt(0.5), sqrt(0.5), 1.0, sqrt(1.5))
DRAWS = 199


def shipped(clusters: list[Cluster]) -> tuple[float, float] | None:
    """The interval for fifteen fixtures and more, without its refusals."""
    found = spread(clusters)
    if found.error == 0:
        return None
    high, low = (_unskewed(t_quantile(q, found.df), found.skewness, len(clusters)) for q in (0.025, 0.975))
    return found.mean - low * found.error, found.mean - high * found.error


def wild(clusters: list[Cluster], draw: Random) -> tuple[float, float] | None:
    """The wild cluster bootstrap-t (Cameron, Gelbach and Miller, 2008) of a mean, symmetric."""
    total = sum(c.n for c in clusters)
    mean = sum(c.lost for c in clusters) / total
    residuals = [c.lost - mean * c.n for c in clusters]
    error = sqrt(sum(r * r for r in residuals)) / total
    if error == 0:
        return None
    reached = []
    for _ in range(DRAWS):
        drawn = [r * draw.choice(WEIGHTS) for r in residuals]
        shift = sum(drawn) / total
        own = sqrt(sum((d - shift * c.n) ** 2 for d, c in zip(drawn, clusters, strict=True))) / total
        reached.append(abs(shift) / own if own else 0.0)
    limit = sorted(reached)[int(0.95 * (DRAWS + 1)) - 1]
    return mean - limit * error, mean + limit * error


def few(world: World, campaigns: int, seed: int) -> tuple[float, float, float]:
    """Coverage of both, and the share of campaigns in which some fixture loses much and none of those seen does."""
    draw, truth = Random(seed), world.truth()
    held = [0, 0]
    unseen = 0
    for _ in range(campaigns):
        clusters = clusters_of(world.strata(draw))
        for place, found in enumerate((shipped(clusters), wild(clusters, draw))):
            held[place] += found is not None and found[0] <= truth <= found[1]
        unseen += world.uneven and max(-c.lost / c.n for c in clusters) < 0.3 * world.base
    return held[0] / campaigns, held[1] / campaigns, unseen / campaigns
