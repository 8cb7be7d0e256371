"""The decision to look at first: of all that an operator broke, the one that is easiest to read."""

from __future__ import annotations

from collections.abc import Mapping

from perturb.statistics.records import Gathered, Light


def smallest_broken(by_id: Mapping[str, Light], found: Gathered) -> dict[str, str]:
    """Per operator a decision (its id), right at base and wrong perturbed: mildest dose, then fewest tokens."""
    best: dict[str, tuple[int, int, str]] = {}
    for name, record in by_id.items():
        if record.kind == "perturbed" and record.joint == 0 and _was_right(record, found):
            size = (_dose(record), record.costs[0], name)
            best[record.operator] = min(best.get(record.operator, size), size)
    return {operator: name for operator, (_, _, name) in sorted(best.items())}


def _was_right(record: Light, found: Gathered) -> bool:
    base = found.bases.get(record.case, {}).get(record.sample)
    return base is not None and base.joint == 1


def _dose(record: Light) -> int:
    return sum(int(choice) for choice in record.dose.split(",") if choice.isdigit())
