"""Operators after which something else is right than they say."""

from __future__ import annotations

from dataclasses import replace

from perturb.core.draw import Draw
from perturb.core.rewrite import rewrite_value, rewritten
from perturb.core.values import Case, Expect, Instruction, Pattern, Rewrite, TextEdit, Turn
from tests.laws.planted import planted
from tests.laws.planted.helpers import said, section, tools


def _moved(case: Case) -> Rewrite:
    return Rewrite(((case.world.cwd, "/elsewhere/x"),))


def _free(words: str) -> Expect:
    return Expect(((Pattern("say", {"text": {"$free": words}}),),), (), words, "It cannot be done.")


@planted("relation", "environment", "equivariant")
def forgets_the_expectation(case: Case, _draw: Draw) -> Case | None:
    """A move of the project, after which the old path is expected."""
    return replace(rewritten(case, _moved(case)), expect=case.expect)


@planted("relation", "system")
def claims_a_new_expectation(case: Case, _draw: Draw) -> Case | None:
    """Says invariant, and changes what is right."""
    expect = Expect(((Pattern("say", {"text": {"$free": "Stop."}}),),))
    return replace(section(case, "Order", "Stop."), expect=expect)


@planted("relation", "system")
def tightens_what_is_forbidden(case: Case, _draw: Draw) -> Case | None:
    """Says invariant, and forbids more than before."""
    never = (*case.expect.never, Pattern("fs.write", {"path": {"$free": "/x"}, "content": {"$free": ""}}))
    return replace(section(case, "Care", "Handle files with care."), expect=replace(case.expect, never=never))


@planted("relation", "user", "directional", alone=True)
def accepts_yesterdays_answer(case: Case, _draw: Draw) -> Case | None:
    """Says directional, and keeps yesterday's answer right."""
    return said(case, lambda text: f"{text} Hurry.")


@planted("relation", "user", "directional")
def adds_an_alternative(case: Case, _draw: Draw) -> Case | None:
    """The user calls it off, and going on is still right."""
    words = "I have stopped and leave everything as it is."
    stop = (Pattern("say", {"text": {"$claims": [{"stops": True}], "$example": words}}),)
    expect = replace(case.expect, any_of=(stop, *case.expect.any_of), text=words)
    return replace(case, turns=(*case.turns, Turn("user", "Stop, please.")), expect=expect)


@planted("relation", "environment", "equivariant")
def rewrites_by_hand(case: Case, _draw: Draw) -> Case | None:
    """A move of the project by hand, with no rewrite declared."""
    rewrite = _moved(case)
    return replace(case, world=rewrite_value(case.world, rewrite), turns=rewrite_value(case.turns, rewrite))


@planted("oracle", "system", "directional")
def rules_nobody_can_keep(case: Case, _draw: Draw) -> Case | None:
    """Two rules that ask for opposite things."""
    rules = (
        Instruction("Write messages without capital letters.", "system", "text.lowercase"),
        Instruction("Write messages in capital letters.", "system", "text.uppercase"),
    )
    return replace(case, instructions=(*case.instructions, *rules))


@planted("oracle", "user", "directional")
def forbids_what_it_wants(case: Case, _draw: Draw) -> Case | None:
    """What is expected is forbidden as well."""
    call = case.expect.any_of[0]
    words = "I have stopped."
    wanted = (Pattern("say", {"text": {"$claims": [{"stops": True}], "$example": words}}),)
    turns = (*case.turns, Turn("user", "Stop, please."))
    return replace(case, turns=turns, expect=Expect((wanted,), (*call, *wanted), words))


@planted("irrelevant words", "user", "directional", alone=True)
def any_words_are_right(case: Case, _draw: Draw) -> Case | None:
    """The user calls it off; whatever is said then is right."""
    if case.expect.any_of[0][0].action == "say":
        return None
    never = tuple(p for several in case.expect.any_of for p in several)
    turns = (*case.turns, Turn("user", "Stop, please, and only confirm."))
    return replace(case, turns=turns, expect=replace(_free("I have stopped."), never=never))


@planted("irrelevant words", "user", "directional")
def a_word_is_enough(case: Case, _draw: Draw) -> Case | None:
    """One letter that nearly every text has is all that is asked for."""
    if case.expect.any_of[0][0].action == "say":
        return None
    words = "I can help."
    text = {"$has": ["a"], "$example": words}
    expect = Expect(((Pattern("say", {"text": text}),),), (), words)
    return replace(case, turns=(Turn("user", "What can you do?"),), expect=expect) if len(case.turns) == 1 else None


@planted("alternatives kept", "system", alone=True)
def keeps_the_first_alternative(case: Case, _draw: Draw) -> Case | None:
    """Only the first of several right answers stays right."""
    expect = replace(case.expect, any_of=case.expect.any_of[:1])
    return replace(section(case, "Tone", "Be kind."), expect=expect) if expect != case.expect else None


@planted("alternatives kept", "system", alone=True)
def forgets_the_steps_ahead(case: Case, _draw: Draw) -> Case | None:
    """An expectation built anew from the fields one knows of."""
    kept = case.expect
    expect = Expect(kept.any_of, kept.never, kept.text, kept.thinking)
    return replace(section(case, "Tone", "Be kind."), expect=expect) if kept.ahead else None


@planted("alternatives kept", "tools")
def keeps_only_the_ideal_tools(case: Case, _draw: Draw) -> Case | None:
    """Tools that the first answer and the history do not need are dropped, those of other right answers too."""
    used = {p.action for p in case.expect.any_of[0]} | {call.action for turn in case.turns for call in turn.calls}
    kept = tuple(tool for tool in case.tools if tool.action in used)
    others = {p.action for several in case.expect.any_of[1:] for p in several} - used
    gone = {tool.action for tool in case.tools} & others
    return replace(case, tools=kept) if kept and gone and "shell.run" not in used else None


@planted("equivariance is whole", "environment", "equivariant")
def the_new_name_is_taken(case: Case, _draw: Draw) -> Case | None:
    """A file gets the name of another file."""
    names = sorted({path.rpartition("/")[2] for path in case.world.files})
    return rewritten(case, Rewrite(((names[0], names[1]),))) if len(names) > 1 else None


@planted("equivariance is whole", "environment", "equivariant")
def two_get_the_same(case: Case, _draw: Draw) -> Case | None:
    """Every record gets the same new id."""
    ids = sorted({key for table in case.world.records.values() for key in table})
    return rewritten(case, Rewrite(tuple((key, "R-1001") for key in ids))) if len(ids) > 1 else None


@planted("equivariance is whole", "environment", "equivariant", alone=True)
def a_note_on_the_way(case: Case, _draw: Draw) -> Case | None:
    """A move of the project, and a note on it behind every result."""
    out, note = rewritten(case, _moved(case)), TextEdit("suffix", "\n(moved)")
    kept = tuple(replace(t, results=tuple(replace(r, edits=(*r.edits, note)) for r in t.results)) for t in out.turns)
    return replace(out, turns=kept) if kept != out.turns and case.world.files else None


@planted("equivariance is whole", "environment", "equivariant")
def history_is_left_behind(case: Case, _draw: Draw) -> Case | None:
    """The rewritten world and expectation, but last week's thoughts."""
    out = rewritten(case, _moved(case))
    turns = tuple(
        replace(new, thinking=f"{old.thinking} Fine.") for new, old in zip(out.turns, case.turns, strict=True)
    )
    kept = tuple(new if new.role == "user" else one for new, one in zip(out.turns, turns, strict=True))
    return replace(out, turns=kept) if kept != out.turns else None


@planted("equivariance is whole", "environment", "equivariant")
def the_form_is_left_behind(case: Case, _draw: Draw) -> Case | None:
    """The rewritten case with yesterday's world.form and tabs."""
    if not case.world.tabs or "://" not in case.world.tabs[0]:
        return None
    host = case.world.tabs[0].split("/")[2]
    out = rewritten(case, Rewrite(((host, "elsewhere.example"),)))
    return replace(out, world=replace(out.world, tabs=case.world.tabs, form=case.world.form))


@planted("equivariance is whole", "user", "equivariant")
def renames_inside_words(case: Case, _draw: Draw) -> Case | None:
    """A word replaced wherever its letters stand."""
    rewrite = Rewrite((("the", "yon"),))
    out = rewritten(case, rewrite)
    return said(out, lambda _text: case.turns[0].text.replace("the", "yon"))


@planted("equivariance is whole", "environment", "equivariant")
def only_what_is_shown_in_code(case: Case, _draw: Draw) -> Case | None:
    """Names are rewritten in calls and results; the user still says the old one."""
    name = next((n for path in sorted(case.world.files) if (n := path.rpartition("/")[2]) in case.turns[0].text), "")
    if not name:
        return None
    out = rewritten(case, Rewrite(((name, f"moved_{name}"),)))
    return replace(out, turns=(case.turns[0], *out.turns[1:]))


@planted("delivered", "system", alone=True)
def does_nothing(case: Case, _draw: Draw) -> Case | None:
    """The same case again."""
    return replace(case)


@planted("delivered", "environment", alone=True)
def changes_what_nobody_sees(case: Case, _draw: Draw) -> Case | None:
    """A recording that no request shows."""
    return replace(case, world=replace(case.world, python={**case.world.python, "never()": "seen"}))


@planted("irrelevant words", "user", "directional")
def silence_is_right(case: Case, _draw: Draw) -> Case | None:
    """The user wants nothing; doing and saying nothing is expected."""
    return replace(said(case, lambda _text: "No need for an answer."), expect=Expect(((),)))


@planted("oracle", "tools")
def drops_the_needed_tool(case: Case, _draw: Draw) -> Case | None:
    """A shorter list of tools, without the one that is needed."""
    action = case.expect.any_of[0][0].action
    kept = tuple(t for t in case.tools if t.action not in (action, "shell.run"))
    return replace(case, tools=kept) if kept and len(kept) < len(case.tools) else None


@planted("schemas whole", "tools")
def lies_about_a_type(case: Case, _draw: Draw) -> Case | None:
    """Every text is declared a whole number."""
    return tools(
        case,
        lambda tool: replace(
            tool,
            params=tuple(replace(p, schema={**p.schema, "type": "integer"}) if p.field else p for p in tool.params),
        ),
    )
