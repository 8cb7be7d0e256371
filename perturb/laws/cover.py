"""Which decisions the laws look at: all, a few of each kind, or the fewest that still reach everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from perturb.core.canonical import canonical
from perturb.core.draw import NotApplicableError, mildest
from perturb.core.registry import OPERATORS, SCAFFOLDS
from perturb.core.values import Case
from perturb.laws.breach import Breach
from perturb.laws.operators.process import source
from perturb.laws.operators.trying import attempt
from perturb.scaffolding.binding import bind
from perturb.trajectories.episodes import Episode
from perturb.trajectories.loading import load_all

_Thing = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cover:
    """The chosen bound cases, the smallest first; of how many; and in which cells operators apply and are applied.

    `broken`: operators that could not even be looked at, with what they did.
    """

    cases: tuple[Case, ...]
    bound: int
    fixtures: int
    cells: int
    reached: int
    broken: dict[str, Breach] = field(default_factory=dict)

    def said(self) -> str:
        """What was looked at and what was not, in one line."""
        inside = len({case.cluster for case in self.cases})
        return (
            f"{inside} of {self.fixtures} fixtures, {self.reached} of {self.cells} operator × family × scaffold cells"
            f" that there are, {len(self.cases)} of {self.bound} bound decisions"
            + ("" if len(self.cases) == self.bound else "; the others are not covered (--all)")
        )


def every_bound(episodes: Iterable[Episode] | None = None) -> list[Case]:
    """Every case of `episodes` (the shipped ones) in every scaffold that carries it."""
    found = []
    for episode in load_all() if episodes is None else episodes:
        for case in episode.cases:
            bound = (bind(case, scaffold) for scaffold in SCAFFOLDS.values())
            found += [one for one in bound if one is not None]
    return found


def spread(per_cell: int, episodes: Iterable[Episode] | None = None) -> list[Case]:
    """Bound cases of `episodes` (the shipped ones): `per_cell` of each family in each scaffold, by hash; 0: all."""
    cells: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for bound in every_bound(episodes):
        cells[bound.family, bound.scaffold].append(bound)
    chosen: list[Case] = []
    for found in cells.values():
        found.sort(key=lambda case: blake2b(case.id.encode()).digest())
        chosen.extend(found[:per_cell] if per_cell else found)
    return chosen


def covering(operators: Sequence[str], everything: bool = False) -> Cover:
    """The fewest shipped cases, greedily, that reach every fixture and every cell in which an operator applies.

    A cell is an operator in a family in a scaffold. Deterministic.
    """
    cases = sorted(every_bound(), key=lambda case: (len(canonical(case)), case.id, case.scaffold))
    broken: dict[str, Breach] = {}
    reach = [_reach(case, operators, broken) for case in cases]
    if broken:
        # What changed its input changed these.
        cases = sorted(every_bound(), key=lambda case: (len(canonical(case)), case.id, case.scaffold))
    wanted: set[_Thing] = set().union(*reach)
    chosen = range(len(cases)) if everything else _greedy(reach, wanted)
    kept = sorted(chosen)
    reached = set().union(*(reach[place] for place in kept))
    fixtures = len({case.cluster for case in cases})
    cells = [sum(len(thing) == 3 for thing in several) for several in (wanted, reached)]
    return Cover(tuple(cases[place] for place in kept), len(cases), fixtures, cells[0], cells[1], broken)


def _greedy(reach: Sequence[set[_Thing]], wanted: set[_Thing]) -> list[int]:
    chosen, left = [], set(wanted)
    while left:
        best = max(range(len(reach)), key=lambda place: (len(reach[place] & left), -place))
        chosen.append(best)
        left -= reach[best]
    return chosen


def _reach(case: Case, operators: Sequence[str], broken: dict[str, Breach]) -> set[_Thing]:
    found: set[_Thing] = {(case.cluster,), (case.family, case.scaffold)}
    names = [name for name in operators if name not in broken]
    return found | {(name, case.family, case.scaffold) for name in names if _applies(name, case, broken)}


def _applies(name: str, case: Case, broken: dict[str, Breach]) -> bool:
    """Whether an operator, at its mildest, makes something of a case; what it raises its laws will say."""
    operator = OPERATORS[name]
    if source(operator) is not None:
        breach, out = attempt(operator, case, mildest())
        if breach is not None and breach.law in ("purity", "bounded"):
            broken[name] = breach
        return out is not None or breach is not None
    try:
        return operator.perturb(case, mildest()) is not None
    except NotApplicableError:
        return False
    except Exception:
        return True
