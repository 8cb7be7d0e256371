"""Dose and response: how accuracy goes with the strength of an operator that has one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from perturb.statistics.interval import interval
from perturb.statistics.paired import Effect, measured
from perturb.statistics.records import Gathered
from perturb.statistics.strata import Cluster, Stratum


@dataclass(frozen=True, slots=True)
class Curve:
    """The effect at each dose (0 is the mildest), and the change per step with its 95 % interval, if there is one."""

    operator: str
    effects: tuple[tuple[int, Effect], ...]
    slope: float
    interval: tuple[float, float] | None


def curves(found: Gathered, positions: Mapping[str, int]) -> tuple[Curve, ...]:
    """The curve of every operator that says which of its choices is the dose, where two or more doses were asked."""
    made = (_curve(found, name, position) for name, position in sorted(positions.items()))
    return tuple(curve for curve in made if curve is not None)


def _curve(found: Gathered, name: str, position: int) -> Curve | None:
    doses: dict[int, list[Stratum]] = defaultdict(list)
    for case, some in found.perturbed[name].items():
        choices = some[0].dose.split(",") if some[0].dose else []
        if position < len(choices):
            doses[int(choices[position])] += found.strata([(name, case)])
    doses = {dose: strata for dose, strata in doses.items() if strata}
    if len(doses) < 2:
        return None
    effects = tuple((dose, e) for dose in sorted(doses) if (e := measured(doses[dose])) is not None)
    slope, clusters = _slope(doses)
    return Curve(name, effects, slope, interval(clusters))


def _slope(doses: Mapping[int, list[Stratum]]) -> tuple[float, list[Cluster]]:
    """Least squares over pairs; each fixture's share of the slope is its cluster value, so that intervals follow."""
    rows = [(dose, s) for dose, strata in doses.items() for s in strata]
    n = sum(s.n for _, s in rows)
    middle = sum(dose * s.n for dose, s in rows) / n
    mean = sum(s.lost for _, s in rows) / n
    square = sum(s.n * (dose - middle) ** 2 for dose, s in rows)
    slope = sum((dose - middle) * s.lost for dose, s in rows) / square
    shares: dict[str, float] = defaultdict(float)
    sizes: dict[str, int] = defaultdict(int)
    for dose, s in rows:
        shares[s.cluster] += (dose - middle) * (s.lost - s.n * (mean + slope * (dose - middle))) / square * n
        sizes[s.cluster] += s.n
    made = [Cluster(c, shares[c] + slope * sizes[c], sizes[c], 0.0, 0.0) for c in sorted(shares)]
    return slope, made
