"""Decisions without a gold: how often answers agree with the model's own unperturbed ones. This is no accuracy.

Of two unperturbed answers some differ by noise alone (A/A); what a perturbation costs is the agreement that it takes
away beyond that. Which oracle speaks for how many decisions is counted here as well.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from perturb.statistics.paired import Effect, measured
from perturb.statistics.records import Gathered, Light
from perturb.statistics.strata import Stratum


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement with unperturbed answers: two of those with each other (`base`), and perturbed ones with them."""

    overall: Effect
    by_part: dict[str, Effect]


@dataclass(frozen=True, slots=True)
class OracleCount:
    """What one kind of oracle spoke for: decisions in their scaffolds, base answers that it judged, and those right."""

    decisions: int
    answers: int
    right: int


def agreement_of(found: Gathered) -> Agreement | None:
    """The agreement in answers that carry a meaning; None where there are none, or no base was asked twice."""
    strata: dict[str, list[Stratum]] = defaultdict(list)
    for answers in found.perturbed.values():
        for case, many in answers.items():
            if many[0].relation != "directional" and (made := _stratum(found.bases.get(case, {}).values(), many)):
                strata[many[0].part].append(made)
    overall = measured([one for several in strata.values() for one in several])
    if overall is None:
        return None
    parts = {part: effect for part, several in sorted(strata.items()) if (effect := measured(several))}
    return Agreement(overall, parts)


def _stratum(bases: Iterable[Light], answers: Iterable[Light]) -> Stratum | None:
    """Of one bound case: the chance that two base answers agree, and that each perturbed one agrees with a base."""
    said = Counter(base.meaning for base in bases if base.meaning)
    meanings = [one.meaning for one in answers if one.meaning]
    draws = said.total()
    if draws < 2 or not meanings:
        return None
    floor = sum(n * (n - 1) for n in said.values()) / (draws * (draws - 1))
    agreed = sum(said[meaning] / draws for meaning in meanings)
    cluster = next(iter(answers)).cluster
    return Stratum(cluster, floor, 1, agreed, len(meanings))


def oracles_of(found: Gathered) -> dict[str, OracleCount]:
    """How many decisions each kind of oracle speaks for, and how its base answers came out."""
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for draws in found.bases.values():
        bases = list(draws.values())
        row = counted[bases[0].oracle]
        scored = [base.joint for base in bases if base.joint is not None]
        row[0] += 1
        row[1] += len(scored)
        row[2] += sum(scored)
    return {name: OracleCount(*row) for name, row in sorted(counted.items())}
