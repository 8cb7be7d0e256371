"""Two runs of the same requests side by side: paired differences, with the fixture as the cluster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from perturb.core.registry import OPERATORS
from perturb.core.values import PARTS
from perturb.statistics.exchange import holm
from perturb.statistics.paired import Effect, measured
from perturb.statistics.records import Light, Record, light
from perturb.statistics.strata import Stratum
from perturb.statistics.verdict import ALPHA, MARGIN, needed

Word = Literal["worse", "better", "no worse", "unknown"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One row: the second run against the first over the same requests. `p` is corrected over the whole comparison.

    "no worse" means: a difference of more than the margin to the bad is excluded. `more` says, where it is unknown,
    how many more fixtures like these would likely decide.
    """

    table: str
    name: str
    effect: Effect
    p: float
    word: Word
    more: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rows, ids that only the first had right (`lost`) or only the second (`won`), and ids that could not be paired."""

    rows: tuple[Difference, ...]
    lost: tuple[str, ...]
    won: tuple[str, ...]
    paired: int
    unpaired: int

    def row(self, table: str, name: str) -> Difference | None:
        """One row; None where it is not there."""
        return next((row for row in self.rows if (row.table, row.name) == (table, name)), None)


def compare(first: Iterable[Record], second: Iterable[Record], margin: float = MARGIN) -> Comparison:
    """The second run against the first. Requests with another digest, or answered in one run only, are left out."""
    one, other = ({r["id"]: (r["digest"], light(r)) for r in records} for records in (first, second))
    both = sorted(name for name in one.keys() & other.keys() if one[name][0] == other[name][0])
    pairs = [(name, one[name][1], other[name][1]) for name in both]
    scored = [(name, a, b) for name, a, b in pairs if a.joint is not None and b.joint is not None]
    groups = _groups((a, b) for _, a, b in scored)
    return Comparison(
        _rows(groups, margin),
        tuple(name for name, a, b in scored if (a.joint or 0) > (b.joint or 0)),
        tuple(name for name, a, b in scored if (a.joint or 0) < (b.joint or 0)),
        len(scored),
        len(one.keys() | other.keys()) - len(scored),
    )


def said(found: Comparison) -> str:
    """The sentence that matters first: what is worse, what is better, what is no worse, what is unknown."""
    rows = [row for row in found.rows if row.table == "part"] or [row for row in found.rows if row.table == "all"]
    by_word = {word: [row for row in rows if row.word == word] for word in ("worse", "better", "no worse", "unknown")}
    parts = []
    for word in ("worse", "better"):
        changed = sorted(by_word[word], key=lambda row: -abs(row.effect.difference))
        parts += [f"{word} by {100 * abs(row.effect.difference):.0f} points in {row.name}" for row in changed]
    if by_word["no worse"]:
        bound = max(-100 * row.effect.bound for row in by_word["no worse"])
        parts.append(f"no worse by more than {bound:.0f} points in {_names(by_word['no worse'])}")
    if by_word["unknown"]:
        more = max(row.more for row in by_word["unknown"])
        parts.append(
            f"unknown for {_names(by_word['unknown'])} (about {more} more fixture{'s'[: more != 1]} would tell)"
        )
    base = found.row("all", "base")
    first = f"Right on {base.effect.base:.0%}, then {base.effect.perturbed:.0%} of unchanged decisions" if base else ""
    return "; ".join(filter(None, (first, *parts))) + "."


def _names(rows: Sequence[Difference]) -> str:
    names = [row.name for row in rows]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


_KEYS: dict[str, Callable[[Light], str]] = {
    "all": lambda r: "perturbed" if r.kind == "perturbed" else "base",
    "part": lambda r: r.part,
    "scaffold": lambda r: r.scaffold,
    "operator": lambda r: r.operator,
}


def _groups(pairs: Iterable[tuple[Light, Light]]) -> Mapping[tuple[str, str], list[Stratum]]:
    """Strata by table and row. The draws of one bound case under one operator are one stratum."""
    cells: dict[tuple[str, str], list[tuple[Light, Light]]] = defaultdict(list)
    for a, b in pairs:
        cells[a.case, a.operator].append((a, b))
    groups: dict[tuple[str, str], list[Stratum]] = defaultdict(list)
    for some in cells.values():
        a = some[0][0]
        stratum = _stratum(some)
        apart = a.relation == "directional" or any(
            getattr(OPERATORS.get(step), "control", False) for step in a.operator.split("+")
        )
        for table, key in _KEYS.items():
            if not (table in ("part", "operator") and not a.operator) and not (apart and table != "operator"):
                groups[table, key(a)].append(stratum)
    return groups


def _stratum(pairs: Sequence[tuple[Light, Light]]) -> Stratum:
    before, after = ([r.joint or 0 for r in side] for side in zip(*pairs, strict=True))
    worse = sum(a > b for a, b in zip(before, after, strict=True))
    better = sum(a < b for a, b in zip(before, after, strict=True))
    return Stratum(pairs[0][0].cluster, sum(before), len(before), sum(after), len(after), worse, better)


def _rows(groups: Mapping[tuple[str, str], list[Stratum]], margin: float) -> tuple[Difference, ...]:
    tables, parts = list(_KEYS), list[str](PARTS)
    keys = sorted(groups, key=lambda k: (tables.index(k[0]), parts.index(k[1]) if k[1] in parts else 99, k[1]))
    down = [measured(groups[key]) for key in keys]
    up = [measured([_swapped(s) for s in groups[key]]) for key in keys]
    p_down, p_up = (holm([e.p if e else 1.0 for e in side]) for side in (down, up))
    made = []
    for key, fall, rise, worse, better in zip(keys, down, up, p_down, p_up, strict=True):
        if fall is not None and rise is not None:
            word = _word(fall, rise, worse, better, margin)
            more = needed(fall, margin, len(keys)) if word == "unknown" else 0
            made.append(Difference(*key, fall, min(worse, better), word, more))
    return tuple(made)


def _word(fall: Effect, rise: Effect, worse: float, better: float, margin: float) -> Word:
    if fall.difference < 0 and worse <= ALPHA and fall.p_fixtures <= ALPHA:
        return "worse"
    if fall.difference > 0 and better <= ALPHA and rise.p_fixtures <= ALPHA:
        return "better"
    return "no worse" if fall.bound > -margin else "unknown"


def _swapped(s: Stratum) -> Stratum:
    return replace(s, base=s.right, draws=s.n, right=s.base, n=s.draws, worse=s.better, better=s.worse)
