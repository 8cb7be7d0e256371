"""Operators that touch more than their part, or take away what the agent has to know."""

from __future__ import annotations

from dataclasses import replace

from perturb.core.draw import Draw
from perturb.core.values import Case, Result, TextEdit, Turn
from tests.laws.planted import planted
from tests.laws.planted.helpers import said, section, turns


@planted("frame", "user", alone=True)
def reverses_tools_on_the_way(case: Case, _draw: Draw) -> Case | None:
    """A tone for the user, and another order of tools."""
    return replace(said(case, lambda text: f"{text} Hurry."), tools=case.tools[::-1]) if len(case.tools) > 1 else None


@planted("frame", "user", alone=True)
def rewords_the_agent_too(case: Case, _draw: Draw) -> Case | None:
    """Capitals for everybody, the agent included."""
    return turns(case, lambda turn: replace(turn, text=f"{turn.text} Thanks.") if turn.text else turn)


@planted("frame", "thinking", alone=True)
def thinks_for_the_user(case: Case, _draw: Draw) -> Case | None:
    """A doubt behind every turn's words, whoever says them."""
    return turns(case, lambda turn: replace(turn, text=f"{turn.text} Hmm."))


@planted("frame", "thinking")
def drops_words_with_thoughts(case: Case, _draw: Draw) -> Case | None:
    """Takes out the thoughts, and what was said beside them."""
    return turns(case, lambda t: replace(t, thinking="", text="") if t.calls else t)


@planted("frame", "results")
def repairs_the_call(case: Case, _draw: Draw) -> Case | None:
    """A noisier result, and a call that would have been clearer."""
    note = TextEdit("suffix", "\n(end)")

    def noisy(turn: Turn) -> Turn:
        calls = tuple(replace(c, args={**c.args, "note": "again"}) if c.action == "plan.set" else c for c in turn.calls)
        return replace(turn, results=tuple(replace(r, edits=(note,)) for r in turn.results), calls=calls, thinking="")

    return turns(case, noisy)


@planted("frame", "system")
def changes_the_protocol(case: Case, _draw: Draw) -> Case | None:
    """Other markup, and results as user messages while one is at it."""
    other = "tool" if case.surface.result_role == "user" else "user"
    return section(replace(case, surface=replace(case.surface, result_role=other)), "Tone", "Be kind.")


@planted("frame", "history", alone=True)
def rephrases_the_request(case: Case, _draw: Draw) -> Case | None:
    """A history told more politely, the user's words as well."""
    return said(case, lambda text: "Would you please " + text[:1].lower() + text[1:])


@planted("frame", "history")
def forgets_the_last_step(case: Case, _draw: Draw) -> Case | None:
    """An off-by-one slice: the step that was just taken is gone."""
    last = case.turns[-1]
    return replace(case, turns=case.turns[:-1]) if last.role == "assistant" and len(case.turns) > 2 else None


@planted("frame", "history")
def swaps_who_spoke_last(case: Case, _draw: Draw) -> Case | None:
    """The last two turns change places."""
    return replace(case, turns=(*case.turns[:-2], case.turns[-1], case.turns[-2])) if len(case.turns) > 2 else None


@planted("frame", "system", alone=True)
def renames_the_case(case: Case, _draw: Draw) -> Case | None:
    """A variant gets an id of its own."""
    return replace(section(case, "Tone", "Be kind."), id=f"{case.id}-kind")


@planted("frame", "system", alone=True)
def forgets_the_lineage(case: Case, _draw: Draw) -> Case | None:
    """A line in the lineage by hand, which the machinery writes already."""
    return replace(section(case, "Tone", "Be kind."), lineage=("system.kind",))


@planted("frame", "tools", alone=True)
def replaces_inside_words(case: Case, _draw: Draw) -> Case | None:
    """A renamed tool's name replaced in the system prompt wherever its letters stand."""
    tool = min(case.tools, key=lambda tool: len(tool.name))
    system = tuple(replace(s, text=s.text.replace(tool.name.lower()[:3], "qx")) for s in case.system)
    tools = tuple(replace(t, description=f"{t.description} It is quick.") for t in case.tools)
    return replace(case, tools=tools, system=system) if system != case.system else None


@planted("frame", "scaffold", alone=True)
def a_rule_of_the_house_goes(case: Case, _draw: Draw) -> Case | None:
    """A reminder, and turns without the agent's prose."""
    out = turns(case, lambda turn: replace(turn, text="") if turn.calls else turn)
    return replace(out, surface=replace(out.surface, reminder="Keep going.")) if out else None


@planted("information kept", "results", alone=True)
def cuts_what_is_needed(case: Case, _draw: Draw) -> Case | None:
    """Every result cut after its first characters, needed or not."""
    cut = TextEdit("head", " [cut]", 12)
    return turns(case, lambda t: replace(t, results=tuple(replace(r, edits=(*r.edits, cut)) for r in t.results)))


@planted("information kept", "user", alone=True)
def capitals_for_everything(case: Case, _draw: Draw) -> Case | None:
    """Capitals without regard for names and paths."""
    return said(case, str.upper)


@planted("information kept", "user", alone=True)
def keeps_the_first_sentence(case: Case, _draw: Draw) -> Case | None:
    """A terse user who says only the beginning."""
    return said(case, lambda text: " ".join(text.split()[:4]))


@planted("information kept", "history", alone=True)
def results_of_the_neighbour(case: Case, _draw: Draw) -> Case | None:
    """Calls made together come back in another order, their results as they were."""

    def turned(turn: Turn) -> Turn:
        return replace(turn, calls=turn.calls[::-1]) if len(turn.calls) > 1 else turn

    made = [*map(turned, case.turns[:-1]), case.turns[-1]]
    return replace(case, turns=tuple(made)) if tuple(made) != case.turns else None


@planted("information kept", "history", alone=True)
def a_result_at_another_step(case: Case, _draw: Draw) -> Case | None:
    """A duplicated step that shows the result of the step after it."""
    steps = [n for n, t in enumerate(case.turns[:-1]) if len(t.calls) == 1]
    if len(steps) < 2 or case.turns[steps[0]].results == case.turns[steps[1]].results:
        return None
    copy = replace(case.turns[steps[0]], results=case.turns[steps[1]].results)
    return replace(case, turns=(*case.turns[: steps[0]], copy, *case.turns[steps[0] :]))


@planted("information kept", "history", alone=True)
def an_invented_look(case: Case, _draw: Draw) -> Case | None:
    """A look-up that never was, with a result from thin air."""
    from perturb.core.values import Intent

    if not case.world.files or not any(tool.action == "fs.read" for tool in case.tools):
        return None
    path = sorted(case.world.files)[0]
    data = {"path": path, "text": "nothing of interest\n", "start": 1, "end": 1, "total": 1}
    look = Turn("assistant", "I have a look.", "A look.", (Intent("fs.read", {"path": path}),), (Result("file", data),))
    return replace(case, turns=(case.turns[0], look, *case.turns[1:])) if len(case.turns) > 2 else None


@planted("information kept", "environment", alone=True)
def the_world_moves_on(case: Case, _draw: Draw) -> Case | None:
    """A banner in every file, which what was read does not show; a page footer stands for the change in the request."""
    files = {path: f"# generated, do not edit\n{text}" for path, text in case.world.files.items()}
    if not any(r.kind == "file" for t in case.turns for r in t.results):
        return None
    note = TextEdit("suffix", "\n(file server)")
    out = turns(case, lambda t: replace(t, results=tuple(replace(r, edits=(*r.edits, note)) for r in t.results)))
    return replace(out, world=replace(case.world, files=files)) if out else None


@planted("information kept", "results", alone=True)
def keeps_two_hits(case: Case, _draw: Draw) -> Case | None:
    """Long listings and lists of hits shortened to two, whatever is among them."""

    def short(result: Result) -> Result:
        data = {key: value[:1] if isinstance(value, list) else value for key, value in result.data.items()}
        return replace(result, data=data)

    return turns(case, lambda turn: replace(turn, results=tuple(map(short, turn.results))))


@planted("information kept", "system", alone=True)
def only_the_scaffolds_words(case: Case, _draw: Draw) -> Case | None:
    """A shorter system prompt: what the task says in it is gone."""
    kept = tuple(part for part in case.system if part.origin == "scaffold")
    return replace(case, system=kept) if kept and kept != case.system else None


@planted("information kept", "environment")
def every_page_is_the_first(case: Case, _draw: Draw) -> Case | None:
    """Every result that is a page shows the first one."""
    pages = [r for turn in case.turns for r in turn.results if r.kind == "page"]

    def first(turn: Turn) -> Turn:
        return replace(turn, results=tuple(pages[0] if r.kind == "page" else r for r in turn.results))

    return turns(case, first) if pages else None
