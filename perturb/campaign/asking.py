"""A model as a test sees it: give it a decision, get the judged one back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from perturb.campaign.answers import Answers
from perturb.campaign.decision import Decision, base_of, decide
from perturb.campaign.plan import Item


class CollectedError(BaseException):
    """Ends a test body that only says what it would ask. Not an Exception: a body must not catch it."""


class Asking:
    """Asks one model, one decision at a time or many ahead.

    `kept` is the folder where failing examples are kept; `replay` the command that asks again, ID for the name.
    """

    def __init__(self, answers: Answers, kept: Path | None = None, replay: str = "") -> None:
        self.answers = answers
        self.kept = kept
        self.replay = replay
        self._collected: dict[str, Item] | None = None

    def __call__(self, item: Item) -> Decision:
        """`item` and its base, answered and judged. Raises EngineError when the engine failed."""
        if self._collected is not None and not (self.answers.known(item) and self.answers.known(base_of(item))):
            self._collected[item.id] = item
            raise CollectedError
        return self.told(decide(self.answers, [item])[0])

    def told(self, decision: Decision) -> Decision:
        """`decision` with the command that asks it again."""
        name = f"'{decision.perturbed.item.id}'"
        return replace(decision, replay=self.replay.replace("ID", name)) if self.replay else decision

    @contextmanager
    def collecting(self) -> Iterator[dict[str, Item]]:
        """Within, decisions without an answer are noted instead of asked."""
        self._collected = {}
        try:
            yield self._collected
        finally:
            self._collected = None
