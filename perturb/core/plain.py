"""Text from outside made plain: nothing in it drives a terminal, a page or a parser."""

from __future__ import annotations

# What a page can bear of one text.
LONGEST = 40_000


def printable(text: str) -> str:
    r"""`text` without what could drive a terminal: escapes, control and bidirectional characters are spelled out.

    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    kept = []
    for char in text:
        odd = (
            (ord(char) < 32 and char not in "\n\t")
            or 127 <= ord(char) < 160
            or char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        )
        kept.append(f"\\x{ord(char):02x}" if odd and ord(char) < 256 else f"\\u{ord(char):04x}" if odd else char)
    return "".join(kept)


def clipped(text: str) -> str:
    r"""`text` made printable, and cut at a length that a page can bear.

    >>> clipped("a\x00b")
    'a\\x00b'
    """
    shown = printable(text[:LONGEST])
    return shown if len(text) <= LONGEST else shown + "\n[cut here; the journal has it whole]"
