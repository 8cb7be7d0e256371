"""Perturbations of what carries the conversation: scaffold, protocol, roles, reminders."""

from __future__ import annotations

from dataclasses import replace

from perturb.core.draw import Draw
from perturb.core.errors import UnrepresentableError
from perturb.core.format import TemplateError
from perturb.core.registry import operator
from perturb.core.values import Case
from perturb.scaffolding.binding import moves
from perturb.scaffolding.render import prompt_text

_REMINDERS = (
    "Reminder: keep to the instructions you were given.",
    "<system-reminder>The terminal has been open for two hours. This needs no action.</system-reminder>",
    "[status] battery 81 %, network ok, 3 notifications unread",
)


@operator(part="scaffold", relation="invariant")
def transpose(case: Case, draw: Draw) -> Case | None:
    """Move the same decision to another scaffold (F04, scaffold transposition)."""
    return draw.choice(moves(case))


@operator(part="scaffold", relation="invariant")
def results_as_user(case: Case, draw: Draw) -> Case | None:
    """Send tool results back as user messages (F07); M2's template then drops earlier thinking."""
    draw.choice([None])
    return _surface(case, result_role="user" if case.surface.result_role == "tool" else "tool")


@operator(part="scaffold", relation="invariant")
def system_as_user(case: Case, draw: Draw) -> Case | None:
    """Put the system prompt into the first user message (S19, F07)."""
    draw.choice([None])
    return _surface(case, system_role="user")


@operator(part="scaffold", relation="invariant")
def text_protocol(case: Case, draw: Draw) -> Case | None:
    """Describe tools in the prompt and write calls as JSON between tags instead of natively (F01, F03)."""
    role = draw.choice(["tool", "user"]) if case.surface.protocol != "native" else draw.choice(["user"])
    if case.surface.protocol not in ("native", "json_actions"):
        return None
    return _surface(case, protocol="json_in_tags", result_role=role)


@operator(part="scaffold", relation="invariant")
def reminder(case: Case, draw: Draw) -> Case | None:
    """Let the harness add a reminder to the last message (F16)."""
    return _surface(case, reminder=draw.choice(_REMINDERS))


@operator(part="scaffold", relation="invariant")
def keep_all_thinking(case: Case, draw: Draw) -> Case | None:
    """Render the thinking of every past turn, not only of those after the last user message (R01 inverse)."""
    draw.choice([None])
    return _surface(case, retention="keep_all")


def _surface(case: Case, **changes: str) -> Case | None:
    """`case` on another surface; None when nothing that is sent differs or it cannot be said there."""
    out = replace(case, surface=replace(case.surface, **changes))  # type: ignore[arg-type]  # literals of the callers
    try:
        return out if prompt_text(out) != prompt_text(case) else None
    except (UnrepresentableError, TemplateError):
        return None
