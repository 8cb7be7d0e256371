"""Only the declared part of a case changes: its fields, and what lies inside turns, surface, rules and texts."""

from __future__ import annotations

import re
from dataclasses import fields

from perturb.core.values import Case, Part, Source, Turn
from perturb.laws.operators.applied import Applied
from perturb.laws.operators.law import law

# Which fields of a case each part may touch.
FRAME: dict[Part, frozenset[str]] = {
    "tools": frozenset({"tools", "system", "turns", "expect"}),
    "system": frozenset({"system", "instructions", "surface", "expect"}),
    "user": frozenset({"turns", "expect", "instructions"}),
    "environment": frozenset({"world", "turns", "expect"}),
    "thinking": frozenset({"turns", "surface"}),
    # A call that came to nothing left the world as it was.
    "results": frozenset({"turns", "expect", "world"}),
    "history": frozenset({"turns", "instructions"}),
    "scaffold": frozenset({"scaffold", "surface", "tools", "system", "instructions", "expect"}),
}
# What each part may touch of the turns that were there, whose number stays.
TURN_FRAME: dict[Part, frozenset[str]] = {
    # A tool's name may stand in words.
    "tools": frozenset({"text", "thinking"}),
    "thinking": frozenset({"thinking", "text"}),
    "results": frozenset({"results"}),
    "environment": frozenset({"results"}),
}
SURFACE_FRAME: dict[Part, frozenset[str]] = {
    "thinking": frozenset({"retention"}),
    "system": frozenset({"markup", "system_role"}),
}
# Whose rules an operator on the history may bring: what was said on the way binds, nothing else is its own.
SOURCES: dict[Part, frozenset[Source]] = {"history": frozenset({"promise", "user"})}
_FIELDS = ("system", "tools", "world", "turns", "instructions", "scaffold", "surface", "expect")


@law("frame")
def fields_outside(applied: Applied) -> str | None:
    """Fields of other parts stay as they are, beyond what a rewrite carries along."""
    before, out, part = applied.before, applied.out, applied.operator.part
    for name in _FIELDS:
        if name not in FRAME[part] and getattr(before, name) != getattr(out, name):
            return f"{name} changed"
    if (out.id, out.cluster, out.family, out.rounds) != (before.id, before.cluster, before.family, before.rounds):
        return "its identity changed"
    if out.lineage != before.lineage or out.rewrites[: len(applied.case.rewrites)] != applied.case.rewrites:
        return "it changed how the case is said to have been made"
    return None


@law("frame")
def surface_outside(applied: Applied) -> str | None:
    """Of how the conversation is carried, only what the part is about changes."""
    allowed = SURFACE_FRAME.get(applied.operator.part)
    before, after = applied.before.surface, applied.out.surface
    changed = [f.name for f in fields(before) if getattr(before, f.name) != getattr(after, f.name)]
    strange = [name for name in changed if allowed is not None and name not in allowed]
    return f"surface.{strange[0]} changed" if strange else None


@law("frame")
def rules_outside(applied: Applied) -> str | None:
    """The history brings promises and what the user said on the way; nobody else's rules come or go."""
    allowed = SOURCES.get(applied.operator.part)
    if allowed is None:
        return None
    before, after = applied.before.instructions, applied.out.instructions
    changed = [r for r in (*before, *after) if (r in before) != (r in after) and r.source not in allowed]
    return f"a rule of {changed[0].source} changed: {changed[0].text!r}" if changed else None


@law("frame")
def turns_outside(applied: Applied) -> str | None:
    """Inside turns, only what the part is about changes."""
    part, before, after = applied.operator.part, applied.before.turns, applied.out.turns
    if part == "user":
        same = [t for t in before if t.role == "assistant"] == [t for t in after if t.role == "assistant"]
        return None if same else "assistant turns changed"
    if part == "history":
        return _history(before, after)
    allowed = TURN_FRAME.get(part)
    if allowed is None:
        return None
    if len(before) != len(after):
        return "the number of turns changed"
    for old, new in zip(before, after, strict=True):
        for name in ("role", "text", "thinking", "calls", "results"):
            if name not in allowed and getattr(old, name) != getattr(new, name):
                return f"turns.{name} changed"
        if old.role == "user" and part == "thinking" and old != new:
            return "a user's turn changed"
        if part == "thinking" and old.text not in new.text:
            return "what the agent said in a turn is gone"
    return None


def _history(before: tuple[Turn, ...], after: tuple[Turn, ...]) -> str | None:
    """How it came here may be told otherwise; what the user said and where things stand may not."""
    said = iter(turn.text for turn in after if turn.role == "user")
    for turn in before:
        if turn.role == "user" and not any(turn.text in text for text in said):
            return f"the user's words are gone or come in another order: {turn.text[:60]!r}"
    if not after:
        return "no turn is left"
    old, new = before[-1], after[-1]
    # What was just done is what comes next hangs on; of several calls the last ones may stand alone.
    last = len(new.calls)
    same = old.role == new.role and bool(old.calls) == bool(new.calls)
    if (
        not same
        or new.results != old.results[len(old.calls) - last :]
        or new.calls != old.calls[len(old.calls) - last :]
    ):
        # Two look-ups told as one end in the same way.
        merged = (
            bool(old.calls)
            and new.calls[-len(old.calls) :] == old.calls
            and new.results[-len(old.calls) :] == old.results
        )
        return None if merged and old.role == new.role else "the last step is another one"
    return None


@law("frame")
def texts_outside(applied: Applied) -> str | None:
    """An operator on tools changes other texts only where they name a tool, and whole names only."""
    if applied.operator.part != "tools":
        return None
    names = _renamed(applied.before, applied.out)
    for old, new in zip(_prose(applied.before), _prose(applied.out), strict=False):
        if old != new and not _only_names(old, new, names):
            return f"a text changed that names no tool: {new[:80]!r}"
    return None if len(_prose(applied.before)) == len(_prose(applied.out)) else "a section came or went"


def _prose(case: Case) -> list[str]:
    return [
        *(text for s in case.system for text in (s.title, s.text)),
        *(x for t in case.turns for x in (t.text, t.thinking)),
    ]


def _renamed(before: Case, after: Case) -> dict[str, set[str]]:
    """What each tool that was there is called now: tools are the same where they stand for the same action."""
    found: dict[str, set[str]] = {}
    for tool in before.tools:
        found[tool.name] = {t.name for t in after.tools if (t.action, t.fixed) == (tool.action, tool.fixed)}
    return found


def _only_names(old: str, new: str, names: dict[str, set[str]]) -> bool:
    one, other = re.split(r"([\w-]+)", old), re.split(r"([\w-]+)", new)
    return len(one) == len(other) and all(a == b or b in names.get(a, ()) for a, b in zip(one, other, strict=True))
