"""Numbers that a person writes: read strictly, within their range, refused in one line."""

from __future__ import annotations

from math import isfinite

COUNT = 10**6 - 1
LARGEST = 2**31 - 1
SEED = 2**63 - 1


def whole(text: str, least: int, most: int = LARGEST) -> int:
    """A whole number from `least` to `most`. Raises ValueError saying so.

    >>> whole("12", 1)
    12
    """
    # Python would take spaces, underscores and other scripts' digits, and refuse 5,000 digits in its own words.
    digits = text.removeprefix("-")
    if len(digits) > 20 or not (digits.isascii() and digits.isdecimal()) or not least <= int(text) <= most:
        raise ValueError(f"{text[:40]!r} is no whole number from {least} to {most}")
    return int(text)


def real(text: str, least: float, most: float) -> float:
    """A finite number from `least` to `most`. Raises ValueError saying so.

    >>> real("nan", 0, 1)
    Traceback (most recent call last):
    ...
    ValueError: 'nan' is no number from 0 to 1
    """
    try:
        value = float(text) if len(text) <= 40 else float("nan")
    except ValueError:
        value = float("nan")
    if not isfinite(value) or not least <= value <= most:
        raise ValueError(f"{text[:40]!r} is no number from {least:g} to {most:g}")
    return value
