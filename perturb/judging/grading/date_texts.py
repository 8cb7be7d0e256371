"""Dates, times and lengths of time as they are written (RFC 3339, ISO 8601, and in words)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from fractions import Fraction
from typing import Any

from perturb.core.exact import is_number

# English names of months, whole and short.
MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        ],
        1,
    )
    for name in names.split()
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: `kind` is instant, wall (no zone), date, time or length; `value` compares within a kind."""

    kind: str
    value: Any


def instant(moment: datetime, fraction: Fraction) -> Moment:
    """A point in time with a zone, as seconds since 1970."""
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    return Moment("instant", Fraction(seconds) + fraction)


def read(value: Any, form: str, zone: tzinfo | None, lenient: bool) -> Moment:
    """A value as the moment that it names. Raises ValueError.

    >>> read("2026-03-02T01:00:00+01:00", "date-time", None, False) == read("2026-03-02T00:00:00Z", "", None, True)
    True
    """
    if is_number(value):
        raise ValueError("a number, where a date is written as text")
    if not isinstance(value, str) or len(value) > 100:
        raise ValueError("no date")
    if form == "duration" or re.match(r"-?P[\dT]", value):
        return Moment("length", _length(value))
    if form == "time":
        return _time(value, zone, lenient)
    if form == "date":
        moment = _strict_date(value) if not lenient else any_date(value, zone)
        if moment.kind in ("wall", "instant") and lenient:
            raise ValueError("a time of day, where a date is meant")
        return moment
    if form == "date-time" and not lenient:
        return _date_time(value, zone, lenient=False)
    return any_date(value, zone)


def any_date(value: str, zone: tzinfo | None) -> Moment:
    """A text as whatever moment it can only mean. Raises ValueError."""
    text = value.strip()
    for reader in (_strict_date, lambda t: _date_time(t, zone, lenient=True), _worded, lambda t: _time(t, zone, True)):
        try:
            return reader(text)
        except ValueError:
            continue
    raise ValueError("no date")


def _strict_date(value: str) -> Moment:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("not a date as in 2026-03-02")
    return Moment("date", date.fromisoformat(value))


_CLOCK = r"([0-9]{2}):?([0-9]{2})(?::?([0-9]{2})(?:[.,]([0-9]{1,30}))?)?\s?([Zz]|[+-][0-9]{2}:?(?:[0-9]{2})?)?"


def _date_time(value: str, zone: tzinfo | None, lenient: bool) -> Moment:
    match = re.fullmatch(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})[Tt ]" + _CLOCK, value)
    if not match:
        raise ValueError("not a date and time as in 2026-03-02T09:30:00Z")
    if not lenient and not re.fullmatch(
        r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", value, re.ASCII
    ):
        raise ValueError("not a date and time as in 2026-03-02T09:30:00Z")
    year, month, day, hour, minute = (int(match[n]) for n in range(1, 6))
    second, fraction = int(match[6] or 0), Fraction(int(match[7] or 0), 10 ** len(match[7] or ""))
    carry = timedelta(0)
    if (hour, minute, second) == (24, 0, 0) and lenient and not fraction:
        hour, carry = 0, timedelta(days=1)
    if second == 60:
        second, carry = 59, timedelta(seconds=1)
    moment = datetime(year, month, day, hour, minute, second) + carry
    offset = _offset(match[8])
    if offset is None and zone is None:
        return Moment("wall", (moment, fraction))
    try:
        return instant(moment.replace(tzinfo=offset or zone), fraction)
    except OverflowError as error:
        raise ValueError("out of range") from error


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        raise ValueError("no offset")
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(span if text[0] == "+" else -span)


def _time(value: str, zone: tzinfo | None, lenient: bool) -> Moment:
    match = re.fullmatch(_CLOCK, value.strip() if lenient else value)
    told = re.fullmatch(r"(\d{1,2})(?::(\d\d))?\s*([ap])\.?m\.?", value.strip().lower(), re.ASCII)
    if told and lenient:
        if not 1 <= int(told[1]) <= 12:
            raise ValueError("no time")
        return Moment("time", (time(int(told[1]) % 12 + 12 * (told[3] == "p"), int(told[2] or 0)), Fraction(0), None))
    if not match or ":" not in value or (not lenient and not (match[3] and match[5] and ": " not in value)):
        raise ValueError("not a time as in 09:30:00Z")
    clock = time(int(match[1]), int(match[2]), min(int(match[3] or 0), 59))
    fraction = Fraction(int(match[4] or 0), 10 ** len(match[4] or ""))
    offset = _offset(match[5])
    if offset is None:
        return Moment("time", (clock, fraction, None))
    moment = datetime.combine(date(2000, 1, 2), clock, offset).astimezone(UTC)
    del zone
    return Moment("time", (moment.time(), fraction, "UTC"))


def _worded(value: str) -> Moment:
    """A date in words or with day and month in an order that cannot be mistaken."""
    plain = re.sub(r"(\d)(st|nd|rd|th)\b", r"\1", value.lower()).replace(",", " ")
    plain = re.sub(r"\b(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?\b\.?|\bof\b|\bthe\b", " ", plain)
    words = plain.replace(".", ". ").split() if re.search(r"[a-z]", plain) else []
    month = [MONTHS[w.rstrip(".")] for w in words if w.rstrip(".") in MONTHS]
    numbers = [w.rstrip(".") for w in words if w.rstrip(".").isdecimal()]
    if len(month) == 1 and len(words) == 3 and len(numbers) == 2:
        year = next((n for n in numbers if len(n) == 4), None)
        day = next((n for n in numbers if len(n) <= 2), None)
        if year and day:
            return Moment("date", date(int(year), month[0], int(day)))
    loose = re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", value, re.ASCII)
    if loose:
        return Moment("date", date(int(loose[1]), int(loose[2]), int(loose[3])))
    compact = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", value, re.ASCII)
    if compact:
        return Moment("date", date(int(compact[1]), int(compact[2]), int(compact[3])))
    german = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", value, re.ASCII)
    if german:
        return Moment("date", date(int(german[3]), int(german[2]), int(german[1])))
    slashed = re.fullmatch(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})", value, re.ASCII)
    if slashed:
        one, two = int(slashed[1]), int(slashed[2])
        if one > 12 or one == two:
            return Moment("date", date(int(slashed[3]), two, one))
        if two > 12:
            return Moment("date", date(int(slashed[3]), one, two))
    raise ValueError("no date")


def _length(value: str) -> tuple[int, Fraction]:
    """A length of time as whole months and seconds. A day is 24 hours only beside hours: days stay days here."""
    sign = -1 if value.startswith("-") else 1
    body = value.removeprefix("-")
    match = re.fullmatch(
        r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
        r"(?:T(?:(\d+(?:[.,]\d+)?)H)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)S)?)?",
        body,
        re.ASCII,
    )
    if not match or body.endswith("T") or body == "P":
        raise ValueError("not a length as in PT1H30M")
    parts = [Fraction((part or "0").replace(",", ".")) for part in match.groups()]
    months, days = parts[0] * 12 + parts[1], parts[2] * 7 + parts[3]
    seconds = parts[4] * 3600 + parts[5] * 60 + parts[6]
    return sign * int(months), sign * (days * 86_400 + seconds)
