"""Texts: by the rule that is declared, and letter by letter where none is."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from perturb.core.exact import brief, is_number
from perturb.judging.grading.kinds import Context, Judged, Reading, UnusableError, kind, text
from perturb.judging.grading.spelling import canonical

# Words that a way to compare is told in.
_KNOWN = re.compile(
    "exact|case|trim|strip|whitespace|blank|white space|contain|substring|toleran|distance|edit|"
    "levenshtein|newline|nf|unicode|start|end|prefix|suffix|punctuat|quote|accent|diacrit|regex|includes|"
    "line|verbatim|byte|equal|insensitive|fold|collapse|typo|same|literal|lette"
)


@kind("text")
def a_text(context: Context, expected: Any, got: Any, reading: Reading) -> Judged:
    """One text by the declared rule."""
    wanted = expected if isinstance(expected, list) else text(expected, "expected")
    try:
        got = canonical(context, got)
    except ValueError as problem:
        return Judged(False, str(problem))
    if not isinstance(got, str):
        return Judged(False, "not a text")
    rule = _rule(context)
    if reading == "bfcl":
        rule = f"{rule} bfcl"
    if isinstance(wanted, list) and "contain" not in rule:
        return Judged(any(_same(one, got, rule, context) for one in map(str, wanted)), "")
    if "contain" in rule or "substring" in rule or "includes" in rule:
        parts = [_folded(str(part), rule) for part in (wanted if isinstance(wanted, list) else [wanted])]
        missing = next((part for part in parts if not _holds(_folded(got, rule), part, rule)), None)
        return Judged(missing is None, "" if missing is None else f"{brief(missing)} is not in it")
    equal = _same(str(wanted), got, rule, context)
    return Judged(equal, "" if equal else f"{brief(got)} is not {brief(wanted)}")


def _rule(context: Context) -> str:
    how = context.get("compare")
    if isinstance(how, dict):
        how = " ".join(
            str(key) if value is True else f"{key} {value}" for key, value in how.items() if value is not False
        )
    if isinstance(how, list):
        how = " ".join(map(str, how))
    told = str(how or "exact").lower().replace("_", " ").replace("-", " ")
    if not _KNOWN.search(told):
        raise UnusableError(f"context.compare: {how!r} is no way to compare texts")
    return told


def _holds(body: str, part: str, rule: str) -> bool:
    if "word" in rule:
        return re.search(rf"(?<!\w){re.escape(part)}(?!\w)", body) is not None
    return part in body


def _folded(value: str, rule: str) -> str:
    form = re.search(r"nfk?[cd]", rule)
    if form:
        value = unicodedata.normalize(form[0].upper(), value)  # type: ignore[arg-type]  # one of the four forms
    elif "unicode" in rule or "canonical equiv" in rule:
        value = unicodedata.normalize("NFC", value)
    if re.search(r"accent|diacrit", rule):
        value = "".join(c for c in unicodedata.normalize("NFD", value) if not unicodedata.combining(c))
    if re.search(r"casefold|case fold|case insens|ignor\w* case|caseless|lower ?case|case ignored|case does not", rule):
        value = value.casefold()
    if re.search(r"line ending|crlf|newline style|eol|universal newline", rule):
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    if re.search(r"final newline|trailing newline|last newline|newline at the end", rule):
        value = value.rstrip("\n") if "any number" in rule else value.removesuffix("\n")
    if re.search(
        r"whitespace fold|fold\w* (white|blank)|white ?space (is )?(fold|collaps|normal|run)|collapse|blanks? fold",
        rule,
    ):
        value = " ".join(value.split())
    elif re.search(
        r"(ignor\w*|without|no|removed?) (all )?(white ?space|blanks)|white ?space (is )?(ignored|removed)", rule
    ):
        value = "".join(value.split())
    elif re.search(r"trailing (white|blank|space)|rtrim|rstrip", rule):
        value = "\n".join(line.rstrip() for line in value.split("\n"))
    elif re.search(r"trim|strip", rule):
        value = value.strip()
    if re.search(r"ignor\w* punctuation|punctuation ignored|without punctuation|no punctuation", rule):
        value = "".join(c for c in value if not unicodedata.category(c).startswith("P"))
    if re.search(r"quote", rule):
        value = value.translate(str.maketrans("“”‘’„«»", '""\'\'"""'))
    if "bfcl" in rule:
        value = bfcl(value)
    return value


def bfcl(value: str) -> str:
    """A text as that benchmark compares it: lower case, without blanks and ``,./-_*^``, one kind of quote."""
    return re.sub(r"[ \,\.\/\-\_\*\^]", "", value).lower().replace("'", '"')


def _same(wanted: str, got: str, rule: str, context: Context) -> bool:
    one, other = _folded(wanted, rule), _folded(got, rule)
    if re.search(r"start|prefix", rule):
        return other.startswith(one)
    if re.search(r"\bends?\b|suffix", rule) and not re.search(r"end of|line end|newline", rule):
        return other.endswith(one)
    allowed = _allowed(rule, context, one)
    if allowed <= 0:
        return one == other
    return _distance(one, other, allowed) <= allowed


def _allowed(rule: str, context: Context, wanted: str) -> float:
    """How many letters may differ."""
    declared = context.get("tolerance", context.get("max_distance"))
    if is_number(declared):
        return float(declared) if declared >= 1 or declared == 0 else float(declared) * len(wanted)
    if isinstance(declared, dict):
        rule = f"{rule} distance " + " ".join(f"{key} {value}" for key, value in declared.items())
    elif isinstance(declared, str):
        rule = f"{rule} distance {declared.lower()}"
    if not re.search(r"distance|levenshtein|toleran|edit|typo", rule):
        return 0
    match = re.search(r"(\d+(?:\.\d+)?)\s*(%)?", rule)
    if match is None:
        return 0
    size = float(match[1])
    if match[2]:
        return size / 100 * len(wanted)
    if re.search(r"similar|ratio", rule) and size <= 1:
        return (1 - size) * len(wanted)
    return size


def _distance(one: str, other: str, most: float) -> float:
    """Insertions, deletions and substitutions (Levenshtein), given up beyond `most`."""
    if abs(len(one) - len(other)) > most or len(one) * min(len(other), 2 * int(most) + 1) > 10**7:
        return most + 1
    width = int(most)
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        low, high = max(1, number - width), min(len(other), number + width)
        fresh = [number if low == 1 else number + width + 1] * (low) + [0] * (high - low + 1)
        fresh += [number + width + 1] * (len(other) - high)
        fresh[0] = number
        for place in range(low, high + 1):
            fresh[place] = min(
                row[place] + 1 if place < number + width else row[place - 1] + 1,
                fresh[place - 1] + 1,
                row[place - 1] + (letter != other[place - 1]),
            )
        row = fresh
    return row[-1]
