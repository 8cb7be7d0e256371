"""The only source of randomness: one primitive, several makers. An operator cannot tell which it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import TypeVar

from perturb.core.errors import StaleRecipeError

T = TypeVar("T")


class NotApplicableError(Exception):
    """Raised by :meth:`Draw.choice` on no options; applying an operator turns it into None."""


class Draw:
    """Hands out choices and remembers them: the choices taken *are* the recipe."""

    def __init__(self, pick: Callable[[int], int]) -> None:
        self._pick = pick
        self.taken: list[int] = []

    def choice(self, options: Sequence[T]) -> T:
        """One of `options`, which are ordered mildest first. No options: the operator does not apply."""
        if not options:
            raise NotApplicableError
        index = self._pick(len(options))
        self.taken.append(index)
        return options[index]


def seeded(*key: str | int) -> Draw:
    """Choices from a keyed hash: the same key gives the same choices, whatever ran before.

    >>> seeded(7, "a").choice(range(100)) == seeded(7, "a").choice(range(100))
    True
    """
    text = "\x1f".join(map(str, key)).encode()
    drawn = 0

    def pick(count: int) -> int:
        nonlocal drawn
        drawn += 1
        raw = blake2b(text, digest_size=8, salt=drawn.to_bytes(4, "little")).digest()
        return int.from_bytes(raw, "little") % count

    return Draw(pick)


def replay(choices: Sequence[int]) -> Draw:
    """The recorded choices again. Raises StaleRecipeError when they no longer fit the operator."""
    left = iter(choices)

    def pick(count: int) -> int:
        index = next(left, -1)
        if not 0 <= index < count:
            raise StaleRecipeError(f"recorded choices {list(choices)} no longer fit: {count} options now")
        return index

    return Draw(pick)


def nearest(choices: Sequence[int]) -> Draw:
    """The recorded choices as far as they fit, the mildest beyond: for a recipe whose surroundings changed."""
    left = iter(choices)
    return Draw(lambda count: min(next(left, 0), count - 1))


def mildest() -> Draw:
    """Always the first option: the mildest change an operator knows."""
    return Draw(lambda _count: 0)
