"""The few errors that cross rooms. `UserError` is what a person did; its text is the whole message."""

from __future__ import annotations


class UserError(Exception):
    """Bad input from outside. The command line prints it as one line and exits with 2."""


class StorageError(Exception):
    """The disk or a pipe would not take what a run wrote. What was finished before is kept: exit code 3, resumable."""


class UnrepresentableError(Exception):
    """An intent or a value that this surface cannot say. Raised instead of corrupting it."""


class StaleRecipeError(UserError):
    """A recipe whose choices no longer fit the operator that made them."""


class EngineError(Exception):
    """An engine gave no answer, or ours could not be scored: an error of the run, never a verdict on the model."""
