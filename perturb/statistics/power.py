"""How many fixtures and samples a campaign needs, before it is run."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

from perturb.statistics.distributions import normal_quantile
from perturb.statistics.interval import ONE_SIDED
from perturb.statistics.paired import FEWEST_SIGNS
from perturb.statistics.verdict import ALPHA, POWER, fixtures_without_loss


@dataclass(frozen=True, slots=True)
class Assumed:
    """What is taken for granted: how often the base is right, and how much fixtures differ in what they lose.

    `spread` is the standard deviation of the effect over fixtures, in multiples of the effect: at 1.5 some fixtures
    lose a lot and most nothing. A loss between nothing and everything cannot be more uneven than all or nothing.
    """

    base: float = 0.9
    spread: float = 1.5

    def uneven(self, effect: float) -> float:
        """How much the effect differs over fixtures."""
        return min(self.spread * effect, sqrt(effect * (1 - effect)))


def noise(assumed: Assumed, pairs: float, samples: int, draws: int) -> float:
    """The standard deviation that answers' own noise gives to one fixture's mean difference over so many pairs."""
    return sqrt(assumed.base * (1 - assumed.base) * (1 / samples + 1 / draws) / pairs)


def to_show(effect: float, assumed: Assumed, pairs: float, samples: int, draws: int, tests: int) -> int:
    """How many fixtures show a drop of `effect` with 80 % power.

    Two things must show: more than noise, corrected for `tests` rows, and more fixtures worse than better.
    """
    own, reach = noise(assumed, pairs, samples, draws), normal_quantile(POWER)
    against_noise = (normal_quantile(1 - ALPHA / 2 / tests) + reach) * own / effect
    over_fixtures = (normal_quantile(1 - ALPHA / 2) + reach) * sqrt(own**2 + assumed.uneven(effect) ** 2) / effect
    return max(FEWEST_SIGNS, ceil(max(against_noise, over_fixtures) ** 2))


def to_exclude(effect: float, assumed: Assumed, pairs: float, samples: int, draws: int) -> int:
    """How many fixtures exclude a drop of `effect` with 80 % power when nothing is lost."""
    reach = normal_quantile(ONE_SIDED) + normal_quantile(POWER)
    return max(fixtures_without_loss(effect), ceil((reach * noise(assumed, pairs, samples, draws) / effect) ** 2))


def smallest(fixtures: int, assumed: Assumed, pairs: float, samples: int, draws: int, tests: int) -> float:
    """The smallest drop that so many fixtures show with 80 % power; 1.0 where none is."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        enough = to_show(middle, assumed, pairs, samples, draws, tests) <= fixtures
        low, high = (low, middle) if enough else (middle, high)
    return high
