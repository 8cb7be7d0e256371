"""What a law of operators is, and the decorators that register one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pkgutil import iter_modules

from perturb.core.registry import Operator
from perturb.laws.operators.applied import Applied

Law = Callable[[Applied], str | None]
# What is wrong over several applications, with the one that shows it best.
Overall = Callable[[Operator, Sequence[Applied]], Iterator[tuple[Applied, str]]]

LAWS: dict[str, list[Law]] = {}
OVERALL: dict[str, list[Overall]] = {}
# Laws that are held elsewhere, because they need more than applications: see trying, composition and process.
BESIDE = ("closure", "purity", "bounded", "applies", "composition", "another process")


def law(name: str) -> Callable[[Law], Law]:
    """Register ``(applied) -> problem | None`` as a part of the law `name`."""

    def register(function: Law) -> Law:
        LAWS.setdefault(name, []).append(function)
        return function

    return register


def overall(name: str) -> Callable[[Overall], Overall]:
    """Register ``(operator, its applications) -> problems`` as a part of the law `name`."""

    def register(function: Overall) -> Overall:
        OVERALL.setdefault(name, []).append(function)
        return function

    return register


def load_laws() -> None:
    """Import every file of this room, so that its laws are registered. Idempotent."""
    package = import_module("perturb.laws.operators")
    for found in iter_modules(package.__path__, package.__name__ + "."):
        import_module(found.name)


def problems(applied: Applied) -> Iterator[tuple[str, str]]:
    """(law, what is wrong) for every law that this application breaks."""
    try:
        told = bool(applied.said)
    except Exception as error:
        told = False
        yield "well-formed", f"no request can be made of it: {type(error).__name__}: {error}"
    for name, functions in LAWS.items():
        for function in functions:
            try:
                problem = function(applied)
            except Exception as error:
                if not told:
                    continue
                problem = f"cannot be judged: {type(error).__name__}: {error}"
            if problem:
                yield name, problem
                break
