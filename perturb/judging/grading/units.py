"""Units that parameters are spelled in, exact. Sources: the SI brochure, IEC 80000-13, the 1959 yard and pound."""

from __future__ import annotations

import re
from fractions import Fraction

# Unit → (what it measures, its size). A temperature also has a zero.
_TABLE: dict[str, tuple[tuple[str, Fraction], ...]] = {
    "time": (
        ("ns nanosecond nanoseconds", Fraction(1, 10**9)),
        ("us µs microsecond microseconds", Fraction(1, 10**6)),
        ("ms millisecond milliseconds millis", Fraction(1, 1000)),
        ("s sec secs second seconds", Fraction(1)),
        ("min mins minute minutes", Fraction(60)),
        ("h hr hrs hour hours", Fraction(3600)),
        ("d day days", Fraction(86400)),
        ("wk week weeks", Fraction(604800)),
    ),
    "length": (
        ("mm millimetre millimetres millimeter millimeters", Fraction(1, 1000)),
        ("cm centimetre centimetres centimeter centimeters", Fraction(1, 100)),
        ("m metre metres meter meters", Fraction(1)),
        ("km kilometre kilometres kilometer kilometers", Fraction(1000)),
        ("in inch inches", Fraction(254, 10_000)),
        ("ft foot feet", Fraction(3048, 10_000)),
        ("yd yard yards", Fraction(9144, 10_000)),
        ("mi mile miles", Fraction(1_609_344, 1000)),
    ),
    "mass": (
        ("mg milligram milligrams", Fraction(1, 1000)),
        ("g gram grams", Fraction(1)),
        ("kg kilogram kilograms kilo kilos", Fraction(1000)),
        ("t tonne tonnes", Fraction(10**6)),
        ("oz ounce ounces", Fraction(45_359_237, 1_600_000)),
        ("lb lbs pound pounds", Fraction(45_359_237, 100_000)),
    ),
    "volume": (
        ("ml millilitre millilitres milliliters", Fraction(1, 1000)),
        ("l litre litres liter liters", Fraction(1)),
    ),
    "data": (
        ("b byte bytes", Fraction(1)),
        *((f"{p}b {n}byte {n}bytes", Fraction(1000**k)) for k, (p, n) in enumerate(
            (("k", "kilo"), ("m", "mega"), ("g", "giga"), ("t", "tera")), 1)),
        *((f"{p}ib {n}byte {n}bytes", Fraction(1024**k)) for k, (p, n) in enumerate(
            (("k", "kibi"), ("m", "mebi"), ("g", "gibi"), ("t", "tebi")), 1)),
    ),
    "money": (("cent cents minor pence pennies", Fraction(1, 100)),
              ("dollar dollars euro euros eur usd gbp chf major", Fraction(1))),
    "share": (("% percent percentage per-cent", Fraction(1, 100)), ("fraction ratio share proportion", Fraction(1)),
              ("bp basispoints", Fraction(1, 10_000))),
    "frequency": (("hz", Fraction(1)), ("khz", Fraction(1000)), ("mhz", Fraction(10**6)), ("ghz", Fraction(10**9))),
}  # fmt: skip
_SIZES = {name: (what, size) for what, rows in _TABLE.items() for names, size in rows for name in names.split()}
# Kelvin = (value + zero) × size.
_DEGREES = {
    **dict.fromkeys(("c", "°c", "celsius", "centigrade"), (Fraction(1), Fraction(27315, 100))),
    **dict.fromkeys(("f", "°f", "fahrenheit"), (Fraction(5, 9), Fraction(45967, 100))),
    **dict.fromkeys(("k", "kelvin"), (Fraction(1), Fraction(0))),
}
# Words that are units only where nothing else is meant.
_AMBIGUOUS = frozenset(
    {"in", "t", "d", "b", "m", "c", "f", "k", "l", "s", "h", "g", "us", "major", "minor", "min", "share"}
)


def convert(value: Fraction, source: str, target: str) -> Fraction:
    """`value` of unit `source` in unit `target`. Raises ValueError for unknown units and for unlike ones.

    >>> convert(Fraction(90), "minutes", "h")
    Fraction(3, 2)
    """
    source, target = source.strip().lower(), target.strip().lower()
    if source in _SIZES and target in _SIZES:
        (what, size), (other, wanted) = _SIZES[source], _SIZES[target]
        if what == other:
            return value * size / wanted
    if source in _DEGREES and target in _DEGREES:
        (size, zero), (wanted, other_zero) = _DEGREES[source], _DEGREES[target]
        return (value + zero) * size / wanted - other_zero
    raise ValueError(f"{source} is not to be had in {target}")


def known(unit: str) -> bool:
    """Whether this is a unit that can be converted."""
    return unit.strip().lower() in _SIZES or unit.strip().lower() in _DEGREES


def unit_in(words: str) -> list[str]:
    """The units that `words` name, in order; short ones only where the words are nothing but units."""
    found = [word for word in re.findall(r"[a-zµ°%]+", words.lower()) if word in _SIZES or word in _DEGREES]
    clear = [word for word in found if word not in _AMBIGUOUS]
    return list(dict.fromkeys(clear if len(clear) != 1 or len(found) > 2 else found))[:2] if clear else found[:2]


def quantity(text: str) -> tuple[Fraction, str] | None:
    """A text such as ``1.5 km`` as number and unit, or None."""
    match = re.fullmatch(r"\s*(-?\d{1,30}(?:\.\d{1,30})?)\s*([^\d\s.,-][^\d]{0,20}?)\s*", text)
    return (Fraction(match[1]), match[2]) if match and known(match[2]) else None
