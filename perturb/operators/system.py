"""Perturbations of the system prompt: its layout, and the rules it states."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from perturb.core.draw import Draw
from perturb.core.registry import operator
from perturb.core.values import Case, Instruction, Section, Source
from perturb.operators.rules import livable
from perturb.operators.words import FILLER
from perturb.scaffolding.render import stated

_MARKERS = ("[noted]", "(end of step)", "~ok~")


@operator(part="system", relation="invariant", control=True)
def reorder_sections(case: Case, draw: Draw) -> Case | None:
    """Put the blocks of the system prompt in another order (S02)."""
    turn = draw.choice(range(1, len(case.system)))
    return replace(case, system=(*case.system[turn:], *case.system[:turn]))


@operator(part="system", relation="invariant")
def change_markup(case: Case, draw: Draw) -> Case | None:
    """Set the system prompt off in other markup: Markdown, XML or plain (S03, FormatSpread)."""
    markups: tuple[Literal["markdown", "xml", "plain"], ...] = ("markdown", "xml", "plain")
    other = draw.choice([markup for markup in markups if markup != case.surface.markup])
    if not any(section.title for section in case.system) and not stated(case, "system"):
        # Recorded text without blocks has no markup to change.
        return None
    return replace(case, surface=replace(case.surface, markup=other))


@operator(part="system", relation="invariant", dose=0)
def pad_with_policy(case: Case, draw: Draw) -> Case | None:
    """Add a house policy that has nothing to do with the task (S07)."""
    count, at_front = draw.choice([1, 3, 6]), draw.choice([False, True])
    section = Section("House rules for visitors", "\n".join(FILLER[:count]), "operator")
    return replace(case, system=(section, *case.system) if at_front else (*case.system, section))


@operator(part="system", relation="invariant", control=True)
def other_persona(case: Case, draw: Draw) -> Case | None:
    """Give the agent a name and a maker (S05)."""
    name = draw.choice(["Juniper", "Atlas-9", "the Brightwater assistant"])
    section = Section("Name", f"You go by the name of {name}. Mention it only when you are asked.", "operator")
    return replace(case, system=(section, *case.system))


def _own_rules(case: Case, source: str = "") -> list[Instruction]:
    """The task's rules that can be moved: a scaffold's own stay where the scaffold puts them."""
    from perturb.core.registry import SCAFFOLDS

    fixed = SCAFFOLDS[case.scaffold].rules if case.scaffold in SCAFFOLDS else ()
    return [rule for rule in case.instructions if rule not in fixed and source in ("", rule.source)]


def _with_rule(case: Case, old: Instruction, new: Instruction | None) -> Case:
    kept = tuple(new if rule is old else rule for rule in case.instructions)
    return replace(case, instructions=tuple(rule for rule in kept if rule is not None))


@operator(part="system", relation="invariant")
def move_rule(case: Case, draw: Draw) -> Case | None:
    """Take a rule out of the system prompt and state it in a memory file, by the user or in a tool (S15, OctoBench)."""
    rule = draw.choice(_own_rules(case, "system"))
    places: list[Source] = ["memory", "user"] if case.surface.protocol == "fenced" else ["memory", "user", "tool"]
    return _with_rule(case, rule, replace(rule, source=draw.choice(places)))


@operator(part="system", relation="invariant")
def move_rule_here(case: Case, draw: Draw) -> Case | None:
    """State a rule of another source in the system prompt (S15)."""
    rule = draw.choice([rule for rule in _own_rules(case) if rule.source != "system"])
    draw.choice([None])
    return _with_rule(case, rule, replace(rule, source="system"))


@operator(part="system", relation="directional")
def add_rule(case: Case, draw: Draw) -> Case | None:
    """Add a rule that yesterday's answer breaks: every message must carry a marker (S09)."""
    if not (case.expect.text.strip() or case.expect.any_of[0][0].action == "say"):
        return None
    if any(
        rule.check in ("text.max_words", "text.ends_with") and rule.params.get("n", 0) < 8 for rule in case.instructions
    ):
        return None
    marker = draw.choice(_MARKERS)
    source: Source = draw.choice(["system", "memory", "user"])
    text = f"Put {marker} at the very end of every message you write."
    rules = (*case.instructions, Instruction(text, source, "text.ends_with", {"value": marker}))
    return replace(case, instructions=rules) if livable(case, rules) else None


@operator(part="system", relation="directional")
def change_rule_value(case: Case, draw: Draw) -> Case | None:
    """Change what a rule asks for: another opening, another closing (S12)."""
    marks = [r for r in case.instructions if r.check in ("text.starts_with", "text.ends_with")]
    rule = draw.choice([r for r in marks if not {"when", "unless"} & set(r.params)])
    value, other = str(rule.params["value"]), draw.choice(["Next:", "Now -", "Update:"])
    if value not in rule.text or value.startswith(other):
        return None
    text = rule.text.replace(value, other)
    return _with_rule(case, rule, replace(rule, text=text, params={**rule.params, "value": other}))


@operator(part="system", relation="directional")
def invert_rule(case: Case, draw: Draw) -> Case | None:
    """Turn an opening that was demanded into one that is forbidden (S11)."""
    rule = draw.choice([r for r in case.instructions if r.check == "text.starts_with"])
    draw.choice([None])
    value = str(rule.params["value"])
    text = f"Never write '{value}' anywhere in a message."
    return _with_rule(case, rule, Instruction(text, rule.source, "text.lacks", {"words": [value]}))


@operator(part="system", relation="invariant")
def repeat_rules(case: Case, draw: Draw) -> Case | None:
    """State the system prompt's rules a second time (S08)."""
    rules = [rule.text for rule in case.instructions if rule.source == "system"]
    section = Section(draw.choice(["Reminder", "Once more"]), "\n".join(f"- {text}" for text in rules), "operator")
    return replace(case, system=(*case.system, section)) if rules else None
