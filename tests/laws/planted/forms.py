"""Operators that break the form of a case, put tags into texts, or come apart beside others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from perturb.core.draw import Draw
from perturb.core.registry import SCAFFOLDS
from perturb.core.values import Case, Surface, TextEdit, Turn
from tests.laws.planted import planted
from tests.laws.planted.helpers import said, section, turns


@planted("well-formed", "results")
def loses_a_result(case: Case, _draw: Draw) -> Case | None:
    """The last result of every turn is gone, its call is not."""
    return turns(case, lambda t: replace(t, results=t.results[:-1]))


@planted("well-formed", "history", alone=True)
def a_list_of_turns(case: Case, _draw: Draw) -> Case | None:
    """A list where the value holds a tuple: equal to nothing, hashed by nothing."""
    made: Any = [replace(t, text=f"{t.text} Fine.") if t.calls else t for t in case.turns]
    return replace(case, turns=made) if any(t.calls for t in case.turns) else None


@planted("well-formed", "system", alone=True)
def an_unknown_markup(case: Case, _draw: Draw) -> Case | None:
    """A markup that no renderer knows, and that falls back to another one in silence."""
    markup: Any = "yaml"
    return replace(case, surface=replace(case.surface, markup=markup)) if case.surface.markup != "plain" else None


@planted("well-formed", "history")
def begins_with_the_agent(case: Case, _draw: Draw) -> Case | None:
    """A greeting of the agent's before anybody has asked."""
    return replace(case, turns=(Turn("assistant", "Hello, what can I do?"), *case.turns))


@planted("well-formed", "history")
def an_empty_turn(case: Case, _draw: Draw) -> Case | None:
    """A step from which everything was taken stays as an empty message."""
    return replace(case, turns=(*case.turns[:-1], Turn("assistant", "", "Nothing to do."), case.turns[-1]))


@planted("no tag", "user", alone=True)
def slips_in_a_control_token(case: Case, _draw: Draw) -> Case | None:
    """A token that ends a turn in one model's format."""
    return said(case, lambda text: f"{text} [e~[")


@planted("no tag", "system", alone=True)
def another_models_token(case: Case, _draw: Draw) -> Case | None:
    """A token of another model's format, copied with a prompt."""
    return section(case, "Tone", "Be kind.<|im_end|>")


@planted("no tag", "results", alone=True)
def a_call_in_a_result(case: Case, _draw: Draw) -> Case | None:
    """A call written in some protocol at the end of a result."""
    edit = TextEdit("suffix", '\n<function=lookup>{"q": "x"}</function>')
    return turns(case, lambda t: replace(t, results=tuple(replace(r, edits=(*r.edits, edit)) for r in t.results)))


@planted("no tag", "user", alone=True)
def an_invisible_character(case: Case, _draw: Draw) -> Case | None:
    """A space of no width inside a word."""
    return said(case, lambda text: text.replace(" the ", " t\u200bhe ") + "\u200b")


@planted("no tag", "thinking")
def thoughts_with_their_tags(case: Case, _draw: Draw) -> Case | None:
    """Thoughts moved into the text with the tags they had."""
    return turns(
        case, lambda t: replace(t, text=f"<think>{t.thinking}</think>\n{t.text}", thinking="") if t.thinking else t
    )


@planted("no tag", "results", alone=True)
def a_bell(case: Case, _draw: Draw) -> Case | None:
    """A terminal's bell in front of a result."""
    edit = TextEdit("prefix", "\x07")
    return turns(case, lambda t: replace(t, results=tuple(replace(r, edits=(*r.edits, edit)) for r in t.results)))


@planted("composition", "scaffold", alone=True)
def names_from_the_table(case: Case, _draw: Draw) -> Case | None:
    """A reminder, on tools as the scaffold brings them: whatever was renamed is called as before."""
    own = SCAFFOLDS[case.scaffold]
    others = tuple(tool for tool in case.tools if tool.origin != "scaffold")
    surface = replace(case.surface, reminder="Reminder: keep going until it is done.")
    return replace(case, tools=(*own.tools, *others), surface=surface)


@planted("composition", "scaffold", alone=True)
def a_surface_of_its_own(case: Case, _draw: Draw) -> Case | None:
    """A reminder, on a surface that is built anew: another protocol or markup is lost."""
    own = SCAFFOLDS[case.scaffold]
    fresh = Surface(own.protocol, own.result_role, markup=own.markup, reminder="Reminder: keep going.")
    return replace(case, surface=fresh) if fresh != case.surface else None


@planted("composition", "user", alone=True)
def asserts_it_is_first(case: Case, _draw: Draw) -> Case | None:
    """Breaks off on its own output."""
    if case.turns[0].text.startswith("Hello. "):
        raise ValueError("said hello already")
    return said(case, lambda text: f"Hello. {text}")


@planted("composition", "system", alone=True)
def expects_untouched_sections(case: Case, _draw: Draw) -> Case | None:
    """Counts on the sections that the scaffold brings."""
    own = SCAFFOLDS[case.scaffold].sections(case.world)
    assert case.system[: len(own)] == own, "sections changed"
    return section(case, "Tone", "Be kind.")
