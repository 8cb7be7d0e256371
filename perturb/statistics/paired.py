"""The effect of a perturbation on a score, with the fixture as the cluster.

Sources: Miller, "Adding Error Bars to Evals" (arXiv 2411.00640) for clustered, paired analysis; McNemar's test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from perturb.statistics.exchange import benjamini_hochberg as benjamini_hochberg
from perturb.statistics.exchange import exchange_p, loss_p
from perturb.statistics.exchange import holm as holm
from perturb.statistics.exchange import mcnemar_p as mcnemar_p
from perturb.statistics.exchange import sign_flip_p as sign_flip_p
from perturb.statistics.interval import interval, lower_bound, spread, why_none
from perturb.statistics.strata import Pair as Pair
from perturb.statistics.strata import Stratum, clusters_of, strata_of

# Below so many fixtures no sign test over fixtures can reach 5 %: signs are taken over cases, and the verdict speaks
# of these fixtures alone.
FEWEST_SIGNS = 6


@dataclass(frozen=True, slots=True)
class Effect:
    """What a perturbation did to a score, over `n` pairs.

    `difference` is perturbed - base (a drop is negative). `interval` is its 95 % interval over fixtures like these;
    None where the data cannot carry one, and `no_interval` says why. `bound` is the largest drop not excluded
    (one-sided 95 %). `worse` and `better` count pairs that flipped. `p` tests a drop against noise: that of answers
    drawn anew, and that of prompts worded anew. `p_fixtures` tests whether more was lost than won over the fixtures
    (both doubled for two sides). `deviation` is the standard
    deviation of one fixture's mean difference.
    """

    n: int
    clusters: int
    base: float
    perturbed: float
    difference: float
    interval: tuple[float, float] | None
    no_interval: str
    bound: float
    worse: int
    better: int
    p: float
    p_fixtures: float
    deviation: float

    @property
    def flips(self) -> float:
        """The share of pairs that differ in right or wrong, either way; the A/A floor is what noise makes of it."""
        return (self.worse + self.better) / self.n


def effect(pairs: Sequence[Pair], level: float = 0.95) -> Effect | None:
    """The effect over `pairs`, or None when there are none."""
    return measured(strata_of(pairs), level)


def measured(strata: Sequence[Stratum], level: float = 0.95) -> Effect | None:
    """The same, over bound cases. Those without a base answer or a perturbed one say nothing."""
    strata = [s for s in strata if s.draws and s.n]
    if not strata:
        return None
    clusters = clusters_of(strata)
    n = sum(s.n for s in strata)
    lost = [c.lost for c in clusters] if len(clusters) >= FEWEST_SIGNS else [s.lost for s in strata]
    return Effect(
        n=n,
        clusters=len(clusters),
        base=sum(c.base * c.n for c in clusters) / n,
        perturbed=sum(c.right for c in clusters) / n,
        difference=sum(c.lost for c in clusters) / n,
        interval=interval(clusters, level),
        no_interval=why_none(clusters),
        bound=lower_bound(clusters),
        worse=sum(s.worse for s in strata),
        better=sum(s.better for s in strata),
        p=noise_p(strata),
        p_fixtures=loss_p(lost),
        deviation=spread(clusters).error * len(clusters) ** 0.5 if len(clusters) > 1 else 0.0,
    )


def noise_p(strata: Sequence[Stratum]) -> float:
    """A drop against noise: the larger p-value of the exchange test and of signs over cases."""
    over_cases = loss_p([s.lost for s in strata])
    whole = all(s.base == int(s.base) and s.right == int(s.right) for s in strata)
    return max(exchange_p(strata), over_cases) if whole else over_cases
