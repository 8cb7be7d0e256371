"""The words of a command as the shell would see them: quotes, variables and braces; nothing is run to know a word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

_PIECE = re.compile(
    r"""(?P<ansi>\$'(?:[^'\\]|\\.)*') | (?P<single>'[^']*') | (?P<quote>") | \\(?P<escaped>.)
    | \$\{(?P<braced>\w+)\} | \$(?P<variable>\w+) | (?P<dynamic>\$\(|`|\$\{|[<>]\(|\$[@*\#?!$-]) | (?P<plain>.)""",
    re.VERBOSE | re.DOTALL,
)
_ANSI = {"n": "\n", "t": "\t", "\\": "\\", "'": "'", '"': '"', "r": "\r", "a": "\a", "e": "\x1b", "0": "\0"}
MAX_WORDS = 200


@dataclass(frozen=True, slots=True)
class Word:
    """One word after expansion. `known` is False where only running would tell; `glob` where it names several files."""

    text: str
    known: bool = True
    glob: bool = False


def expand(raw: str, variables: Mapping[str, str], home: str) -> list[Word]:
    """The words that one source word becomes: several for ``{a,b}`` and for a variable with blanks outside quotes."""
    out: list[Word] = []
    for option in islice(_braces(raw), MAX_WORDS):
        word, split = _expand_one(option, variables, home)
        if split and word.known and word.text.split() != [word.text]:
            out += [Word(part) for part in word.text.split()]
        else:
            out.append(word)
    return out[:MAX_WORDS]


def _expand_one(raw: str, variables: Mapping[str, str], home: str) -> tuple[Word, bool]:
    text, known, glob, split, quoted, at = [], True, False, False, False, 0
    if raw == "~" or raw.startswith("~/"):
        text.append(home)
        at = 1
    while at < len(raw):
        piece = _PIECE.match(raw, at)
        assert piece is not None  # the last alternative takes any character
        at = piece.end()
        name = piece["braced"] or piece["variable"]
        if piece["quote"]:
            quoted = not quoted
        elif quoted and (piece["single"] or piece["ansi"] or (piece["dynamic"] or " ")[0] in "<>"):
            # Inside double quotes these are characters like any other.
            text.append(raw[piece.start()])
            at = piece.start() + 1
        elif piece["single"]:
            text.append(piece["single"][1:-1])
        elif piece["ansi"]:
            text.append(re.sub(r"\\(.)", lambda m: _ANSI.get(m[1], m[0]), piece["ansi"][2:-1], flags=re.DOTALL))
        elif piece["escaped"] is not None:
            text.append(_escaped(piece["escaped"], quoted))
        elif name:
            known, split = known and name in variables, split or not quoted
            text.append(variables.get(name, piece.group()))
        elif piece["dynamic"]:
            known = False
            text.append(raw[piece.start() :])
            break
        else:
            glob = glob or (not quoted and piece.group() in "*?[")
            text.append(piece.group())
    return Word("".join(text), known, glob), split


def _escaped(char: str, quoted: bool) -> str:
    if char == "\n":
        return ""
    return f"\\{char}" if quoted and char not in '"\\$`' else char


def _braces(raw: str) -> Iterator[str]:
    """The options of ``{a,b}`` and ``{1..3}`` outside quotes, one after the other."""
    plain = "{" in raw and not any(mark in raw for mark in "'\"`$\\")
    found = re.search(r"\{([^{}]*,[^{}]*|(\d{1,4})\.\.(\d{1,4}))\}", raw) if plain else None
    if found is None:
        yield raw
        return
    if found[2]:
        low, high = int(found[2]), int(found[3])
        options = [str(n) for n in range(low, high + 1)] if low <= high else [str(n) for n in range(low, high - 1, -1)]
    else:
        options = found[1].split(",")
    for option in options:
        yield from _braces(raw[: found.start()] + option + raw[found.end() :])


def literal_document(body: str, variables: Mapping[str, str]) -> str | None:
    """An unquoted here-document's text after expansion, or None where only running would tell."""
    if "`" in body or "$(" in body or re.search(r"\$\{\w+[^\w}]", body):
        return None
    missing: list[str] = []

    def value(found: re.Match[str]) -> str:
        if found[1]:
            return "" if found[1] == "\n" else found[1]
        name = found[2] or found[3]
        if name not in variables:
            missing.append(name)
        return variables.get(name, "")

    text = re.sub(r"\\([\\$`\n])|\$\{(\w+)\}|\$([A-Za-z_]\w*)", value, body)
    return None if missing else text
