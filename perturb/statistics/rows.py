"""Rows of a table: an effect, its verdict corrected over the table, and what stands beside accuracy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from perturb.statistics.exchange import benjamini_hochberg, holm
from perturb.statistics.paired import Effect, measured, noise_p
from perturb.statistics.records import Gathered, Light
from perturb.statistics.strata import Stratum
from perturb.statistics.verdict import MARGIN, Verdict, verdict

COSTS = ("prompt_tokens", "completion_tokens", "thinking_characters", "looks")
Key = TypeVar("Key", bound=Hashable)
Answers = Mapping[str, Sequence[Light]]


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
    groups: Mapping[Key, Answers],
    name: Callable[[Key], str],
    margin: float = MARGIN,
    *,
    cells: bool = False,
) -> dict[Key, Row]:
    """A row for each group of perturbed answers (by bound case), corrected for all of them together.

    Rows of `cells` are many and hold their effect and verdict alone.
    """
    strata = {key: _strata(found, answers) for key, answers in groups.items()}
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
            None if cells else _exposed(found, groups[key]),
            {} if cells else _beside(found, groups[key]),
            _broken(strata[key]),
        )
    return made


def _one_operator(found: Gathered, answers: Answers, together: float) -> float:
    """The p-value of a row, also where it shows only in one of the operators pooled in it (Bonferroni over both ways).

    One base answer beside many perturbed ones says little of the base; beside those of one operator it is enough.
    """
    by_operator: dict[str, dict[str, list[Light]]] = defaultdict(lambda: defaultdict(list))
    for case, some in answers.items():
        for answer in some:
            by_operator[answer.operator][case].append(answer)
    if len(by_operator) < 2:
        return together
    single = min(noise_p(_strata(found, own)) for own in by_operator.values())
    return min(1.0, 2 * min(together, len(by_operator) * single))


def _strata(found: Gathered, answers: Answers) -> list[Stratum]:
    return [s for case, some in answers.items() if (s := found.stratum(case, some)) is not None]


def _exposed(found: Gathered, answers: Answers) -> Effect | None:
    known = [a.exposed for some in answers.values() for a in some]
    if all(known) or True not in known:
        return None
    return measured(_strata(found, {case: [a for a in some if a.exposed] for case, some in answers.items()}))


def _beside(found: Gathered, answers: Answers) -> dict[str, tuple[float, float]]:
    after = [a for some in answers.values() for a in some if a.answered]
    before = [b for case in answers for b in found.bases.get(case, {}).values() if b.answered]
    if not after or not before:
        return {}
    means = {}
    for place, cost in enumerate(COSTS):
        pair = sum([b.costs[place] for b in before]) / len(before), sum([a.costs[place] for a in after]) / len(after)
        if any(pair):
            means[cost] = pair
    one, two = scores(before), scores(after)
    return {**means, **{name: (one[name], two[name]) for name in one.keys() & two.keys()}}


def scores(records: Iterable[Light]) -> dict[str, float]:
    """The mean of every scorer over the answers it has something to say about."""
    sums: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    for record in records:
        for name, value in record.scores:
            sums[name] += value
            counts[name] += 1
    return {name: sums[name] / counts[name] for name in sorted(sums)}


def _broken(strata: Iterable[Stratum]) -> tuple[str, ...]:
    by_fixture: dict[str, list[Stratum]] = defaultdict(list)
    for stratum in strata:
        by_fixture[stratum.cluster].append(stratum)
    return tuple(sorted(name for name, some in by_fixture.items() if _all_lost(some)))


def _all_lost(strata: Sequence[Stratum]) -> bool:
    draws, n = sum(s.draws for s in strata), sum(s.n for s in strata)
    return draws >= 2 and n >= 2 and all(s.base == s.draws and s.right == 0 for s in strata)
