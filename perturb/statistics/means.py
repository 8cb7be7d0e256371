"""What stands beside accuracy: means of costs and of every scorer, of base answers and of perturbed ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from perturb.statistics.records import Gathered, Light, Place

COSTS = ("prompt_tokens", "completion_tokens", "thinking_characters", "looks")


@dataclass(slots=True)
class Totals:
    """Sums over answers: how many there are, their costs, and of every scorer its values and how many it gave."""

    count: int = 0
    costs: list[int] = field(default_factory=lambda: [0] * len(COSTS))
    scores: dict[str, tuple[float, int]] = field(default_factory=dict)

    def add(self, record: Light) -> None:
        """One more answer."""
        self.count += 1
        self.costs = [known + more for known, more in zip(self.costs, record.costs, strict=True)]
        for name, value in record.scores:
            known, times = self.scores.get(name, (0.0, 0))
            self.scores[name] = known + value, times + 1

    def merge(self, other: Totals) -> None:
        """All of `other` too."""
        self.count += other.count
        self.costs = [known + more for known, more in zip(self.costs, other.costs, strict=True)]
        for name, (value, more) in other.scores.items():
            known, times = self.scores.get(name, (0.0, 0))
            self.scores[name] = known + value, times + more

    def means(self) -> dict[str, float]:
        """The mean of every scorer over the answers it has something to say about."""
        return {name: self.scores[name][0] / self.scores[name][1] for name in sorted(self.scores)}


def totals(records: Iterable[Light]) -> Totals:
    """The sums over the answers among `records`."""
    made = Totals()
    for record in records:
        if record.answered:
            made.add(record)
    return made


class Means:
    """Means over any places of a run. Each place is added up once."""

    def __init__(self, found: Gathered) -> None:
        self._found = found
        self._before: dict[str, Totals] = {}
        self._after: dict[Place, Totals] = {}

    def beside(self, places: Iterable[Place]) -> dict[str, tuple[float, float]]:
        """Costs that are not zero and scorers, each with its mean at base and perturbed."""
        before, after, cases = Totals(), Totals(), set[str]()
        for place in places:
            after.merge(self._perturbed(place))
            if place[1] not in cases:
                cases.add(place[1])
                before.merge(self._base(place[1]))
        if not before.count or not after.count:
            return {}
        pairs = zip(COSTS, before.costs, after.costs, strict=True)
        costs = {name: (a / before.count, b / after.count) for name, a, b in pairs if a or b}
        one, two = before.means(), after.means()
        return {**costs, **{name: (one[name], two[name]) for name in one if name in two}}

    def _base(self, case: str) -> Totals:
        if case not in self._before:
            self._before[case] = totals(self._found.bases.get(case, {}).values())
        return self._before[case]

    def _perturbed(self, place: Place) -> Totals:
        if place not in self._after:
            self._after[place] = totals(self._found.answers(place))
        return self._after[place]
