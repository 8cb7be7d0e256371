"""What every engine is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Protocol

from perturb.core.values import Failure, Request, Response


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers are drawn. The defaults are MiniMax's advice for M2."""

    temperature: float = 1.0
    top_p: float = 0.95
    top_k: int = 40
    max_tokens: int = 1024
    seed: int = 0

    def with_seed(self, seed: int) -> Sampling:
        """The same, drawn anew."""
        return replace(self, seed=seed)


class Engine(Protocol):
    """Answers requests in batches."""

    @property
    def identity(self) -> Mapping[str, str]:
        """What answered: name, kind, version, digest of the weights' configuration."""

    def generate(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[int, Response | Failure]]:
        """Every index of `requests` exactly once, in any order. Never raises for one request's sake."""


def answer_seed(seed: int, prompt: str, bits: int = 63) -> int:
    """The seed of one answer: from the run's seed and the prompt, the same wherever the prompt stands in a batch.

    >>> answer_seed(0, "a") == answer_seed(0, "a") != answer_seed(1, "a")
    True
    """
    mixed = blake2b(f"{seed}\n{prompt}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(mixed, "big") >> (64 - bits)
