"""GNU sed reads ``\\n`` and ``\\t`` in what its commands a, i and c add as what they stand for; bashkit does not."""

from __future__ import annotations

import re

from perturb.world.builtins import Asked, Said, builtin

_ADDRESS = r"(?:\d+|\$|/(?:[^/\\\n]|\\.)*/)"
_TEXT = re.compile(
    rf"(?:^|(?<=[;{{\n]))(\s*(?:{_ADDRESS}(?:,{_ADDRESS})?\s*)?[aic](?:\\?[ \t]|\\))([^\n]*)", re.MULTILINE
)


def spelled_out(script: str) -> str:
    """A sed script whose added text has line ends and tabs in place of their escapes.

    >>> spelled_out(r"1i one\\ntwo"), spelled_out(r"s/a\\nb/c/")
    ('1i one\\\\\\ntwo', 's/a\\\\nb/c/')
    """
    return _TEXT.sub(lambda found: found[1] + re.sub(r"\\(.)", _plain, found[2]), script)


def _plain(found: re.Match[str]) -> str:
    return {"n": "\\\n", "t": "\t"}.get(found[1], found[0])


@builtin("__sed_text")
def sed_text(asked: Asked) -> Said:
    """One word for sed, with a full stop after it that keeps its last line end."""
    return Said(spelled_out(asked.words[0]) + ".")
