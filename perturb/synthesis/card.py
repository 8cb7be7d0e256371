"""What a file of examples holds, counted while it is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from perturb.synthesis.examples import Example, Left
from perturb.synthesis.proofs import Equivalents

if TYPE_CHECKING:
    from hashlib import _Hash


@dataclass(slots=True)
class Card:
    """Counts by part, relation, scaffold and operator, and a digest of the lines in their order."""

    examples: int = 0
    parts: Counter[str] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)
    scaffolds: Counter[str] = field(default_factory=Counter)
    operators: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)
    bytes_: _Hash = field(default_factory=sha256)

    def count(self, example: Example, line: bytes, file: str) -> None:
        """Take one more example in, written to `file`."""
        self.examples += 1
        self.parts[example.part or "unperturbed"] += 1
        self.relations[example.relation or "unperturbed"] += 1
        self.scaffolds[example.scaffold] += 1
        self.operators[example.recipe.partition("[")[0] or "unperturbed"] += 1
        self.files[file] += 1
        self.bytes_.update(line)

    def as_json(self, settings: dict[str, Any], left: Left, equivalents: Equivalents) -> dict[str, Any]:
        """The card. Every example was proven: its own text, read back, scores 1."""
        names = ("parts", "relations", "scaffolds", "operators", "files")
        return {
            "examples": self.examples,
            **{name: dict(sorted(getattr(self, name).items())) for name in names},
            "left_out": dict(sorted(left.items())),
            "equivalents": {
                "examples": equivalents.examples,
                "tried": equivalents.tried,
                "refused": equivalents.refused,
            },
            "settings": settings,
            "sha256": self.bytes_.hexdigest(),
            "origin": "made by this project; generated values by Faker; simulated conversations, nobody's data",
        }
