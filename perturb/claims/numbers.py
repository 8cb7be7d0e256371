"""Claims about numbers: digits with any usual separator, words, units."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from perturb.claims.clauses import Clause, Said, speaks_of
from perturb.claims.kinds import Data, Verdict, claim
from perturb.claims.shape import texts_problem, words_of

_DIGITS = re.compile(
    r"(?<![\w.,:/-])(?<!\w#)(?P<sign>[-+])?(?P<money>[€$£¥])?\s?(?P<digits>\d+(?:(?:,|\.|'|_| (?=\d{3}(?!\d)))\d+)*)(?P<unit>[\s-]?(?:%|°[CF]|[A-Za-zµ²€$£]+(?:/[a-z]+)?|°))?"
    # Not the beginning of a date, a version or a time; a port may have another one behind it.
    r"(?![\d]|[-/.]\d|(?<!\d\d\d):\d)",
)
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = {word: 10 * n for n, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_SMALL = {**{word: n for n, word in enumerate(_ONES)}, **_TENS}
_LARGE = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_WORD = "|".join([*_ONES, *_TENS, *_LARGE])
_SPELLED = re.compile(rf"(?<![\w-])(?:(?:a|an)\s+(?=dozen|hundred|thousand))?(?:{_WORD})(?:(?:[\s-]+(?:and\s+)?)(?:{_WORD}))*(?![\w-])|\ba\s+dozen\b", re.IGNORECASE)  # fmt: skip
_UNITS = {
    "mm": ("length", Fraction(1, 1000)), "millimetres": ("length", Fraction(1, 1000)), "cm": ("length", Fraction(1, 100)),
    "m": ("length", Fraction(1)), "metres": ("length", Fraction(1)), "meters": ("length", Fraction(1)), "metre": ("length", Fraction(1)),
    "millimeters": ("length", Fraction(1, 1000)), "centimetres": ("length", Fraction(1, 100)), "centimeters": ("length", Fraction(1, 100)),
    "feet": ("length", Fraction(3048, 10000)), "foot": ("length", Fraction(3048, 10000)), "ft": ("length", Fraction(3048, 10000)),
    "inches": ("length", Fraction(254, 10000)), "inch": ("length", Fraction(254, 10000)), "yards": ("length", Fraction(9144, 10000)),
    "miles": ("length", Fraction(1_609_344, 1000)), "mile": ("length", Fraction(1_609_344, 1000)),
    "km": ("length", Fraction(1000)), "kilometres": ("length", Fraction(1000)), "kilometers": ("length", Fraction(1000)),
    "g": ("mass", Fraction(1)), "grams": ("mass", Fraction(1)), "gram": ("mass", Fraction(1)), "kg": ("mass", Fraction(1000)),
    "lb": ("mass", Fraction(45_359_237, 100_000)), "lbs": ("mass", Fraction(45_359_237, 100_000)), "ounces": ("mass", Fraction(28_349_523_125, 10**9)), "oz": ("mass", Fraction(28_349_523_125, 10**9)),
    "kilograms": ("mass", Fraction(1000)), "kilos": ("mass", Fraction(1000)), "milligrams": ("mass", Fraction(1, 1000)), "tonnes": ("mass", Fraction(10**6)), "tons": ("mass", Fraction(10**6)),
    "ml": ("volume", Fraction(1, 1000)), "millilitres": ("volume", Fraction(1, 1000)), "milliliters": ("volume", Fraction(1, 1000)),
    "l": ("volume", Fraction(1)), "litres": ("volume", Fraction(1)), "liters": ("volume", Fraction(1)), "cups": ("cups", Fraction(1)), "pounds": ("pounds", Fraction(1)), "mg": ("mass", Fraction(1, 1000)),
    "s": ("time", Fraction(1)), "sec": ("time", Fraction(1)), "seconds": ("time", Fraction(1)), "second": ("time", Fraction(1)),
    "min": ("time", Fraction(60)), "minutes": ("time", Fraction(60)), "minute": ("time", Fraction(60)),
    "h": ("time", Fraction(3600)), "hours": ("time", Fraction(3600)), "hour": ("time", Fraction(3600)),
    "days": ("time", Fraction(86400)), "day": ("time", Fraction(86400)), "weeks": ("time", Fraction(604800)), "week": ("time", Fraction(604800)),
    "months": ("months", Fraction(1)), "month": ("months", Fraction(1)), "years": ("years", Fraction(1)), "year": ("years", Fraction(1)),
    "ms": ("time", Fraction(1, 1000)), "milliseconds": ("time", Fraction(1, 1000)),
    "eur": ("euro", Fraction(1)), "euro": ("euro", Fraction(1)), "euros": ("euro", Fraction(1)), "€": ("euro", Fraction(1)),
    "$": ("dollar", Fraction(1)), "dollars": ("dollar", Fraction(1)), "usd": ("dollar", Fraction(1)), "£": ("pound", Fraction(1)), "gbp": ("pound", Fraction(1)),
    "cents": ("euro", Fraction(1, 100)), "chf": ("franc", Fraction(1)), "francs": ("franc", Fraction(1)), "thalers": ("thaler", Fraction(1)), "thaler": ("thaler", Fraction(1)), "marks": ("mark", Fraction(1)), "crowns": ("crown", Fraction(1)), "florins": ("florin", Fraction(1)), "guilders": ("guilder", Fraction(1)), "groschen": ("groschen", Fraction(1)), "kn": ("knots", Fraction(1)), "knots": ("knots", Fraction(1)), "kt": ("knots", Fraction(1)),
    "knot": ("knots", Fraction(1)), "km/h": ("speed", Fraction(1)), "kph": ("speed", Fraction(1)), "m/s": ("speed", Fraction(36, 10)), "kmh": ("speed", Fraction(1)), "mph": ("speed", Fraction(1_609_344, 10**6)),
    "%": ("share", Fraction(1)), "percent": ("share", Fraction(1)), "°c": ("celsius", Fraction(1)), "°f": ("fahrenheit", Fraction(1)),
    "kb": ("data", Fraction(1000)), "mb": ("data", Fraction(10**6)), "gb": ("data", Fraction(10**9)),
}  # fmt: skip


def _problem(data: Data) -> str | None:
    value = data["number"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{value!r} is no number"
    unit = data.get("unit")
    if unit is not None and (not isinstance(unit, str) or unit.lower() not in _UNITS):
        return f"{unit!r} is no unit that is known"
    return texts_problem(data, "of")


def _sentence(data: Data) -> str:
    of = words_of(data, "of")
    return f"The {of[0].rstrip('*') if of else 'number'} is {data['number']} {data.get('unit', '')}".rstrip() + "."


@claim("number", "unit", "of", problem=_problem, sentence=_sentence)
def number(said: Said, data: Data) -> Verdict:
    """The number stands there as a whole token, in any usual spelling, of what it is said of, and is not denied."""
    wanted, of = Fraction(str(data["number"])), words_of(data, "of")
    told: set[Verdict] = set()
    for clause in said.clauses:
        here = [one for one in numbers_in(clause.text) if _is(one, wanted, data.get("unit"))]
        if not here or clause.question or not _about(clause, said, of):
            continue
        told.add(None if clause.doubted or clause.twice or said.foreign else not (clause.denied or clause.left))
    if told == {True}:
        return True
    return None if None in told or told == {True, False} else False


Found = tuple[frozenset[Fraction], str]


def numbers_in(text: str) -> Iterator[Found]:
    """The numbers of a text: each as the values that its spelling can mean, and its unit."""
    for match in _DIGITS.finditer(text):
        values = _values(match["digits"])
        if match["sign"] == "-":
            values = {-value for value in values}
        if values:
            after = (match["unit"] or "").strip(" -")
            # A word that is no unit does not hide the sign of money before the number.
            yield frozenset(values), after if after.lower() in _UNITS else match["money"] or after
    for match in _SPELLED.finditer(text):
        value = _spelled(match[0].lower())
        after = re.match(r"\s+(%|[A-Za-z€$£°]+)", text[match.end() :])
        yield frozenset({Fraction(value)}), after[1] if after else ""


def _values(digits: str) -> set[Fraction]:
    """What digits with separators can mean: 23,040 · 23 040 · 49,50 · 8_000_000."""
    bare = re.sub(r"['_ ]", "", digits)
    readings = set()
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", bare):
        readings.add(bare.replace(",", ""))
    if re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d+)?", bare):
        readings.add(bare.replace(".", "").replace(",", "."))
    if re.fullmatch(r"\d+(\.\d+)?", bare) and not (re.fullmatch(r"\d{1,3}(\.\d{3}){2,}", bare)):
        readings.add(bare)
    if re.fullmatch(r"\d+,\d+", bare) and not re.fullmatch(r"\d{1,3},\d{3}", bare):
        readings.add(bare.replace(",", "."))
    try:
        return {Fraction(Decimal(one)) for one in readings}
    except InvalidOperation:
        return set()


def _spelled(words: str) -> int:
    """A number in words.

    >>> _spelled("twenty-three thousand and forty")
    23040
    """
    if "dozen" in words:
        return 12
    total, part = 0, 0
    for word in re.findall(r"[a-z]+", words):
        if word in _SMALL:
            part += _SMALL[word]
        elif word == "hundred":
            part = max(part, 1) * 100
        elif word in _LARGE:
            total, part = total + max(part, 1) * _LARGE[word], 0
    return total + part


def _is(found: Found, wanted: Fraction, unit: Any) -> bool:
    values, spelled = found
    said = spelled.lower()
    if unit is None or said not in _UNITS:
        return wanted in values
    (what, size), (other, wanted_size) = _UNITS[said], _UNITS[str(unit).lower()]
    return what == other and any(value * size == wanted * wanted_size for value in values)


def _about(clause: Clause, said: Said, of: tuple[str, ...]) -> bool:
    """Whether the clause speaks of one of `of`: itself, or the clause before it in a sentence where that has no number."""
    if not of or speaks_of(clause.text, of):
        return True
    others = [one for one in said.clauses if one.sentence == clause.sentence and one is not clause]
    return any(speaks_of(one.text, of) and not any(True for _ in numbers_in(one.text)) for one in others)
