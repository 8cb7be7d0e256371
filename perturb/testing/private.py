"""What pytest shows of a test of ours, made fit to be shown: no secrets, nothing that drives a terminal.

Tracebacks quote exceptions and, with ``--showlocals``, whatever was at hand; captured output is somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from perturb.core.plain import shown


def hide(report: pytest.TestReport) -> None:
    """Take out of `report` what must not be shown, in place."""
    report.sections = [(name, shown(text)) for name, text in report.sections]
    if isinstance(report.longrepr, str):
        report.longrepr = shown(report.longrepr)
    elif isinstance(report.longrepr, tuple):
        path, line, reason = report.longrepr
        report.longrepr = (path, line, shown(reason))
    else:
        for part in _parts(report.longrepr):
            for name, value in list(vars(part).items()):
                object.__setattr__(part, name, _hidden(value))


def _hidden(value: Any) -> Any:
    """A text, lines of text, or names with texts, fit to be shown; anything else as it is."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return [shown(line) for line in value]
    if isinstance(value, list) and all(isinstance(row, tuple) and len(row) == 2 for row in value):
        return [(name, shown(text) if isinstance(text, str) else text) for name, text in value]
    return value


def _parts(value: Any) -> Iterator[Any]:
    """`value` and every part of a traceback's representation in it: dataclasses in lists and tuples."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _parts(item)
    elif is_dataclass(value) and not isinstance(value, type):
        yield value
        for field in fields(value):
            yield from _parts(getattr(value, field.name, None))
