"""Operators that break off, never end, never apply, or choose for nothing."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from perturb.core.draw import Draw
from perturb.core.values import Case, TextEdit
from tests.laws.planted import planted
from tests.laws.planted.helpers import said, section, turns


@planted("closure", "user", alone=True)
def looks_up_what_is_not_there(case: Case, _draw: Draw) -> Case | None:
    """An element that only some pages have."""
    return said(case, lambda text: text + str(case.world.refs["submit"]))


@planted("closure", "results")
def takes_results_for_granted(case: Case, _draw: Draw) -> Case | None:
    """The last turn's first result, where the last turn has none."""
    last = case.turns[-1]
    edited = replace(last.results[0], edits=(TextEdit("suffix", "\n(end)"),))
    return replace(case, turns=(*case.turns[:-1], replace(last, results=(edited, *last.results[1:]))))


@planted("closure", "system")
def returns_a_pair(case: Case, _draw: Draw) -> Any:
    """The case and a note on what was done."""
    return section(case, "Notes", "There are notes."), "notes added"


@planted("closure", "system")
def returns_true(_case: Case, _draw: Draw) -> Any:
    """Says that it worked."""
    return True


@planted("bounded", "results", alone=True)
def megabytes_of_log(case: Case, _draw: Draw) -> Case | None:
    """A log of some megabytes behind a result."""
    noise = TextEdit("suffix", "\nDEBUG nothing happened" * 150_000)
    return turns(case, lambda t: replace(t, results=tuple(replace(r, edits=(*r.edits, noise)) for r in t.results)))


@planted("bounded", "user", alone=True)
def grows_with_its_own_output(case: Case, _draw: Draw) -> Case | None:
    """Says the message six times over, however long it has become."""
    return said(case, lambda text: "\n".join([text] * 6))


@planted("bounded", "system", alone=True)
def waits_for_a_service(case: Case, _draw: Draw) -> Case | None:
    """Waits for something that is not there."""
    time.sleep(1.1)
    return section(case, "Notes", "There are notes.")


@planted("applies", "user", alone=True)
def a_family_that_is_none(case: Case, _draw: Draw) -> Case | None:
    """A condition with a word that is not used here."""
    return said(case, str.upper) if str(case.family) == "terminal" else None


@planted("applies", "thinking")
def waits_for_very_long_histories(case: Case, _draw: Draw) -> Case | None:
    """A condition that no fixture meets."""
    return turns(case, lambda t: replace(t, thinking="")) if len(case.turns) > 40 else None


@planted("applies", "tools")
def no_options(case: Case, draw: Draw) -> Case | None:
    """Options filtered by an attribute's value that nothing has."""
    tool = draw.choice([tool for tool in case.tools if tool.origin == "distractor" and tool.fixed])
    return replace(case, tools=tuple(t for t in case.tools if t is not tool))


@planted("choices matter", "system", alone=True)
def draws_and_forgets(case: Case, draw: Draw) -> Case | None:
    """A choice that is made and never looked at."""
    draw.choice(["short", "long"])
    return section(case, "Tone", "Be kind.")


@planted("choices matter", "system", alone=True)
def an_option_twice(case: Case, draw: Draw) -> Case | None:
    """Two options that are the same."""
    return section(case, "Tone", f"Be {draw.choice(['kind', 'brief', 'kind'])}.")


@planted("choices matter", "user")
def the_second_choice_overrides(case: Case, draw: Draw) -> Case | None:
    """The first choice is overwritten by the second."""
    word = draw.choice(["Hello.", "Good day."])
    word = draw.choice(["Hi.", "Hey."])
    return said(case, lambda text: f"{word} {text}")


@planted("doses ordered", "system", alone=True, dose=0)
def the_strongest_first(case: Case, draw: Draw) -> Case | None:
    """A dose whose options run from strong to weak."""
    return section(case, "Tone", "Be kind. " * draw.choice([9, 4, 1]))


@planted("doses ordered", "system", alone=True, dose=1)
def the_dose_is_elsewhere(case: Case, draw: Draw) -> Case | None:
    """A dose that is declared at a place where nothing is chosen."""
    return section(case, "Tone", "Be kind. " * draw.choice([1, 4, 9]))


@planted("doses ordered", "user", dose=0)
def off_by_one_dose(case: Case, draw: Draw) -> Case | None:
    """A slice that runs out: the strongest dose adds less than the middle one."""
    words = ["please", "really", "now", "soon"]
    count = draw.choice([1, 3, 5])
    return said(case, lambda text: f"{text} {' '.join(words[count % 4 :])}")
