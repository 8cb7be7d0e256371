"""Choices matter, and doses are ordered: over all applications of one operator."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from perturb.core.canonical import canonical
from perturb.core.registry import Operator
from perturb.laws.operators.applied import Applied, bare
from perturb.laws.operators.law import overall

# How often options have to come out the same until that is more than chance.
ENOUGH = 3
_Key = tuple[str, str, tuple[int, ...]]


def _alternatives(tried: Sequence[Applied]) -> dict[tuple[int, _Key], dict[int, Applied]]:
    """Applications to one case that differ in one choice: (place, case and earlier choices) → option → application."""
    found: dict[tuple[int, _Key], dict[int, Applied]] = defaultdict(dict)
    for one in tried:
        for place, option in enumerate(one.choices):
            # What is chosen after it may be another thing altogether; it has to be as mild as it can be.
            if not any(one.choices[place + 1 :]):
                found[place, (one.case.id, one.case.scaffold, one.choices[:place])][option] = one
    return found


@overall("choices matter")
def choices_matter(_operator: Operator, tried: Sequence[Applied]) -> Iterator[tuple[Applied, str]]:
    """For every choice there is a case in which another option makes another case."""
    differ: dict[int, list[bool]] = defaultdict(list)
    shown: dict[int, Applied] = {}
    for (place, _), options in _alternatives(tried).items():
        if len(options) > 1:
            made = {canonical(bare(one.out)) for one in options.values()}
            differ[place].append(len(made) > 1)
            shown.setdefault(place, next(iter(options.values())))
    for place, matters in sorted(differ.items()):
        if len(matters) >= ENOUGH and not any(matters):
            yield shown[place], f"choice {place} makes no difference in any case: every option gives the same"
    for place, option, one, other in _same(tried):
        yield one, f"options {other} and {option} of choice {place} give the same in every case"


def _same(tried: Sequence[Applied]) -> Iterator[tuple[int, int, Applied, int]]:
    """Pairs of options that were tried side by side often enough, and never differed."""
    alike: dict[tuple[int, int, int], list[bool]] = defaultdict(list)
    shown: dict[tuple[int, int, int], Applied] = {}
    for (place, _), options in _alternatives(tried).items():
        ordered = sorted(options)
        for one, other in ((a, b) for n, a in enumerate(ordered) for b in ordered[n + 1 :]):
            # Options that depend on the case are other ones in each; only fixed numbers of them are compared.
            key = place, one, other
            alike[key].append(canonical(bare(options[one].out)) == canonical(bare(options[other].out)))
            shown[key] = options[other]
    widths = _widths(tried)
    for (place, one, other), same in alike.items():
        if len(same) >= ENOUGH and all(same) and len(widths[place]) == 1:
            yield place, other, shown[place, one, other], one


def _widths(tried: Sequence[Applied]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for one in tried:
        for place, width in enumerate(one.widths):
            found[place].add(width)
    return found


@overall("doses ordered")
def doses_ordered(operator: Operator, tried: Sequence[Applied]) -> Iterator[tuple[Applied, str]]:
    """The declared dose is a choice there is, and what comes later in it changes no less."""
    place = operator.dose
    if place is None:
        return
    if tried and not any(len(one.widths) > place and one.widths[place] > 1 for one in tried):
        yield tried[0], f"choice {place} is declared as its dose, and is none"
        return
    totals: dict[tuple[int, int], tuple[float, float, float, float]] = defaultdict(lambda: (0, 0, 0, 0))
    shown: dict[tuple[int, int], Applied] = {}
    for (where, _), options in _alternatives(tried).items():
        for one, other in pairwise(sorted(options)) if where == place else ():
            (less, low), (more, high) = _change(options[one]), _change(options[other])
            sums = totals[one, other]
            totals[one, other] = (sums[0] + less, sums[1] + low, sums[2] + more, sums[3] + high)
            shown.setdefault((one, other), options[other])
    for (one, other), sums in totals.items():
        if sums[2:] < sums[:2]:
            told = f"dose {other} changes {sums[2]:g} words, dose {one} before it {sums[0]:g}, over all cases"
            yield shown[one, other], told


def _change(applied: Applied) -> tuple[int, float]:
    """How many words of the request differ; where as many do, the numbers among the new ones."""
    old, new = (Counter(re.findall(r"\S+", text)) for text in (applied.said_before, applied.said))
    added, gone = new - old, old - new
    numbers = sum(float(n) for word in added.elements() for n in re.findall(r"\d+(?:\.\d+)?", word)[:1])
    return added.total() + gone.total(), numbers
