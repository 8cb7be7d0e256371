"""Rows of a table: an effect, its verdict corrected over the table, and what stands beside accuracy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from perturb.statistics.exchange import benjamini_hochberg, holm
from perturb.statistics.means import Means
from perturb.statistics.paired import Effect, measured, noise_p
from perturb.statistics.records import Gathered, Light, Place
from perturb.statistics.strata import Stratum
from perturb.statistics.verdict import MARGIN, Verdict, verdict

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Row:
    """One part, scaffold, operator or cell. `holm` and `q` are adjusted over its table.

    `exposed` is the effect where the perturbation touches what the expected answer uses; None where that is unknown.
    `beside` holds means of base and perturbed answers: costs and every scorer. `broken` are fixtures that were right
    in every base answer and wrong in every perturbed one (two or more of each).
    """

    name: str
    effect: Effect
    verdict: Verdict
    holm: float
    q: float
    exposed: Effect | None = None
    beside: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    broken: tuple[str, ...] = ()

    @property
    def robust(self) -> bool:
        """Whether a drop of more than the margin is excluded."""
        return self.verdict.word == "no drop"


def table(
    found: Gathered,
    groups: Mapping[Key, Sequence[Place]],
    name: Callable[[Key], str],
    margin: float = MARGIN,
    means: Means | None = None,
) -> dict[Key, Row]:
    """A row for each group of perturbed answers, corrected for all of them together.

    Without `means` its rows, which may be many, hold their effect and verdict alone.
    """
    strata = {key: found.strata(places) for key, places in groups.items()}
    effects = {key: e for key, rows in strata.items() if (e := measured(rows)) is not None}
    if found.alike:
        effects = {key: replace(e, p=_one_operator(found, groups[key], e.p)) for key, e in effects.items()}
    p_values = [e.p for e in effects.values()]
    made = {}
    for (key, e), adjusted, q in zip(effects.items(), holm(p_values), benjamini_hochberg(p_values), strict=True):
        made[key] = Row(
            name(key),
            e,
            verdict(e, adjusted, margin, len(effects)),
            adjusted,
            q,
            _exposed(found, groups[key]) if means else None,
            means.beside(groups[key]) if means else {},
            _broken(strata[key]),
        )
    return made


def _one_operator(found: Gathered, places: Iterable[Place], together: float) -> float:
    """The p-value of a row, also where it shows only in one of the operators pooled in it (Bonferroni over both ways).

    One base answer beside many perturbed ones says little of the base; beside those of one operator it is enough.
    """
    by_operator: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        by_operator[place[0]].append(place)
    if len(by_operator) < 2:
        return together
    single = min(noise_p(found.strata(own)) for own in by_operator.values())
    return min(1.0, 2 * min(together, len(by_operator) * single))


def _exposed(found: Gathered, places: Iterable[Place]) -> Effect | None:
    """The effect where the answers are exposed; None where all are, or none is known to be."""
    touched: dict[str, list[Light]] = defaultdict(list)
    whole = True
    for place in places:
        for answer in found.answers(place):
            if answer.exposed:
                touched[place[1]].append(answer)
            else:
                whole = False
    if whole or not touched:
        return None
    return measured([s for case, some in touched.items() if (s := found.stratum(case, some)) is not None])


def _broken(strata: Iterable[Stratum]) -> tuple[str, ...]:
    by_fixture: dict[str, list[Stratum]] = defaultdict(list)
    for stratum in strata:
        by_fixture[stratum.cluster].append(stratum)
    return tuple(sorted(name for name, some in by_fixture.items() if _all_lost(some)))


def _all_lost(strata: Sequence[Stratum]) -> bool:
    draws, n = sum(s.draws for s in strata), sum(s.n for s in strata)
    return draws >= 2 and n >= 2 and all(s.base == s.draws and s.right == 0 for s in strata)
