"""Operators with planted bugs, as a contributor would plausibly write them, a file a subject.

Each names the law that has to catch it; `alone` where no other law may. Nothing here is registered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from perturb.core.registry import OPERATORS, Operator, Perturb
from perturb.core.values import Part, Relation


@dataclass(frozen=True)
class Planted:
    """A wrong operator, the law that has to catch it, and whether that law has to be the only one."""

    operator: Operator
    law: str
    alone: bool


PLANTED: list[Planted] = []


def planted(
    law: str, part: Part, relation: Relation = "invariant", *, alone: bool = False, dose: int | None = None
) -> Callable[[Perturb], Perturb]:
    """Note a wrong operator, which `law` has to catch."""

    def note(function: Perturb) -> Perturb:
        name = getattr(function, "__name__", "?")
        summary = (function.__doc__ or "").splitlines()[0]
        made = Operator(f"{part}.{name}", part, relation, summary, function, dose=dose)
        PLANTED.append(Planted(made, law, alone))
        return function

    return note


def load_planted() -> list[Planted]:
    """All of them."""
    for found in iter_modules(__path__, __name__ + "."):
        import_module(found.name)
    return PLANTED


def register() -> None:
    """Register them, for another process that is asked for them by name."""
    OPERATORS.update({bug.operator.name: bug.operator for bug in load_planted()})
