"""Records in, the numbers of a run out: counts first, then paired effects by part, scaffold and operator."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from perturb.core.registry import OPERATORS
from perturb.core.values import PARTS
from perturb.statistics.agreement import Agreement, OracleCount, agreement_of, oracles_of
from perturb.statistics.doses import Curve, curves
from perturb.statistics.means import Means, totals
from perturb.statistics.overview import Base, Fixture, Floor, Worst, base_of, fixtures_of, floor_of, worst_of
from perturb.statistics.records import UNPARSED, Gathered, Light, Place, Record, gathered, light
from perturb.statistics.rows import Row, table
from perturb.statistics.smallest import compared_otherwise, smallest_broken
from perturb.statistics.verdict import MARGIN


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in numbers.

    `floor` is how often two answers to the same base request differ (A/A). `by_part`, `by_scaffold`, `by_operator`,
    `cells` (part × scaffold) and `operator_cells` hold operators under which the same answer, or the rewritten one,
    stays right; `directional` those that state another right answer; `controls` those made to do nothing or to be
    found. The three are never pooled. `failures` and `unscored` count reasons; `examples` has one failed
    request of each kind, with what the engine said; `smallest` one decision that each operator broke;
    `compared` decisions whose joint is another beside their base than in their own verdict.
    """

    counts: dict[str, int]
    outcomes: dict[str, int]
    failures: dict[str, int]
    examples: dict[str, str]
    unscored: dict[str, int]
    rules: dict[str, tuple[int, int]]
    rule_kinds: dict[str, tuple[int, int]]
    base: Base | None
    floor: Floor | None
    worst: Worst | None
    overall: Row | None
    by_part: tuple[Row, ...]
    by_scaffold: tuple[Row, ...]
    by_operator: tuple[Row, ...]
    directional: tuple[Row, ...]
    controls: tuple[Row, ...]
    cells: dict[tuple[str, str], Row]
    operator_cells: dict[tuple[str, str], Row]
    doses: tuple[Curve, ...]
    fixtures: tuple[Fixture, ...]
    scores: dict[str, float]
    smallest: dict[str, str]
    compared: dict[str, int]
    margin: float = MARGIN
    agreement: Agreement | None = None
    oracles: dict[str, OracleCount] = field(default_factory=dict)


def _noted(record: Record, examples: dict[str, tuple[str, str]]) -> Record:
    """`record`; of each kind of failure the one whose name comes first is noted, whatever the order of records."""
    failure = record["failure"]
    if isinstance(failure, dict):
        found = str(record["id"]), str(failure.get("detail", ""))
        kind = str(failure.get("kind", "unknown"))
        examples[kind] = min(examples.get(kind, found), found)
    return record


def summarise(records: Iterable[Record], planned: dict[str, int] | None = None, margin: float = MARGIN) -> Summary:
    """The numbers of `records`. Answers that could not be scored are counted and left out of every rate."""
    examples: dict[str, tuple[str, str]] = {}
    by_id = {record["id"]: light(_noted(record, examples)) for record in records}
    every = list(by_id.values())
    found = gathered(every)
    kinds = _kinds(found)
    groups = _groups(found, kinds["headline"])
    means = Means(found)
    rows = {
        name: table(found, groups[name], lambda key: key[0], margin, None if "cell" in name else means)
        for name in groups
    }
    return Summary(
        counts={**(planned or {}), **_counts(every)},
        outcomes=dict(Counter(r.outcome for r in every if r.outcome).most_common()),
        failures=dict(Counter(r.failure for r in every if r.failure).most_common()),
        examples={kind: f"{name}: {detail}" for kind, (name, detail) in sorted(examples.items())},
        unscored=dict(Counter(r.unscored for r in every if r.unscored).most_common()),
        rules=_rules(every, 0),
        rule_kinds=_rules(every, 1),
        base=base_of(found),
        floor=floor_of(found),
        worst=worst_of(found, kinds["headline"]),
        overall=rows["overall"].get(("all",)),
        by_part=_ordered(rows["part"], PARTS),
        by_scaffold=_ordered(rows["scaffold"]),
        by_operator=_ordered(rows["operator"]),
        directional=_ordered(_named(found, kinds["directional"], margin, means)),
        controls=_ordered(_named(found, kinds["control"], margin, means)),
        cells={(key[0], key[1]): row for key, row in rows["cell"].items()},
        operator_cells={(key[0], key[1]): row for key, row in rows["operator cell"].items()},
        doses=curves(found, _doses(found.perturbed)),
        fixtures=fixtures_of(found, kinds["headline"]),
        scores=totals(every).means(),
        smallest=smallest_broken(by_id, found),
        compared=compared_otherwise(by_id, found),
        margin=margin,
        agreement=agreement_of(found),
        oracles=oracles_of(found),
    )


def _kinds(found: Gathered) -> dict[str, list[str]]:
    """Operator names by the table that they belong to."""
    kinds: dict[str, list[str]] = {"headline": [], "directional": [], "control": []}
    for name, answers in sorted(found.perturbed.items()):
        relation = next(iter(answers.values()))[0].relation
        control = any(getattr(OPERATORS.get(step), "control", False) for step in name.split("+"))
        kinds["control" if control else "directional" if relation == "directional" else "headline"].append(name)
    return kinds


def _groups(found: Gathered, names: Iterable[str]) -> dict[str, dict[tuple[str, ...], list[Place]]]:
    """Perturbed answers of the headline, by the key of each table's rows."""
    made: dict[str, dict[tuple[str, ...], list[Place]]] = {
        kind: defaultdict(list) for kind in ("overall", "part", "scaffold", "operator", "cell", "operator cell")
    }
    for name in names:
        for case, answers in found.perturbed[name].items():
            place, part, scaffold = (name, case), answers[0].part, answers[0].scaffold
            made["overall"]["all",].append(place)
            made["part"][part,].append(place)
            made["scaffold"][scaffold,].append(place)
            made["operator"][name,].append(place)
            made["cell"][part, scaffold].append(place)
            made["operator cell"][name, scaffold].append(place)
    return {kind: dict(groups.items()) for kind, groups in made.items()}


def _named(found: Gathered, names: Iterable[str], margin: float, means: Means) -> dict[tuple[str, ...], Row]:
    groups: dict[tuple[str, ...], list[Place]] = {
        (name,): [(name, case) for case in found.perturbed[name]] for name in names
    }
    return table(found, groups, lambda key: key[0], margin, means)


def _ordered(rows: dict[tuple[str, ...], Row], order: Iterable[str] = ()) -> tuple[Row, ...]:
    by_name = {key[0]: row for key, row in rows.items()}
    first = [name for name in order if name in by_name]
    return tuple(by_name[name] for name in [*first, *sorted(by_name.keys() - set(first))])


def _doses(operators: Iterable[str]) -> dict[str, int]:
    """Of the operators that have a dose: which of their choices it is."""
    places = {name: getattr(OPERATORS.get(name), "dose", None) for name in operators}
    return {name: place for name, place in places.items() if place is not None}


def _counts(records: list[Light]) -> dict[str, int]:
    scored = [r for r in records if r.joint is not None]
    return {
        "requests": len(records),
        "base": sum(r.kind != "perturbed" for r in records),
        "perturbed": sum(r.kind == "perturbed" for r in records),
        "generated": sum(r.answered for r in records),
        "failed": sum(bool(r.failure) for r in records),
        "parsed": sum(r.outcome not in UNPARSED for r in scored),
        "scored": len(scored),
        "unscored": sum(bool(r.unscored) for r in records),
        "joint": sum(r.joint or 0 for r in scored),
    }


def _rules(records: Iterable[Light], place: int) -> dict[str, tuple[int, int]]:
    """Per source (`place` 0) or kind (1): instructions kept, and those that could have been broken."""
    kept: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for rule, times in Counter(rule for record in records for rule in record.rules).items():
        given[str(rule[place])] += times
        kept[str(rule[place])] += times * rule[2]
    return {name: (kept[name], given[name]) for name in sorted(given)}
