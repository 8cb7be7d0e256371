"""Kinds of numbers for options: argparse names the option, the range says what is wrong."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable

from perturb.core import ranges


def whole(least: int, most: int = ranges.LARGEST) -> Callable[[str], int]:
    """Reads a whole number from `least` to `most`."""

    def read(text: str) -> int:
        try:
            return ranges.whole(text, least, most)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from error

    return read


def steps(text: str) -> str:
    """Reads which steps of a recording are meant: all, last, or how many."""
    if text not in ("all", "last"):
        whole(1, ranges.COUNT)(text)
    return text


def real(least: float, most: float) -> Callable[[str], float]:
    """Reads a finite number from `least` to `most`."""

    def read(text: str) -> float:
        try:
            return ranges.real(text, least, most)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from error

    return read
