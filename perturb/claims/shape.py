"""What claims' data look like: texts, lists of texts."""

from __future__ import annotations

from perturb.claims.kinds import Data


def words_of(data: Data, key: str) -> tuple[str, ...]:
    """The words under `key`: a text is a list of one."""
    value = data.get(key, ())
    return (value,) if isinstance(value, str) else tuple(value)


def texts_problem(data: Data, *keys: str) -> str | None:
    """Why the values under `keys` are no texts, or None. Absent keys are fine."""
    for key in keys:
        value = data.get(key, "x")
        texts = [value] if isinstance(value, str) else value
        if (
            not isinstance(texts, list)
            or not texts
            or not all(isinstance(one, str) and one.strip("* ") for one in texts)
        ):
            return f"{key!r} is neither a text nor a list of texts"
    return None
