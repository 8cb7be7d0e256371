"""Where a run stands: decisions of how many, how fast, tokens a second, time left, what failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from perturb.campaign.plan import Item, Tally
from perturb.campaign.runner import Answerer
from perturb.cli import output
from perturb.core.values import Failure, Response

# Seconds between two looks at a terminal's line.
_EVERY_S = 0.2


class Meter:
    """Counts what passes. `tally` is filled by the plan as it is walked; the rest of it is extrapolated."""

    def __init__(self, now: Callable[[], float] = time.monotonic, status: Callable[[str], None] | None = None) -> None:
        self.tally = Tally()
        self._now = now
        self._status = status or output.status_line()
        self._begun = now()
        self._due = self._begun + _EVERY_S
        self.done = self.asked = self.tokens = self.failed = 0

    def __call__(self, count: int) -> None:
        """`count` more decisions have their record."""
        self.done += count
        if self._now() >= self._due:
            self._due = self._now() + _EVERY_S
            self._status(self.line())

    def over(self, answerer: Answerer) -> Answerer:
        """`answerer`, counted."""

        def answer(pull: Callable[[], Item | None]) -> Iterator[tuple[Item, Response | Failure]]:
            for item, got in answerer(pull):
                self.asked += 1
                self.failed += isinstance(got, Failure)
                self.tokens += got.completion_tokens if isinstance(got, Response) else 0
                yield item, got

        return answer

    def end(self) -> None:
        """The last word, where anything was asked."""
        if self.asked:
            output.clear_line()
            output.say(self.line())

    def line(self) -> str:
        """One line."""
        passed = max(self._now() - self._begun, 1e-9)
        whole = self.tally.walked == self.tally.cases
        total = f"{'' if whole else '~'}{max(self.tally.total, self.done):,}"
        rate = self.asked / passed
        parts = [f"{self.done:,}/{total} decisions", f"{rate:.1f} answers/s", f"{self.tokens / passed:,.0f} tokens/s"]
        if rate:
            parts.append(f"{duration(max(self.tally.total - self.done, 0) / rate)} left")
        return " · ".join(parts + [f"{self.failed:,} failed"] * bool(self.failed))


def duration(seconds: float) -> str:
    """Seconds in the two largest units.

    >>> duration(5), duration(3700), duration(200000)
    ('5 s', '1 h 1 min', '2 d 7 h')
    """
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    found: list[str] = []
    left = int(seconds)
    for name, size in units:
        count, left = divmod(left, size)
        if count or (name == "s" and not found):
            found.append(f"{count} {name}")
        elif found:
            break
    return " ".join(found[:2])
