"""What one emulated command did, and how it refuses words that it does not know."""

from __future__ import annotations

from dataclasses import dataclass

from perturb.core.values import World


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one command did."""

    world: World
    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0


class UsageError(Exception):
    """A command was given options it does not know here."""
