"""An operator tried on cases, and every law held against what comes of it."""

from __future__ import annotations

import io
import locale
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field

from perturb.core.canonical import digest
from perturb.core.draw import Draw, NotApplicableError, mildest, nearest, seeded
from perturb.core.registry import Operator
from perturb.core.values import Case
from perturb.laws.breach import Breach
from perturb.laws.operators.applied import Applied
from perturb.laws.operators.bounded import SECONDS, TooLongError, limited
from perturb.laws.operators.law import OVERALL, load_laws, problems
from perturb.operators.recipe import GROWTH

# On how many cases every option of every choice is tried, and how many options of one choice.
THOROUGH = 6
OPTIONS = 6
# Seconds after which an application is slow, when it is so again.
SLOW = 1.0


@dataclass
class Tried:
    """What came of an operator: applications, what went wrong on the way, and whether to go on at all."""

    operator: Operator
    applied: list[Applied] = field(default_factory=list)
    went_wrong: list[Breach] = field(default_factory=list)
    stopped: bool = False


def operator_breaches(tried: Tried) -> Iterator[Breach]:
    """Every breach of an operator that has been tried."""
    load_laws()
    yield from tried.went_wrong
    if not tried.applied and not tried.went_wrong:
        yield Breach("applies", tried.operator.name, "every case", "it applies to none of them")
    for applied in tried.applied:
        for law, problem in problems(applied):
            yield Breach(law, tried.operator.name, applied.example, problem)
    for law, functions in OVERALL.items():
        for function in functions:
            for applied, problem in function(tried.operator, tried.applied):
                yield Breach(law, tried.operator.name, applied.example, problem)


def tried(operator: Operator, cases: Sequence[Case], thorough: int = THOROUGH) -> Tried:
    """`operator` on `cases` (bound), the smallest first: its mildest and a drawn result, every option on a few."""
    found = Tried(operator)
    fruitful = 0
    for case in cases:
        before = len(found.applied)
        for draw in (mildest(), seeded(1, operator.name, case.id)):
            _try(found, case, draw)
        if found.stopped:
            break
        if len(found.applied) > before and fruitful < thorough:
            fruitful += 1
            _options(found, case, found.applied[before:])
    return found


def _options(found: Tried, case: Case, bases: list[Applied]) -> None:
    """Every option of every choice, the ones before it as they were, those after it as mild as can be."""
    known = {one.choices for one in bases}
    for base in bases:
        for place, width in enumerate(base.widths):
            for option in {*range(min(width, OPTIONS)), width - 1}:
                choices = (*base.choices[:place], option)
                padded = choices + (0,) * (len(base.choices) - len(choices))
                if padded not in known and not found.stopped:
                    known.add(padded)
                    _try(found, case, nearest(choices))


def _try(found: Tried, case: Case, draw: Draw) -> None:
    if found.stopped:
        return
    known = {(one.case.id, one.case.scaffold, one.choices) for one in found.applied[-40:]}
    watched, widths = watching(draw)
    breach, out = attempt(found.operator, case, watched)
    if breach is not None:
        found.went_wrong.append(breach)
        found.stopped = breach.law in ("purity", "bounded")
    elif out is not None and (case.id, case.scaffold, tuple(watched.taken)) not in known:
        found.applied.append(Applied(found.operator, case, out, tuple(watched.taken), tuple(widths)))


def watching(draw: Draw) -> tuple[Draw, list[int]]:
    """A draw that chooses as `draw` does, and the list in which it notes among how many."""
    widths: list[int] = []

    def pick(count: int) -> int:
        widths.append(count)
        return draw.choice(range(count))

    return Draw(pick), widths


def attempt(operator: Operator, case: Case, draw: Draw) -> tuple[Breach | None, Case | None]:
    """One application: a breach of closure, purity or bounds, or what came of it."""

    def breach(law: str, detail: str) -> tuple[Breach, None]:
        return Breach(law, operator.name, Applied(operator, case, case, tuple(draw.taken), ()).example, detail), None

    before, around, printed, started = digest(case), _surroundings(), io.StringIO(), time.monotonic()
    try:
        with limited(), redirect_stdout(printed), redirect_stderr(printed):
            out = operator.perturb(case, draw)
    except NotApplicableError:
        return None, None
    except TooLongError:
        return breach("bounded", f"{operator.name} takes more than {SECONDS:g} s for one application")
    except Exception as error:
        return breach("closure", f"raised {type(error).__name__}: {error}")
    if time.monotonic() - started > SLOW and _slow_again(operator, case, tuple(draw.taken)):
        return breach("bounded", f"{operator.name} takes more than {SLOW:g} s for one application")
    if digest(case) != before:
        return breach("purity", "its input changed")
    if printed.getvalue() or _surroundings() != around:
        return breach("purity", "it printed something or changed the process that it runs in")
    if out is not None and not isinstance(out, Case):
        return breach("closure", f"returned {type(out).__name__} instead of a case or None")
    if out is not None and (grown := _grown(case, out)) > GROWTH:
        return breach("bounded", f"{operator.name} makes a case longer by {grown} bytes, more than {GROWTH}")
    return None, out


def _slow_again(operator: Operator, case: Case, choices: tuple[int, ...]) -> bool:
    """Whether it takes as long a second time: a machine may have been busy."""
    started = time.monotonic()
    try:
        with limited():
            operator.perturb(case, nearest(choices))
    except (Exception, TooLongError):
        return True
    return time.monotonic() - started > SLOW


def _grown(case: Case, out: Case) -> int:
    try:
        return Applied(Operator("", "system", "invariant", "", lambda c, _d: c), case, out, (), ()).grown
    except (TypeError, ValueError):
        # What JSON cannot hold is said by the law on types.
        return 0


def _surroundings() -> tuple[object, ...]:
    """What of the process an operator could change and must not."""
    return (
        dict(os.environ),
        os.getcwd(),
        locale.setlocale(locale.LC_ALL),
        sys.getrecursionlimit(),
        tuple(sys.path),
    )
