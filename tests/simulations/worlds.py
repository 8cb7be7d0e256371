"""Simulated campaigns whose truth is known: fixtures of uneven sizes, noisy models, even and uneven effects."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from random import Random

from perturb.statistics.strata import Stratum

PARTS, SCAFFOLDS = 8, 5


@dataclass(frozen=True)
class World:
    """`fixtures` with about nine pairs each, very different in number; a model right with chance `base`.

    An even effect takes the share `loss` of what is right in every fixture. An uneven one takes six tenths of it in
    some fixtures and nothing in the others, the same on average. `draws` base answers stand against each case.
    """

    fixtures: int
    base: float
    loss: float
    uneven: bool = False
    samples: int = 1
    draws: int = 8
    spread: float = 1.0

    def chance(self, draw: Random) -> float:
        """Of a right answer in one case: cases differ in how hard they are."""
        if self.base >= 0.99 or not self.spread:
            return self.base
        return 1 / (1 + exp(-(log(self.base / (1 - self.base)) + draw.gauss(0, self.spread))))

    def strata(self, draw: Random) -> list[Stratum]:
        """One campaign."""
        made = []
        for fixture in range(self.fixtures):
            loss = self.loss if not self.uneven else 0.6 * (draw.random() < self.loss / 0.6)
            for _ in range(max(1, round(draw.lognormvariate(2.0, 0.6)))):
                chance = self.chance(draw)
                base, right = count(draw, self.draws, chance), count(draw, self.samples, chance * (1 - loss))
                made.append(Stratum(f"f{fixture:03}", base, self.draws, right, self.samples))
        return made

    def truth(self) -> float:
        """The mean difference over all fixtures there could be."""
        draw = Random(0)
        return -self.loss * sum(self.chance(draw) for _ in range(60_000)) / 60_000


def count(draw: Random, n: int, chance: float) -> int:
    """How many of `n` answers are right."""
    return sum(draw.random() < chance for _ in range(n))


def noise(
    draw: Random, base: float, operators: int, draws: int, fixtures: int = 40
) -> dict[str, dict[object, list[Stratum]]]:
    """A campaign in which nothing has an effect: its strata by part, scaffold, operator and cell."""
    tables: dict[str, dict[object, list[Stratum]]] = {"part": {}, "scaffold": {}, "operator": {}, "cell": {}}
    for fixture in range(fixtures):
        for scaffold in range(SCAFFOLDS):
            for _ in range(draw.choice((0, 1, 1, 2))):
                right = count(draw, draws, base)
                parts: dict[int, list[int]] = {part: [0, 0] for part in range(PARTS)}
                for operator in range(operators):
                    if draw.random() < 0.25:
                        continue
                    good = int(draw.random() < base)
                    parts[operator % PARTS][0] += good
                    parts[operator % PARTS][1] += 1
                    _add(tables["operator"], operator, Stratum(f"f{fixture:03}", right, draws, good, 1))
                for part, (good, n) in parts.items():
                    if n:
                        _add(tables["part"], part, Stratum(f"f{fixture:03}", right, draws, good, n))
                        _add(tables["cell"], (part, scaffold), Stratum(f"f{fixture:03}", right, draws, good, n))
                good, n = (sum(p[k] for p in parts.values()) for k in (0, 1))
                _add(tables["scaffold"], scaffold, Stratum(f"f{fixture:03}", right, draws, good, n))
    return tables


def _add(table: dict[object, list[Stratum]], key: object, stratum: Stratum) -> None:
    table.setdefault(key, []).append(stratum)
