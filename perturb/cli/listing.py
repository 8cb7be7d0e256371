"""``perturb list``: what is registered, for a person or as one JSON array."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from perturb.cli import output
from perturb.core import registry
from perturb.trajectories.loading import load_all


def main(options: argparse.Namespace) -> int:
    """Print one kind of thing."""
    output.register(options.load)
    rows = _ROWS[options.kind]()
    if options.json:
        output.emit_json(rows)
        return 0
    for row in rows:
        name, *rest = (key if value is True else str(value) for key, value in row.items() if value)
        output.emit(f"{name:34} {' · '.join(rest)}")
    output.say(f"{len(rows)} {options.kind}")
    return 0


def _operators() -> list[dict[str, Any]]:
    found = (registry.OPERATORS[name] for name in sorted(registry.OPERATORS))
    return [{"name": o.name, "part": o.part, "relation": o.relation, "summary": o.summary} for o in found]


def _scaffolds() -> list[dict[str, Any]]:
    found = (registry.SCAFFOLDS[name] for name in sorted(registry.SCAFFOLDS))
    keys = ("name", "family", "protocol", "result_role", "home", "version", "summary")
    return [{key: getattr(s, key) for key in keys} for s in found]


def _fixtures() -> list[dict[str, Any]]:
    return [{"id": e.id, "family": e.family, "decisions": len(e.cases), "title": e.title} for e in load_all()]


def _agents() -> list[dict[str, Any]]:
    found = (registry.AGENTS[name] for name in sorted(registry.AGENTS))
    return [{"name": a.name, "defect": a.defect, "summary": a.summary, "simulated": True} for a in found]


def _documented(table: dict[str, Any]) -> list[dict[str, Any]]:
    functions = {name: getattr(found, "holds", found) for name, found in sorted(table.items())}
    return [{"name": n, "summary": (f.__doc__ or "").strip().splitlines()[0]} for n, f in functions.items()]


def _needed(check: str) -> str:
    return ", ".join(f"{name}: {kind.__name__}" for name, kind in registry.CHECKS[check].params.items())


def _formats() -> list[dict[str, Any]]:
    found = (registry.FORMATS[name] for name in sorted(registry.FORMATS))
    return [
        {"name": f.name, "summary": f.summary, "vllm_tool_parser": f.parsers[0], "vllm_reasoning_parser": f.parsers[1]}
        for f in found
    ]


_ROWS: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "operators": _operators,
    "scaffolds": _scaffolds,
    "fixtures": _fixtures,
    "agents": _agents,
    "formats": _formats,
    "scorers": lambda: _documented(registry.SCORERS),
    "checks": lambda: [{**row, "params": _needed(row["name"])} for row in _documented(registry.CHECKS)],
}
