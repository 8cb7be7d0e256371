"""Claims about names, dates and times, and about what is so or not."""

from __future__ import annotations

import datetime
import re

from perturb.claims.clauses import Clause, Said, mentions, speaks_of
from perturb.claims.kinds import Data, Verdict, claim
from perturb.claims.shape import texts_problem, words_of

_MONTHS = "january february march april may june july august september october november december".split()
_NEGATIVE = frozenset("not no never nothing none cannot can't n't without neither nor false untrue".split())


def _together(found: list[Verdict]) -> Verdict:
    told = set(found)
    if told == {True}:
        return True
    return None if None in told or told == {True, False} else False


def _verdict(clause: Clause, said: Said) -> Verdict:
    return None if clause.doubted or clause.twice or said.foreign else not (clause.denied or clause.left)


def _name_problem(data: Data) -> str | None:
    return texts_problem(data, "name", "aliases", "of")


@claim(
    "name", "aliases", "of", problem=_name_problem,
    sentence=lambda data: f"It is {words_of(data, 'name')[0].rstrip('*')}{_of(data)}.",
)  # fmt: skip
def name(said: Said, data: Data) -> Verdict:
    """The name, or one of its aliases, is mentioned, and not in a denial."""
    names, of = (*words_of(data, "name"), *words_of(data, "aliases")), words_of(data, "of")
    here = [one for one in said.clauses if mentions(one.text, names) and not one.question]
    return _together([_verdict(one, said) for one in _near(here, said, of)])


def _near(clauses: list[Clause], said: Said, of: tuple[str, ...]) -> list[Clause]:
    """The clauses that speak of one of `of`: themselves, or else their sentence."""
    if not of:
        return clauses
    return [one for one in clauses if speaks_of(one.text, of)] or [
        one for one in clauses if speaks_of(said.sentences[one.sentence], of)
    ]


def _of(data: Data) -> str:
    of = words_of(data, "of")
    return f" of the {of[0].rstrip('*')}" if of else ""


def _date_problem(data: Data) -> str | None:
    try:
        _day(data["date"])
    except (ValueError, TypeError):
        return f"{data['date']!r} is no date as in 2026-03-18 or --03-18"
    return texts_problem(data, "of")


def _day(value: str) -> tuple[int | None, int, int]:
    if re.fullmatch(r"--\d\d-\d\d", value):
        made = datetime.date.fromisoformat("2024" + value[1:])
        return None, made.month, made.day
    made = datetime.date.fromisoformat(value)
    return made.year, made.month, made.day


@claim("date", "of", problem=_date_problem, sentence=lambda data: f"It is {_spoken(data['date'])}{_of(data)}.")
def date(said: Said, data: Data) -> Verdict:
    """The day is named, in any usual spelling, and not denied. The year may be left out."""
    wanted, of = _day(data["date"]), words_of(data, "of")
    here = [one for one in said.clauses if not one.question and any(_same_day(wanted, day) for day in _days(one.text))]
    return _together([_verdict(one, said) for one in _near(here, said, of)])


def _spoken(value: str) -> str:
    year, month, day = _day(value)
    return f"{day} {_MONTHS[month - 1].capitalize()}" + (f" {year}" if year else "")


def _same_day(wanted: tuple[int | None, int, int], found: tuple[int | None, int, int]) -> bool:
    return wanted[1:] == found[1:] and (wanted[0] is None or found[0] is None or wanted[0] == found[0])


_MONTH = "|".join(f"{m}|{m[:3]}" for m in _MONTHS)
_WRITTEN = re.compile(
    rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\.?\s+(?:of\s+)?(?P<m>{_MONTH})\b\.?,?(?:\s+(?P<y>\d{{4}}))?"
    rf"|\b(?P<m2>{_MONTH})\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y2>\d{{4}}))?"
    r"|\b(?P<y3>\d{4})[-/](?P<m3>\d\d)[-/](?P<d3>\d\d)\b|\b(?P<d4>\d{1,2})\.(?P<m4>\d{1,2})\.(?P<y4>\d{4})?",
    re.IGNORECASE,
)


def _days(text: str) -> list[tuple[int | None, int, int]]:
    found = []
    for match in _WRITTEN.finditer(text):
        got = {key.rstrip("234"): value for key, value in match.groupdict().items() if value}
        month = got["m"].lower()
        number = int(month) if month.isdecimal() else next(n for n, m in enumerate(_MONTHS, 1) if m.startswith(month))
        found.append((int(got["y"]) if "y" in got else None, number, int(got["d"])))
    return found


def _time_problem(data: Data) -> str | None:
    ok = isinstance(data["time"], str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", data["time"])
    return texts_problem(data, "of") if ok else f"{data['time']!r} is no time as in 09:40"


@claim("time", "of", problem=_time_problem, sentence=lambda data: f"It is {data['time']}{_of(data)}.")
def time(said: Said, data: Data) -> Verdict:
    """The time of day is named, on either clock, and not denied."""
    hour, minute = map(int, data["time"].split(":"))
    of = words_of(data, "of")
    here = [one for one in said.clauses if not one.question and (hour, minute) in _times(one.text)]
    return _together([_verdict(one, said) for one in _near(here, said, of)])


def _times(text: str) -> list[tuple[int, int]]:
    found = []
    pattern = r"(?<![\d:.])(\d{1,2})[:.h](\d\d)(?![\d])(?:\s*([ap])\.?m\b)?|(?<![\d:.])(\d{1,2})\s*([ap])\.?m\b"
    for match in re.finditer(pattern, text, re.IGNORECASE):
        hour, minute = int(match[1] or match[4]), int(match[2] or 0)
        half = (match[3] or match[5] or "").lower()
        if half:
            hour = hour % 12 + 12 * (half == "p")
        found.append((hour, minute))
    return found


def _conditional(text: str, words: tuple[str, ...]) -> bool:
    """Whether the words stand after an if: what may become so is not said to be so."""
    match = re.search(r"\b(?:once|if|when|until|unless|as soon as|after|before)\b", text, re.IGNORECASE)
    return match is not None and mentions(text[match.end() :], words) and not mentions(text[: match.start()], words)


# What was taken away is not so any more; what is yet to be is not so yet.
_GONE = re.compile(r"\b(?:remov(?:ed|es|ing)|delet(?:ed|es|ing)|dropp?(?:ed|s|ing)|got rid of|took out|stripp?ed|gone|eras(?:ed|es|ing))\b", re.IGNORECASE)  # fmt: skip
_CAME = re.compile(r"\b(?:add(?:ed|s|ing)|creat(?:ed|es|ing)|wrote|written|insert(?:ed|s|ing)|put)\b", re.IGNORECASE)
_YET = re.compile(r"\b(?:needs?|ha(?:s|ve)|must|ought|yet|still|remains?|due|waiting)\b(?: \w+)? ?(?:to )?be \w*$", re.IGNORECASE)  # fmt: skip

_YET_TO = re.compile(r"^\w*\W{1,3}(?:\w+ ){0,2}(?:needs?|ha(?:s|ve)|must|ought|remains?)(?: \w+)? ?(?:to )?be\b", re.IGNORECASE)  # fmt: skip
# What can, will or may be done was not done; nor is it undone.
_OPEN = re.compile(
    r"(?:\b(?:can|could|will|would|shall|should|may|let me|let's|about to|going to|want(?:s|ed)? to|like to|ready to|(?:must|need(?:s|ed)? to|ha(?:s|ve) to)(?! (?:\w+ )?be\b))|'ll|'d"
    r"|\b(?:open|available|ready|free|possible) (?:for|to))(?: \w+){0,2} $",
    re.IGNORECASE,
)
_NONE = re.compile(r"\b(?:zero|0) $", re.IGNORECASE)


def _open(text: str, words: tuple[str, ...]) -> bool:
    """Whether the clause says of the words only that it can or will be so."""
    found = re.search("|".join(rf"\b{re.escape(word.rstrip('*'))}" for word in words), text, re.IGNORECASE)
    return found is not None and _OPEN.search(text[: found.start()]) is not None


def _lacks(clause: Clause, words: tuple[str, ...]) -> bool | None:
    """Whether the clause says, without a denial, that it is not so: it is gone, or it is yet to be; None: both."""
    if any(_GONE.search(word) for word in words):
        return False
    gone, came = _GONE.search(clause.text), _CAME.search(clause.text)
    if gone and came:
        return None
    found = re.search("|".join(rf"\b{re.escape(word.rstrip('*'))}" for word in words), clause.text, re.IGNORECASE)
    if gone or found is None:
        return bool(gone)
    before, after = clause.text[: found.start()], clause.text[found.end() :]
    return any((_YET.search(before), _NONE.search(before), _YET_TO.search(after)))


def _says_problem(data: Data) -> str | None:
    wrong = texts_problem(data, "says", "of")
    if wrong is None and not isinstance(data.get("so", True), bool):
        return "'so' is neither true nor false"
    if wrong is None and any(_NEGATIVE & set(word.lower().split()) for word in words_of(data, "says")):
        return 'words that deny match their own negation; say it with "so": false'
    return wrong


def _says_sentence(data: Data) -> str:
    of, word = words_of(data, "of"), words_of(data, "says")[0].rstrip("*")
    return f"The {of[0].rstrip('*') if of else 'thing'} is {'' if data.get('so', True) else 'not '}{word}."


@claim("says", "so", "of", problem=_says_problem, sentence=_says_sentence)
def says(said: Said, data: Data) -> Verdict:
    """That something is so, or with ``"so": false`` that it is not: a clause with one of the words, and its polarity."""
    words, of, so = words_of(data, "says"), words_of(data, "of"), data.get("so", True)
    opposite = tuple(f"un{word}" for word in words)
    told = [one for one in said.clauses if mentions(one.text, (*words, *opposite)) and not one.question]
    verdicts = []
    for one in _near(told, said, of):
        if _conditional(one.text, words) or (not one.denied and _open(one.text, words)):
            continue
        verdict = _verdict(one, said)
        lacks = mentions(one.text, opposite) or _lacks(one, words)
        verdicts.append(None if verdict is None or lacks is None else (verdict != lacks) == so)
    return _together(verdicts)
