"""Single decisions of a summary: the one to look at first of what an operator broke; those that compare otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from perturb.statistics.records import Gathered, Light, matched


def smallest_broken(by_id: Mapping[str, Light], found: Gathered) -> dict[str, str]:
    """Per operator a decision (its id), right at base and wrong perturbed: mildest dose, then fewest tokens."""
    best: dict[str, tuple[int, int, str]] = {}
    for name, record in by_id.items():
        base = _base(record, found)
        if base is not None and base.joint == 1 and matched(base, record).joint == 0:
            size = (_dose(record), record.costs[0], name)
            best[record.operator] = min(best.get(record.operator, size), size)
    return {operator: name for operator, (_, _, name) in sorted(best.items())}


def compared_otherwise(by_id: Mapping[str, Light], found: Gathered) -> dict[str, int]:
    """Decisions whose joint beside their base is not that of their own verdict (see `matched`): id to joint."""
    pairs = ((name, record, _base(record, found)) for name, record in by_id.items())
    joints = ((name, record.joint, matched(base, record).joint) for name, record, base in pairs if base is not None)
    return {name: now for name, own, now in joints if now is not None and now != own}


def _base(record: Light, found: Gathered) -> Light | None:
    """The base answer that a perturbed answer is compared with."""
    return found.bases.get(record.case, {}).get(record.sample) if record.kind == "perturbed" else None


def _dose(record: Light) -> int:
    return sum(int(choice) for choice in record.dose.split(",") if choice.isdigit())
