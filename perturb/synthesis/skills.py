"""What generated tools can do: a skill is a tool's names, its parameters, and ways in which people ask for it.

They stand in ``skills.json``. A parameter has a slot, a kind of value (see :mod:`perturb.synthesis.slots`). The last
way of asking of every skill is never used for training.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from perturb.core.files import read_json


@dataclass(frozen=True, slots=True)
class Skill:
    """One thing a tool can do. `names` are the tool's possible names, `params` its parameters with their slots."""

    names: tuple[str, ...]
    about: str
    params: tuple[tuple[str, str], ...]
    asks: tuple[str, ...]


@lru_cache(maxsize=1)
def skills() -> tuple[Skill, ...]:
    """All of them, in the file's order."""
    rows = read_json(Path(__file__).with_suffix(".json"))
    return tuple(
        Skill(tuple(row["names"]), row["about"], tuple(row["params"].items()), tuple(row["asks"])) for row in rows
    )
