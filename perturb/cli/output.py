"""Where output goes: results to stdout, what is said along the way to stderr; secrets and control characters nowhere.

The one printer: whatever a command shows goes through here (or through `perturb.cli.endings`, when it ends early).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from perturb.campaign.runner import Progress
from perturb.core.errors import StorageError
from perturb.core.plain import escaped, one_line, shown
from perturb.core.plain import printable as printable
from perturb.core.redaction import redacted
from perturb.core.registry import load_builtin, load_file


def emit(text: str) -> None:
    """A result, to stdout. Raises StorageError when that is closed or takes no more."""
    _write(shown(text))


def _write(text: str) -> None:
    if sys.stdout is None:
        raise StorageError("stdout: is closed")
    try:
        sys.stdout.write(text + "\n")
    except OSError as error:
        raise StorageError(f"stdout: {error.strerror}") from error


def say(text: str) -> None:
    """Something to know, to stderr; that it cannot be told ends nothing."""
    with suppress(OSError, AttributeError):
        sys.stderr.write(shown(text) + "\n")


def emit_json(value: Any, *, verbatim: bool = False) -> None:
    """One JSON value, to stdout, without secrets; with all of it where the command is there to convert it."""
    _write(json_line(value, verbatim=verbatim))


def json_line(value: Any, *, verbatim: bool = False) -> str:
    """The same as a text."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # Whole numbers beyond 64 bits and lone surrogates, as somebody's line can hold them.
        text = json.dumps(value, separators=(",", ":")).encode()
    if not verbatim:
        plain = redacted(json.loads(text))
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    return escaped(text.decode())


def register(files: list[str]) -> None:
    """Load what ships, then the user's own modules."""
    load_builtin()
    for file in files:
        load_file(Path(file))


def status_line(every: float = 30.0) -> Callable[[str], None]:
    """Says where a long job stands: on one line of a terminal; elsewhere, a line each `every` seconds."""
    due = 0.0

    def status(text: str) -> None:
        nonlocal due
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{one_line(text)}")
        elif time.monotonic() >= due:
            due = time.monotonic() + every
            say(one_line(text))
        sys.stderr.flush()

    return status


def clear_line() -> None:
    """Take back what `status_line` left on a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """A bar on stderr when that is a terminal, silence otherwise."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda count: bar.advance(task, count)
