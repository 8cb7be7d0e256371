"""``perturb grade``: JSON Lines in, one verdict a line out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from perturb.core.errors import UserError
from perturb.core.exact import loads, plain
from perturb.core.registry import nearest
from perturb.judging.grading.kinds import READINGS, Reading, UnusableError, compare


def graded(lines: Iterable[bytes], reading: str) -> Iterator[dict[str, Any]]:
    """The verdict on every line, in order; ``{"id", "error"}`` for one that cannot be used. Blank lines are skipped.

    Raises UserError for a reading that does not exist.
    """
    if reading not in READINGS:
        raise UserError(f"--reading: {reading!r} is none of {', '.join(READINGS)}{nearest(reading, READINGS)}")
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _one(number, line, reading)


def _one(number: int, line: bytes, reading: Reading) -> dict[str, Any]:
    try:
        item = loads(line.decode("utf-8"))
    except ValueError as error:
        return {"id": None, "error": f"line {number}: {error}"}
    if not isinstance(item, dict):
        return {"id": None, "error": f"line {number}: not a JSON object"}
    name = item.get("id")
    try:
        return {"id": plain(name), **verdict(item, reading)}
    except UnusableError as problem:
        return {"id": plain(name), "error": f"line {number}: {problem}"}
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        return {"id": plain(name), "error": f"line {number}: {type(error).__name__}: {str(error)[:200]}"}


def verdict(item: Mapping[str, Any], reading: Reading = "strict") -> dict[str, Any]:
    """``{"equal", "reason"}``, with `arguments` for calls and `outcome` for a reply. Raises UnusableError."""
    kind, context = item.get("kind"), item.get("context")
    context = {} if context is None else context
    if not isinstance(kind, str):
        raise UnusableError("kind: missing")
    if not isinstance(context, dict):
        raise UnusableError("context: not an object")
    if "expected" not in item:
        raise UnusableError("expected: missing")
    if kind != "reply" and "got" not in item:
        raise UnusableError("got: missing")
    got = item if kind == "reply" else item["got"]
    judged = compare(kind, context, item["expected"], got, reading)
    found: dict[str, Any] = {"equal": judged.equal, "reason": judged.reason}
    if kind in ("call", "parallel_calls", "reply"):
        found["arguments"] = list(judged.arguments)
    if judged.outcome:
        found["outcome"] = judged.outcome
    return found
