"""How the rooms of the world say that an action failed."""

from __future__ import annotations

from perturb.core.values import Json


class WorldError(Exception):
    """An action failed in the world; becomes an ``error`` result with `code`, `message` and `more` keys."""

    def __init__(self, code: str, message: str, **more: Json) -> None:
        super().__init__(message)
        self.code, self.message, self.more = code, message, more
