"""Commands that run another command: taken off, so that what is run is seen."""

from __future__ import annotations

import re

from perturb.toolbox.shell.words import Word

# Wrapper → its options that take a value.
_WRAPPERS = {
    "sudo": ("-u", "-g", "-C", "-h", "-p"),
    "doas": ("-u",),
    "env": ("-u", "-C", "-S"),
    "time": ("-f", "-o"),
    "nice": ("-n",),
    "ionice": ("-c", "-n"),
    "nohup": (),
    "stdbuf": ("-i", "-o", "-e"),
    "command": (),
    "builtin": (),
    "exec": ("-a",),
    "timeout": ("-s", "-k", "--signal", "--kill-after"),
    "setsid": (),
    "busybox": (),
    "unbuffer": (),
}


def unwrapped(words: list[Word]) -> list[Word]:
    """The words of the command that is run in the end.

    >>> [w.text for w in unwrapped([Word("sudo"), Word("-u"), Word("me"), Word("timeout"), Word("5"), Word("ls")])]
    ['ls']
    """
    rest = list(words)
    while rest and rest[0].known and rest[0].text.rsplit("/", 1)[-1] in _WRAPPERS:
        name = rest[0].text.rsplit("/", 1)[-1]
        if name == "command" and len(rest) > 1 and rest[1].text in ("-v", "-V"):
            return rest
        inner = rest[1:]
        while inner and (inner[0].text.startswith("-") or (name == "env" and re.match(r"\w+=", inner[0].text))):
            taken = inner.pop(0)
            if taken.text in _WRAPPERS[name] and inner:
                inner.pop(0)
        if name == "timeout" and inner:
            inner.pop(0)
        if not inner:
            return rest
        rest = inner
    return rest
