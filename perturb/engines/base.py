"""What every engine is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Protocol, TypeAlias, TypeVar

from perturb.core.values import Failure, Request, Response

Key = TypeVar("Key")
# The next request under the caller's own name for it; None: nothing right now.
Pull: TypeAlias = Callable[[], tuple[Key, Request] | None]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers are drawn. The defaults are MiniMax's advice for M2.

    `max_tokens` holds the longest answers of M2, thinking included, many times over (a decision takes some hundred to
    a few thousand tokens), ends one that thinks in circles, and leaves five sixths of M2's context to the prompt.
    """

    temperature: float = 1.0
    top_p: float = 0.95
    top_k: int = 40
    max_tokens: int = 32_768
    seed: int = 0

    def with_seed(self, seed: int) -> Sampling:
        """The same, drawn anew."""
        return replace(self, seed=seed)


RECOMMENDED = Sampling()
# Kinds of failure that say what an API has no words for.
INEXPRESSIBLE = ("retention", "unpaired")


class Engine(Protocol):
    """Answers requests as a stream: in as soon as there is room, out as soon as they are answered.

    How answers are drawn (:class:`Sampling`) is given when an engine is made.
    """

    @property
    def identity(self) -> Mapping[str, str]:
        """What answered: name, kind, version, digest of the weights' configuration."""

    def stream(self, pull: Pull[Key]) -> Iterator[tuple[Key, Response | Failure]]:
        """Every pulled request answered exactly once, in the order of completion; none waits for a neighbour.

        The engine calls `pull` in the thread that iterates, whenever it has room for one more: at the start, and
        again after every answer it yielded, so that whoever reads the answers may ask follow-up requests. It pulls
        no further ahead than it needs to stay busy: what is pulled is what memory holds. The stream ends when `pull`
        gives None while nothing is under way. Keys are carried, never compared or hashed.

        What goes wrong with one request is that request's Failure; nothing is raised for one request's sake. A
        reader that stops early closes the iterator, which gives up what is under way at once.
        """


def answer_seed(seed: int, prompt: str, bits: int = 63) -> int:
    """The seed of one answer: from the run's seed and the prompt, the same wherever the prompt stands in a batch.

    >>> answer_seed(0, "a") == answer_seed(0, "a") != answer_seed(1, "a")
    True
    """
    mixed = blake2b(f"{seed}\n{prompt}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(mixed, "big") >> (64 - bits)
