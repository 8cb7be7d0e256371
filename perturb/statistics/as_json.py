"""The one JSON object that ``perturb run --json`` prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from perturb.statistics.agreement import Agreement
from perturb.statistics.doses import Curve
from perturb.statistics.paired import Effect
from perturb.statistics.rows import Row
from perturb.statistics.sentence import sentence
from perturb.statistics.summary import Summary


def as_json(summary: Summary, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that is known of a run, as plain data."""
    return {
        "model": manifest["model"],
        "simulated": manifest["simulated"],
        "sentence": sentence(summary),
        "margin": summary.margin,
        "counts": summary.counts,
        "outcomes": summary.outcomes,
        "failures": summary.failures,
        "failure_examples": summary.examples,
        "unscored": summary.unscored,
        "rules": {source: {"kept": k, "given": g} for source, (k, g) in summary.rules.items()},
        "rule_kinds": {kind: {"kept": k, "given": g} for kind, (k, g) in summary.rule_kinds.items()},
        "scores": summary.scores,
        "base": asdict(summary.base) if summary.base else None,
        "floor": asdict(summary.floor) if summary.floor else None,
        "worst_case": asdict(summary.worst) if summary.worst else None,
        "overall": row_json(summary.overall) if summary.overall else None,
        **_tables(summary),
        "doses": [_dose_json(curve) for curve in summary.doses],
        "fixtures": [asdict(fixture) for fixture in summary.fixtures],
        "smallest": summary.smallest,
        "oracles": {name: asdict(count) for name, count in summary.oracles.items()},
        "agreement": _agreement_json(summary.agreement) if summary.agreement else None,
    }


def _agreement_json(found: Agreement) -> dict[str, Any]:
    """`base` is how often two unperturbed answers agree, `perturbed` how often a perturbed one does with those."""
    parts = {part: effect_json(effect) for part, effect in found.by_part.items()}
    return {"overall": effect_json(found.overall), "by_part": parts}


def _tables(summary: Summary) -> dict[str, Any]:
    tables = {
        "by_part": summary.by_part,
        "by_scaffold": summary.by_scaffold,
        "by_operator": summary.by_operator,
        "directional": summary.directional,
        "controls": summary.controls,
    }
    cells = [{"part": p, "scaffold": s, **row_json(row)} for (p, s), row in summary.cells.items()]
    named = {name: {row.name: row_json(row) for row in rows} for name, rows in tables.items()}
    return {**named, "cells": cells}


def _dose_json(curve: Curve) -> dict[str, Any]:
    return {
        "operator": curve.operator,
        "slope": curve.slope,
        "interval": curve.interval,
        "effects": [{"dose": dose, **effect_json(e)} for dose, e in curve.effects],
    }


def effect_json(found: Effect) -> dict[str, Any]:
    """An effect as plain data."""
    return {
        "n": found.n,
        "fixtures": found.clusters,
        "base": found.base,
        "perturbed": found.perturbed,
        "difference": found.difference,
        "interval": list(found.interval) if found.interval else None,
        "no_interval": found.no_interval,
        "bound": found.bound,
        "worse": found.worse,
        "better": found.better,
        "flips": found.flips,
    }


def row_json(row: Row) -> dict[str, Any]:
    """A row as plain data."""
    return {
        **effect_json(row.effect),
        "verdict": row.verdict.word,
        "reason": row.verdict.reason,
        "more_fixtures": row.verdict.more,
        "p_holm": row.holm,
        "q": row.q,
        "p_fixtures": row.effect.p_fixtures,
        "exposed": effect_json(row.exposed) if row.exposed else None,
        "beside": {name: {"base": a, "perturbed": b} for name, (a, b) in row.beside.items()},
        "broken_fixtures": list(row.broken),
    }
