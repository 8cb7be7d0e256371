"""Records in, the numbers of a run out: counts first, then outcomes, then paired drops by part, scaffold, operator."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from perturb.core.values import PARTS
from perturb.statistics.paired import Effect, Pair, benjamini_hochberg, effect, holm

Record = dict[str, Any]
# "Robust" means: not worse than this, with the interval's word for it.
MARGIN = 0.02


@dataclass(frozen=True, slots=True)
class Row:
    """The effect of one part, scaffold or operator, with p-values adjusted over its table."""

    name: str
    effect: Effect
    holm: float
    q: float
    robust: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in numbers. `floor` is the A/A effect: the same requests asked twice. `cells` are part × scaffold."""

    counts: dict[str, int]
    outcomes: dict[str, int]
    rules: dict[str, tuple[int, int]]
    floor: Effect | None
    overall: Effect | None
    by_part: tuple[Row, ...]
    by_scaffold: tuple[Row, ...]
    by_operator: tuple[Row, ...]
    cells: dict[tuple[str, str], Effect] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)


def summarise(records: Iterable[Record], planned: dict[str, int] | None = None) -> Summary:
    """The numbers of `records`. Answers that could not be scored are counted and left out of every rate."""
    by_id = {record["id"]: _light(record) for record in records}
    pairs: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    repeats: list[Pair] = []
    for record in by_id.values():
        found = _pair(record, by_id.get(record["base"]))
        if found is None or record["kind"] == "base":
            continue
        if record["kind"] == "aa":
            repeats.append(found)
            continue
        keys = ("part", record["part"]), ("scaffold", record["scaffold"]), ("operator", record["operator"])
        for key in (*keys, (f"cell {record['part']}", record["scaffold"]), ("all", "")):
            pairs[key].append(found)
    return Summary(
        counts={**(planned or {}), **_counts(by_id.values())},
        outcomes=dict(Counter(r["verdict"]["outcome"] for r in by_id.values() if r["verdict"]).most_common()),
        rules=_rules(by_id.values()),
        floor=effect(repeats),
        overall=effect(pairs.get(("all", ""), [])),
        by_part=_rows(pairs, "part", PARTS),
        by_scaffold=_rows(pairs, "scaffold"),
        by_operator=_rows(pairs, "operator"),
        cells=_cells(pairs),
        scores=_scores(by_id.values()),
    )


def _light(record: Record) -> Record:
    """What the numbers need of a record. Its texts stay on the disk: 10^5 long answers are not held at once."""
    verdict = record["verdict"]
    return {
        **{key: record[key] for key in ("base", "kind", "cluster", "part", "scaffold", "operator", "scores")},
        **{key: None if record[key] is None else True for key in ("response", "failure", "unscored")},
        "verdict": verdict
        and {
            "joint": verdict["joint"],
            "outcome": verdict["outcome"],
            "rules": tuple((rule["source"], bool(rule["kept"])) for rule in verdict["rules"]),
        },
    }


def _pair(record: Record, base: Record | None) -> Pair | None:
    if base is None or not record["verdict"] or not base["verdict"]:
        return None
    return Pair(record["cluster"], base["verdict"]["joint"], record["verdict"]["joint"])


def _counts(records: Iterable[Record]) -> dict[str, int]:
    records = list(records)
    scored = [r for r in records if r["verdict"]]
    unparsed = ("malformed", "leaked_protocol", "reasoning_only", "cut")
    return {
        "requests": len(records),
        "base": sum(r["kind"] == "base" for r in records),
        "aa": sum(r["kind"] == "aa" for r in records),
        "perturbed": sum(r["kind"] == "perturbed" for r in records),
        "generated": sum(r["response"] is not None for r in records),
        "failed": sum(r["failure"] is not None for r in records),
        "parsed": sum(r["verdict"]["outcome"] not in unparsed for r in scored),
        "scored": len(scored),
        "unscored": sum(r["unscored"] is not None for r in records),
        "joint": sum(r["verdict"]["joint"] for r in scored),
    }


def _rules(records: Iterable[Record]) -> dict[str, tuple[int, int]]:
    """Per source: instructions kept and instructions given."""
    kept: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for record in records:
        for source, was_kept in record["verdict"]["rules"] if record["verdict"] else ():
            given[source] += 1
            kept[source] += was_kept
    return {source: (kept[source], given[source]) for source in sorted(given)}


def _scores(records: Iterable[Record]) -> dict[str, float]:
    """The mean of every scorer over the answers it has something to say about."""
    given: dict[str, list[float]] = defaultdict(list)
    for record in records:
        for name, value in record["scores"].items():
            given[name].append(value)
    return {name: fmean(values) for name, values in sorted(given.items())}


def _rows(pairs: dict[tuple[str, str], list[Pair]], kind: str, order: Iterable[str] | None = None) -> tuple[Row, ...]:
    names = [name for name in order or sorted(n for k, n in pairs if k == kind) if (kind, name) in pairs]
    effects = [found for name in names if (found := effect(pairs[kind, name])) is not None]
    p_values = [e.p for e in effects]
    adjusted = zip(names, effects, holm(p_values), benjamini_hochberg(p_values), strict=True)
    return tuple(Row(name, e, h, q, e.interval is not None and e.interval[0] > -MARGIN) for name, e, h, q in adjusted)


def _cells(pairs: dict[tuple[str, str], list[Pair]]) -> dict[tuple[str, str], Effect]:
    cells = {}
    for (kind, scaffold), found in pairs.items():
        measured = effect(found) if kind.startswith("cell ") else None
        if measured is not None:
            cells[kind.removeprefix("cell "), scaffold] = measured
    return cells


def as_json(summary: Summary, manifest: dict[str, Any]) -> dict[str, Any]:
    """The one JSON object that ``perturb run --json`` prints."""
    return {
        "model": manifest["model"],
        "simulated": manifest["simulated"],
        "counts": summary.counts,
        "outcomes": summary.outcomes,
        "rules": {source: {"kept": k, "given": g} for source, (k, g) in summary.rules.items()},
        "scores": summary.scores,
        "floor": _effect_json(summary.floor),
        "overall": _effect_json(summary.overall),
        "by_part": {row.name: _row_json(row) for row in summary.by_part},
        "by_scaffold": {row.name: _row_json(row) for row in summary.by_scaffold},
        "by_operator": {row.name: _row_json(row) for row in summary.by_operator},
    }


def _effect_json(found: Effect | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "n": found.n,
        "fixtures": found.clusters,
        "base": found.base,
        "perturbed": found.perturbed,
        "difference": found.difference,
        "interval": list(found.interval) if found.interval else None,
        "worse": found.worse,
        "better": found.better,
    }


def _row_json(row: Row) -> dict[str, Any]:
    return {**(_effect_json(row.effect) or {}), "p_holm": row.holm, "q": row.q, "robust": row.robust}
