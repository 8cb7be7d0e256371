"""Dates and times: one instant, one civil date, one length of time, by what the format means (RFC 3339, ISO 8601)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from perturb.core.exact import is_number
from perturb.judging.grading.date_texts import MONTHS, Moment, any_date, instant, read
from perturb.judging.grading.kinds import Context, Judged, Reading, UnusableError, flag, kind


@kind("date")
def a_date(context: Context, expected: Any, got: Any, _reading: Reading) -> Judged:
    """One instant or one civil date."""
    schema = context.get("schema")
    form = str(schema.get("format", "")) if isinstance(schema, dict) else ""
    zone = _zone(context.get("timezone"))
    try:
        wanted = read(expected, form, zone, lenient=True)
    except ValueError as problem:
        raise UnusableError(f"expected: {problem}") from problem
    try:
        value, codec = got, context.get("codec")
        if codec is not None:
            heard = _by_codec(value, codec, zone)
        else:
            heard = read(value, form, zone, lenient=not flag(context, "format_asserted", False))
    except ValueError as problem:
        return Judged(False, str(problem))
    if wanted.kind != heard.kind and {wanted.kind, heard.kind} == {"date", "instant"} and codec is not None:
        wanted, heard = _as_moment(wanted, zone), _as_moment(heard, zone)
    if wanted.kind != heard.kind:
        return Judged(False, f"a {heard.kind}, not a {wanted.kind}")
    return Judged(True) if wanted.value == heard.value else Judged(False, f"another {wanted.kind}")


def _as_moment(moment: Moment, zone: tzinfo | None) -> Moment:
    if moment.kind != "date":
        return moment
    return instant(datetime.combine(moment.value, time(), zone or UTC), Fraction(0))


def _zone(name: Any) -> tzinfo | None:
    if name in (None, "", "none"):
        return None
    offset = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d\d?):?(\d\d)?", str(name))
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return timezone(timedelta(minutes=minutes if offset[1] == "+" else -minutes))
    try:
        return ZoneInfo("UTC" if str(name).upper() in ("Z", "UTC", "GMT") else str(name))
    except (ValueError, OSError, KeyError) as error:
        raise UnusableError(f"context.timezone: {name!r} is no time zone") from error


_DIRECTIVES = {
    "yyyy": "(?P<Y>[0-9]{4})", "yy": "(?P<y>[0-9]{2})", "mmmm": "(?P<B>[a-z]+)", "mmm": "(?P<B>[a-z]+)",
    "mm": "(?P<m>[0-9]{2})", "dd": "(?P<d>[0-9]{2})", "m": "(?P<m>[0-9]{1,2})", "d": "(?P<d>[0-9]{1,2})",
    "%Y": "(?P<Y>[0-9]{4})", "%y": "(?P<y>[0-9]{2})", "%m": "(?P<m>[0-9]{1,2})", "%d": "(?P<d>[0-9]{1,2})",
    "%B": "(?P<B>[a-z]+)", "%b": "(?P<B>[a-z]+)", "%H": "(?P<H>[0-9]{1,2})", "%M": "(?P<M>[0-9]{1,2})",
    "%S": "(?P<S>[0-9]{1,2})",
}  # fmt: skip


_PIECE = r"(?:%[YymdBbHMS]|y{2,4}|m{1,4}|d{1,2})"
_LAYOUT = re.compile(rf"{_PIECE}(?:[^A-Za-z0-9%]{{0,3}}{_PIECE})+")


def _by_codec(got: Any, codec: Any, zone: tzinfo | None) -> Moment:
    """A date as the codec spells it: seconds or milliseconds since 1970, or a layout such as ``DD.MM.YYYY``."""
    told = _told(codec)
    low = told.lower().replace("_", " ").replace("-", " ")
    if re.search(r"epoch|unix|posix|since 1970|timestamp", low):
        value = got
        if isinstance(got, str) and re.search(r"text|string", low) and re.fullmatch(r"-?\d{1,20}(\.\d{1,12})?", got):
            value = Decimal(got)
        if not is_number(value):
            raise ValueError("no number of seconds")
        size = 1
        for word, parts in (("milli", 1000), ("ms", 1000), ("micro", 10**6), ("nano", 10**9)):
            if re.search(rf"\b{word}", low):
                size = parts
        return Moment("instant", Fraction(value) / size)
    if not isinstance(got, str):
        raise ValueError("no date")
    layout = _LAYOUT.search(told if "%" in told else told.lower())
    if layout:
        return _by_layout(got, layout[0], zone)
    if "iso" in low or "rfc" in low:
        return any_date(got, zone)
    if re.search(r"day first|dmy|european|british", low):
        return _by_layout(got, "d/m/yyyy" if "/" in got else "d.m.yyyy", zone)
    if re.search(r"month first|mdy|american|\bus\b", low):
        return _by_layout(got, "m/d/yyyy", zone)
    raise UnusableError(f"context.codec: {codec!r} is no codec of dates")


def _told(codec: Any) -> str:
    if isinstance(codec, dict):
        return " ".join(f"{value}" if isinstance(value, str) else f"{key}" for key, value in codec.items())
    return " ".join(map(str, codec)) if isinstance(codec, list) else str(codec)


def _by_layout(got: str, layout: str, zone: tzinfo | None) -> Moment:
    pattern = ""
    place = 0
    while place < len(layout):
        step = next((s for s in _DIRECTIVES if layout.startswith(s, place)), layout[place])
        pattern += _DIRECTIVES.get(step, re.escape(step))
        place += len(step)
    match = re.fullmatch(pattern, got.strip().lower())
    if not match:
        raise ValueError(f"not written as {layout}")
    found = match.groupdict()
    year = int(found.get("Y") or 2000 + int(found.get("y") or 0))
    month = MONTHS.get(found["B"], 0) if found.get("B") else int(found.get("m") or 1)
    day = date(year, month, int(found.get("d") or 1))
    if found.get("H") is None:
        return Moment("date", day)
    clock = datetime.combine(day, time(int(found["H"]), int(found.get("M") or 0), int(found.get("S") or 0)))
    return instant(clock.replace(tzinfo=zone), Fraction(0)) if zone else Moment("wall", (clock, Fraction(0)))
