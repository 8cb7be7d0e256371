"""An application ends, soon, with a case of a size that can be worked with; the limit names the operator."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Seconds one application may take on the clock; on an idle machine they take a few thousandths.
SECONDS = 5.0


class TooLongError(BaseException):
    """The time is up. No subclass of Exception, so that an operator cannot catch it by accident."""


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """Raises TooLongError inside when it takes longer; outside the main thread, or without timers, when it is over."""
    started = time.monotonic()
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        if time.monotonic() - started > seconds:
            raise TooLongError
        return

    def over(_number: int, _frame: FrameType | None) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGALRM, over)
    left, every = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            # Somebody else's alarm goes on where it was.
            signal.setitimer(signal.ITIMER_REAL, max(0.001, left - (time.monotonic() - started)), every)
