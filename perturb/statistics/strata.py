"""The data that everything else is computed from: what was right in each bound case, before and after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    """One decision, before and after: scores in [0, 1]. Pairs of one `case` share their base answers ("": it is alone).

    `draw` tells apart the base answers of a case; pairs of one draw were compared with the same answer.
    """

    cluster: str
    base: float
    perturbed: float
    case: str = ""
    draw: int = 0


@dataclass(frozen=True, slots=True)
class Stratum:
    """One bound case: `base` of `draws` base answers were right, `right` of `n` perturbed ones.

    `worse` and `better` count the perturbed answers that differ from the base answer of the same draw.
    """

    cluster: str
    base: float
    draws: int
    right: float
    n: int
    worse: int = 0
    better: int = 0

    @property
    def lost(self) -> float:
        """The sum of perturbed - base over the perturbed answers; negative is a loss."""
        return self.right - self.n * self.base / self.draws

    def with_more(self, other: Stratum) -> Stratum:
        """The same case with the perturbed answers of `other` too."""
        return Stratum(
            self.cluster,
            self.base,
            self.draws,
            self.right + other.right,
            self.n + other.n,
            self.worse + other.worse,
            self.better + other.better,
        )


@dataclass(frozen=True, slots=True)
class Cluster:
    """One fixture: the sum of its differences over `n` pairs, its base accuracy and how much was right."""

    name: str
    lost: float
    n: int
    base: float
    right: float


def strata_of(pairs: Iterable[Pair]) -> list[Stratum]:
    """Pairs grouped by the base answers that they share."""
    shared: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for number, pair in enumerate(pairs):
        shared[pair.cluster, pair.case or f"\0{number}"].append(pair)
    return [_stratum(cluster, found) for (cluster, _), found in shared.items()]


def _stratum(cluster: str, pairs: Sequence[Pair]) -> Stratum:
    bases = {pair.draw: pair.base for pair in pairs}
    return Stratum(
        cluster,
        sum(bases.values()),
        len(bases),
        sum(pair.perturbed for pair in pairs),
        len(pairs),
        sum(pair.perturbed < pair.base for pair in pairs),
        sum(pair.perturbed > pair.base for pair in pairs),
    )


def clusters_of(strata: Iterable[Stratum]) -> list[Cluster]:
    """Strata added up by fixture, in the order of names, so that the order of records changes nothing."""
    by_name: dict[str, list[Stratum]] = defaultdict(list)
    for stratum in strata:
        by_name[stratum.cluster].append(stratum)
    return [_cluster(name, by_name[name]) for name in sorted(by_name)]


def _cluster(name: str, strata: Sequence[Stratum]) -> Cluster:
    n = sum(s.n for s in strata)
    base = sum(s.n * s.base / s.draws for s in strata) / n
    return Cluster(name, sum(s.lost for s in strata), n, base, sum(s.right for s in strata))
