"""The page of the experiment: arms × parts over seeds, and what it answers, whichever way it goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from perturb.core.values import PARTS
from perturb.report.html import rendered
from perturb.statistics.distributions import t_quantile
from perturb.statistics.paired import Effect
from perturb.statistics.rows import Row
from perturb.statistics.summary import Summary

# Below this, drops are compared between models that cannot do the task.
_BASE = 0.85
_HOME = "bare"


@dataclass(frozen=True, slots=True)
class Measured:
    """One training's run, and the parts in which it was found worse than the reference (None: none to compare)."""

    summary: Summary
    named: frozenset[str] | None


def over_seeds(effects: Sequence[Effect]) -> dict[str, Any]:
    """A drop over trainings: their mean, with a t interval over seeds; of a single training, its own interval."""
    drops = [effect.difference for effect in effects]
    middle, low_high = mean(drops), effects[0].interval
    if len(drops) > 1:
        half = t_quantile(0.975, len(drops) - 1) * stdev(drops) / len(drops) ** 0.5
        low_high = (middle - half, middle + half)
    return {
        "change": middle,
        "interval": low_high,
        "seeds": len(drops),
        "base": mean(effect.base for effect in effects),
        "perturbed": mean(effect.perturbed for effect in effects),
        "requests": sum(effect.n for effect in effects),
    }


def as_json(found: Mapping[str, Sequence[Measured]], untrained: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """Everything the page shows, as plain data."""
    arms = {name: _arm(runs, set(untrained[name])) for name, runs in found.items()}
    return {"arms": arms, "findings": list(_findings(arms)), "base_wanted": _BASE}


def _arm(runs: Sequence[Measured], untrained: set[str]) -> dict[str, Any]:
    home = [row.effect.base for run in runs for row in run.summary.by_scaffold if row.name == _HOME]
    named = [run.named for run in runs if run.named is not None]
    return {
        "home": mean(home) if home else None,
        "seeds": len(runs),
        "parts": _cells([[*run.summary.by_part] for run in runs]),
        "scaffolds": _cells([[*run.summary.by_scaffold] for run in runs]),
        "operators": _cells([[*run.summary.by_operator, *run.summary.directional] for run in runs]),
        "untrained": sorted(untrained, key=list(PARTS).index),
        "named": {part: sum(part in one for one in named) for part in PARTS if any(part in one for one in named)},
        "compared": len(named),
    }


def _cells(runs: Sequence[Sequence[Row]]) -> dict[str, Any]:
    names = dict.fromkeys(row.name for rows in runs for row in rows)
    return {name: over_seeds([row.effect for rows in runs for row in rows if row.name == name]) for name in names}


def _findings(arms: Mapping[str, Any]) -> Iterable[str]:
    low = {name: arm["home"] for name, arm in arms.items() if arm["home"] is None or arm["home"] < _BASE}
    if low:
        shown = ", ".join(f"{name} {'–' if home is None else f'{home:.0%}'}" for name, home in low.items())
        yield (
            f"Base accuracy in the home scaffold stayed below {_BASE:.0%} ({shown}): a model of this size and training "
            "misses held-out words and values before anything is changed. Drops below are of such models."
        )
    yield from _answers(arms, "tool-scaling", "Tool scaling")
    yield from _answers(arms, "whole-trajectory", "Whole-trajectory data")
    for name, arm in arms.items():
        if arm["compared"]:
            half = arm["compared"] / 2
            seen = {part for part, count in arm["named"].items() if count > half}
            there = set(arm["untrained"]) & set(arm["parts"])
            missed, beyond = sorted(there - seen), sorted(seen - there)
            yield (
                f"Blind, {name} is called worse in: {', '.join(sorted(seen)) or 'nothing'}. Not trained there and not "
                f"called: {', '.join(missed) or 'none'}; called though trained there: {', '.join(beyond) or 'none'}."
            )


def _answers(arms: Mapping[str, Any], name: str, title: str) -> Iterable[str]:
    """How the arm's drops stand beside those of the base-only arm."""
    if name not in arms or "base-only" not in arms:
        return
    said = []
    for part, cell in arms[name]["parts"].items():
        plain = arms["base-only"]["parts"].get(part)
        if plain:
            said.append(f"{part} {100 * plain['change']:+.0f} → {100 * cell['change']:+.0f}")
    yield f"{title}, change by part in points, base-only → {name}: {'; '.join(said) or 'no part in common'}."


def page(data: Mapping[str, Any]) -> str:
    """The HTML page of :func:`as_json`'s data."""
    parts = [part for part in PARTS if any(part in arm["parts"] for arm in data["arms"].values())]
    scaffolds = list(dict.fromkeys(name for arm in data["arms"].values() for name in arm["scaffolds"]))
    operators = sorted({name for arm in data["arms"].values() for name in arm["operators"]})
    return rendered("experiment.html.j2", parts=parts, scaffolds=scaffolds, operators=operators, **data)
