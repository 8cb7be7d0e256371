"""Whole replies: what the reply is, and whether its calls are among the accepted ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perturb.judging.grading.calls import parallel_calls
from perturb.judging.grading.kinds import Context, Judged, Reading, UnusableError, kind
from perturb.scaffolding.outcomes import Heard, hear


@kind("reply")
def reply(context: Context, expected: Any, got: Any, reading: Reading) -> Judged:
    """`got` is the line itself: tools, raw or message, finish. Right when its calls are one of `any_of`."""
    if not isinstance(expected, Mapping) or not isinstance(expected.get("any_of"), list):
        raise UnusableError("expected: no any_of")
    if not isinstance(got, Mapping):
        raise UnusableError("a reply has raw or message")
    try:
        heard = hear(got)
    except ValueError as problem:
        raise UnusableError(str(problem)) from problem
    calls = [{"name": call.tool, "arguments": dict(call.args)} for call in heard.calls]
    return _judged({**context, "tools": got.get("tools") or []}, expected["any_of"], calls, heard, reading)


def _judged(context: Context, any_of: list[Any], calls: list[Any], heard: Heard, reading: Reading) -> Judged:
    wants_words = [one for one in any_of if one == []]
    if heard.outcome in ("no_call", "refused"):
        return Judged(bool(wants_words), "" if wants_words else f"{heard.outcome}: words where a call is right",
                      outcome=heard.outcome)  # fmt: skip
    if heard.outcome != "ok_parse":
        return Judged(False, heard.detail or heard.outcome, outcome=heard.outcome)
    first = Judged(False, "a call where words are right")
    for number, alternative in enumerate(one for one in any_of if one != []):
        judged = parallel_calls(context, alternative, calls, reading)
        if judged.equal:
            return Judged(True, "", judged.arguments, heard.outcome)
        first = judged if number == 0 else first
    return Judged(False, first.reason, first.arguments, heard.outcome)
