"""Text from outside made plain: nothing in it drives a terminal, a page or a parser, and no secret is in it."""

from __future__ import annotations

import json
import re

from perturb.core.redaction import redact

# What a page can bear of one text.
LONGEST = 40_000
# What a terminal or a page obeys, or what nobody can see: C0, DEL and C1 but for newline and tab, line and paragraph
# separators, surrogates, and the format characters (zero width, bidirectional, tags, invisible operators).
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)


def printable(text: str) -> str:
    r"""`text` without what could drive a terminal: escapes, control and invisible characters are spelled out.

    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return _ODD.sub(_spelled, text)


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def escaped(line: str) -> str:
    r"""A line of JSON with the same meaning, in which what `printable` spells out is written as JSON escapes.

    >>> escaped('"a\u202eb"')
    '"a\\u202eb"'
    """
    return _ODD.sub(lambda found: json.dumps(found[0])[1:-1], line)


def shown(text: str, secrets: frozenset[str] | None = None) -> str:
    r"""`text` as anyone may see it: without secrets (those known, by default this process's), and printable.

    >>> shown("\x07token=abcd1234")
    '\\x07token=[redacted]'
    """
    return printable(redact(text, secrets))


def one_line(text: str) -> str:
    r"""`shown` on a single line, for names, paths and messages that stand in a sentence.

    >>> one_line("no such\nfile\t")
    'no such\\nfile\\t'
    """
    return shown(text).replace("\n", "\\n").replace("\t", "\\t")


def shortened(text: str, length: int) -> str:
    """`text` without secrets, cut at `length` characters; in this order, so that no piece of one is left.

    >>> shortened("password: 'abcdefgh'", 16)
    "password: '[reda"
    """
    return redact(text)[:length]


def clipped(text: str, secrets: frozenset[str] | None = None) -> str:
    r"""`shown`, cut at a length that a page can bear.

    >>> clipped("a\x00b")
    'a\\x00b'
    """
    found = shown(text, secrets)
    return found if len(found) <= LONGEST else found[:LONGEST] + "\n[cut here; the journal has it whole]"
