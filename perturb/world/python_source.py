"""Python text made ready for the embedded interpreter, which has no clock of the world and lacks a few modules."""

from __future__ import annotations

import ast

from perturb.world.builtins import Asked, Said, builtin


@builtin("__prepared")
def prepared(asked: Asked) -> Said:
    """The text to run in place of the one that is given."""
    return Said(asked.words[0] if asked.words else "")


@builtin("__compiles")
def compiles(asked: Asked) -> Said:
    """Whether files are Python at all: read, not run."""
    for path in asked.words:
        text = asked.text(asked.absolute(path))
        if text is None:
            return Said("", f"[Errno 2] No such file or directory: '{path}'\n", 1)
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", None) or 1
            return Said("", f'  File "{path}", line {line}\n{type(error).__name__}: {error}\n', 1)
    return Said()
