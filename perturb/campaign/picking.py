"""A part of the product that fits a budget: balanced over operators, scaffolds and fixtures, the same for a seed.

Fixtures are what numbers generalise over, so every fixture comes before any comes twice. A base is worth asking when
several operators share it, so that a picked decision carries a dozen of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import inf

from perturb.core.errors import UserError
from perturb.core.values import Case

# Perturbed requests that share a base: with the square-root rule of their bases, three quarters of all requests.
SHARE = 12
# Requests of each profile; 0: all there is.
PROFILES = {"quick": 2_000, "standard": 10_000, "full": 0}


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run may ask: requests, or prompt and answer tokens by estimate. Zero stands for no bound."""

    requests: int = 0
    tokens: int = 0


def budget_from(text: str) -> Budget:
    """The budget that a text says. Raises UserError for what is none.

    >>> budget_from("500"), budget_from("5Mtok"), budget_from("250ktok")
    (Budget(requests=500, tokens=0), Budget(requests=0, tokens=5000000), Budget(requests=0, tokens=250000))
    """
    number, unit = text.removesuffix("tok"), text.endswith("tok")
    scale = {"k": 10**3, "M": 10**6}.get(number[-1:], 1)
    digits = number[:-1] if scale > 1 else number
    if not (digits.isascii() and digits.isdigit() and 0 < int(digits[:12]) * scale < 2**31):
        raise UserError(f"--budget {text[:40]}: neither requests (2000) nor tokens (5Mtok, 250ktok)")
    return Budget(tokens=int(digits) * scale) if unit else Budget(requests=int(digits) * scale)


# The requests and tokens of a decision's bases for so many operators, and those of one operator (None: it makes none).
BaseCost = Callable[[Case, int], tuple[int, int]]
OperatorCost = Callable[[Case, str], tuple[int, int] | None]


def balanced(
    cases: Sequence[Case], operators: Sequence[str], budget: Budget, seed: int, base: BaseCost, one: OperatorCost
) -> Iterator[tuple[Case, list[str]]]:
    """Decisions with the operators to try on each, in their given order, as many as fit the budget."""
    bound = (budget.requests or inf, budget.tokens or inf)
    spent = (0, 0)
    used: Counter[str] = Counter()
    share = _share(len(cases), len(operators), budget)
    chosen: dict[int, list[str]] = {}
    for place in _order(cases, seed):
        case = cases[place]
        found: list[str] = []
        for name in _rarest(operators, used, case, seed):
            cost = one(case, name) if len(found) < share else None
            if cost is None:
                continue
            with_it = _sum(spent, cost, base(case, len(found) + 1))
            if any(a > b for a, b in zip(with_it, bound, strict=True)):
                break
            spent = _sum(spent, cost)
            found.append(name)
        if not found:
            continue
        spent = _sum(spent, base(case, len(found)))
        used.update(found)
        used.update(f"{name}/{case.scaffold}" for name in found)
        chosen[place] = sorted(found)
    yield from ((cases[place], chosen[place]) for place in sorted(chosen))


def _share(cases: int, operators: int, budget: Budget) -> int:
    """How many operators each decision carries: more than usual where the decisions are too few for the budget."""
    share = SHARE
    while budget.requests and share < operators and cases * (share + share**0.5) < budget.requests:
        share += 1
    return min(share, operators)


def _order(cases: Sequence[Case], seed: int) -> Iterator[int]:
    """Places of cases: each fixture once before any comes again, each time in the scaffold that was used least."""
    left: dict[str, list[int]] = defaultdict(list)
    for place, case in sorted(enumerate(cases), key=lambda pair: _hash(seed, pair[1].id, pair[1].scaffold)):
        left[case.cluster].append(place)
    used: Counter[str] = Counter()
    while left:
        for cluster in sorted(left, key=lambda name: _hash(seed, name)):
            place = min(left[cluster], key=lambda n: used[cases[n].scaffold])
            used[cases[place].scaffold] += 1
            left[cluster].remove(place)
            if not left[cluster]:
                del left[cluster]
            yield place


def _rarest(operators: Sequence[str], used: Counter[str], case: Case, seed: int) -> Iterable[str]:
    def key(name: str) -> tuple[int, int, bytes]:
        return used[name], used[f"{name}/{case.scaffold}"], _hash(seed, case.id, case.scaffold, name)

    return sorted(operators, key=key)


def _sum(*costs: tuple[int, int]) -> tuple[int, int]:
    return sum(a for a, _ in costs), sum(b for _, b in costs)


def _hash(seed: int, *names: str) -> bytes:
    return blake2b(repr((seed, names)).encode("utf-8", "surrogatepass"), digest_size=8).digest()
