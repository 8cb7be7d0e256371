"""The chance that a sum of independent discrete values reaches what was observed: what permutation tests ask.

Exact while the sum takes few different values, else the saddlepoint approximation (Lugannani and Rice, 1980), whose
relative error stays small in the tails.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, exp, gcd, inf, lcm, log, pi, sinh, sqrt

from perturb.statistics.distributions import normal_cdf

# Steps of the exact way; beyond them the approximation is good to half a percent in the tails.
MOST_STEPS = 60_000
# The largest denominator of a step that values share.
FINEST = 1_000
_NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Term:
    """`count` independent values, each one of `values` with the chances `chances`."""

    values: tuple[float, ...]
    chances: tuple[float, ...]
    count: int = 1


def upper_tail(terms: Sequence[Term], observed: float) -> float:
    """The chance that the sum of all terms is at least `observed`.

    >>> upper_tail([Term((0.0, 1.0), (0.5, 0.5), 3)], 2.0)
    0.5
    """
    moving = [term for term in terms if len(term.values) > 1]
    shift = observed - sum(term.values[0] * term.count for term in terms if len(term.values) == 1)
    if not moving:
        return 1.0 if shift <= _NEAR else 0.0
    step = _step(moving)
    if step is not None and _steps(moving, step) <= MOST_STEPS:
        return _on_steps(moving, shift, step)
    exact = _exact(moving, shift) if step is None else None
    return _saddlepoint(moving, shift, step) if exact is None else exact


def _step(terms: Iterable[Term]) -> float | None:
    """The largest step in multiples of which every term moves; None where there is none that is not tiny.

    Differences of rates over few answers are small fractions, so there is one.
    """
    gaps = {round(value - term.values[0], 9) for term in terms for value in term.values[1:]}
    parts = [Fraction(gap).limit_denominator(FINEST) for gap in gaps]
    if any(abs(part - gap) > 1e-8 for part, gap in zip(parts, gaps, strict=True)):
        return None
    whole = lcm(*(part.denominator for part in parts))
    return gcd(*(int(part * whole) for part in parts)) / whole


def _offsets(term: Term, step: float) -> list[int]:
    """How many steps each value lies above the lowest."""
    lowest = min(term.values)
    return [round((value - lowest) / step) for value in term.values]


def _steps(terms: Iterable[Term], step: float) -> int:
    """How many multiplications the exact way takes."""
    length, steps = 1, 0
    for term in terms:
        span, ways = max(_offsets(term, step)), len(term.values)
        # Before the k-th of `count` equal values the sum can be at length + k * span places.
        steps += ways * (term.count * length + span * term.count * (term.count - 1) // 2)
        length += span * term.count
    return steps


def _on_steps(terms: Iterable[Term], observed: float, step: float) -> float:
    """Exact: the chances of all places that the sum can be at, one term after the other."""
    chances, lowest = [1.0], 0.0
    for term in terms:
        offsets = _offsets(term, step)
        span = max(offsets)
        lowest += min(term.values) * term.count
        for _ in range(term.count):
            padded = [0.0] * span + chances + [0.0] * span
            sides = [padded[span - offset : len(padded) - offset] for offset in offsets]
            if len(sides) == 2:
                (one, two), (p, q) = sides, term.chances
                chances = [p * a + q * b for a, b in zip(one, two, strict=True)]
            else:
                weighted = [[p * a for a in side] for p, side in zip(term.chances, sides, strict=True)]
                chances = [sum(column) for column in zip(*weighted, strict=True)]
    least = ceil((observed - lowest) / step - 1e-6)
    return min(1.0, sum(chances[max(0, least) :]))


def _exact(terms: Sequence[Term], observed: float) -> float | None:
    """The same for values that share no step; None where they are too many."""
    sums, steps = {0.0: 1.0}, 0
    for term in terms:
        for _ in range(term.count):
            steps += len(sums) * len(term.values)
            if steps > MOST_STEPS:
                return None
            longer: dict[float, float] = {}
            for known, chance in sums.items():
                for value, more in zip(term.values, term.chances, strict=True):
                    key = round(known + value, 9)
                    longer[key] = longer.get(key, 0.0) + chance * more
            sums = longer
    return min(1.0, sum(chance for value, chance in sums.items() if value >= observed - _NEAR))


def _saddlepoint(terms: Sequence[Term], observed: float, step: float | None) -> float:
    lowest = sum(min(term.values) * term.count for term in terms)
    highest = sum(max(term.values) * term.count for term in terms)
    # What the sum can be comes in steps: Daniels' second continuity correction (1987).
    step = step or min(abs(b - a) for term in terms for a, b in zip(term.values, term.values[1:], strict=False))
    target = observed - step / 2
    if target <= lowest:
        return 1.0
    if target >= highest:
        return 0.0
    tilt = _tilt(terms, target)
    cumulant, _, variance = _moments(terms, tilt)
    signed = 2 * (tilt * target - cumulant)
    w = sqrt(max(signed, 0.0)) * (1 if tilt > 0 else -1)
    u = 2 / step * sinh(tilt * step / 2) * sqrt(variance)
    if abs(w) < 1e-4 or abs(u) < 1e-4:
        return 0.5
    density = exp(-w * w / 2) / sqrt(2 * pi)
    return min(1.0, max(0.0, normal_cdf(-w) + density * (1 / u - 1 / w)))


def _tilt(terms: Sequence[Term], target: float) -> float:
    """Where the tilted mean is `target`: Newton's steps, kept inside a bracket."""
    low, high, tilt = -inf, inf, 0.0
    for _ in range(100):
        _, mean, variance = _moments(terms, tilt)
        low, high = (tilt, high) if mean < target else (low, tilt)
        step = tilt + (target - mean) / max(variance, 1e-12)
        if not low < step < high:
            step = 0.5 * (low + high) if low > -inf and high < inf else tilt + (1.0 if mean < target else -1.0)
        if abs(step - tilt) <= 1e-10 * max(1.0, abs(tilt)):
            return step
        tilt = step
    return tilt


def _moments(terms: Sequence[Term], tilt: float) -> tuple[float, float, float]:
    """Cumulant function, mean and variance of the tilted sum."""
    cumulant = mean = variance = 0.0
    for term in terms:
        top = max(tilt * value for value in term.values)
        weights = [c * exp(tilt * v - top) for v, c in zip(term.values, term.chances, strict=True)]
        total = sum(weights)
        first = sum(w * v for w, v in zip(weights, term.values, strict=True)) / total
        second = sum(w * (v - first) ** 2 for w, v in zip(weights, term.values, strict=True)) / total
        cumulant += term.count * (top + log(total))
        mean += term.count * first
        variance += term.count * second
    return cumulant, mean, variance
