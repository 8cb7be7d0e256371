"""How a command ends: with its exit code, or with one line on stderr that says why it ended early.

SIGTERM (a scheduler's) and SIGHUP (a closed terminal's) end a command as SIGINT does: through the program, so that the
journal is synced and the line says how to go on.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

from perturb.core.errors import EngineError, StorageError, UserError
from perturb.core.plain import one_line, shown

_OUTPUT = 1
# Of one line on stderr: whatever somebody wrote into a file, it fills no screen.
LONGEST = 1_000
BUG = 70


class Stopped(KeyboardInterrupt):
    """A signal asked the program to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@dataclass(slots=True)
class Ended:
    """The exit code of a command."""

    code: int = 0


@contextmanager
def told() -> Iterator[Ended]:
    """Within, a command runs; what ends it early is told in one line and becomes its exit code."""
    ended = Ended()
    _open_standard_handles()
    before = _catch()
    try:
        try:
            yield ended
        except SystemExit as asked:  # argparse: help, version, a wrong option
            ended.code = asked.code if isinstance(asked.code, int) else 2
        _flush()
    except UserError as error:
        ended.code = _said(str(error), 2)
    except (StorageError, EngineError) as error:
        ended.code = _said(str(error), 3)
    except OSError as error:
        ended.code = _said(f"{error.filename or 'input or output'}: {error.strerror or error}", 3)
    except KeyboardInterrupt as stopped:
        number = stopped.number if isinstance(stopped, Stopped) else signal.SIGINT
        onward = f"; go on with: {stopped.args[0]}" if stopped.args else ""
        ended.code = _said(f"stopped by {signal.Signals(number).name}; what was answered is kept{onward}", 128 + number)
    except Exception as error:
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(shown("".join(traceback.format_exception(error))))
        ended.code = _said(f"{type(error).__name__}: this is a mistake in perturb; the lines above say where", BUG)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _said(text: str, code: int) -> int:
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"perturb: {one_line(text)[:LONGEST]}\n")
        sys.stderr.flush()
    with suppress(StorageError):
        _flush()
    return code


def _flush() -> None:
    """What was printed has arrived. Raises StorageError when it cannot."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        _drop_output()
        raise StorageError(f"stdout: {error.strerror}") from error


def _drop_output() -> None:
    """Nothing more goes to stdout: Python would try again when it ends, and complain."""
    with suppress(OSError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, _OUTPUT)
        os.close(nothing)


def _open_standard_handles() -> None:
    """Fill closed standard handles, so that no file of a run ever gets the number of one of them."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)


def _catch() -> dict[int, Any]:
    """Install handlers where the signal is not ignored (`nohup`); returns the ones before."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise Stopped(number)

    before: dict[int, Any] = {}
    with suppress(ValueError):  # Not the main thread: whoever calls handles signals.
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                before[int(number)] = signal.signal(number, stop)
    return before
