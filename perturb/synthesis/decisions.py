"""Generated decisions: a few tools, a request, and the one call, or the few words, that answer it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from random import Random

from perturb.core.values import Case, Expect, Intent, Pattern, Result, Section, Tool, Turn, World
from perturb.synthesis.skills import Skill, skills
from perturb.synthesis.slots import json_type, value
from perturb.trajectories.episodes import domain_tool

_TASK = Section("Task", "Answer the user's request with the tools you have.", "task")
_SHOWN = (2, 4)
# How often an earlier request and its call stand in the history.
_WITH_HISTORY = 0.3
_UNABLE, _DONE = "I have no tool for that, so I cannot do it.", "Done."
_OK = Result("record", {"value": {"ok": True}})
Values = dict[str, str | int]


def decisions(
    seed: int, *, held: bool = False, fixed_names: bool = False, words: float = 0.0, most_tools: int = _SHOWN[1]
) -> Iterator[Case]:
    """Endlessly many unbound cases, the same for the same seed.

    `held` uses the ways of asking and the values that training never sees. `fixed_names` gives every tool the first of
    its names, as a model sees it that was only ever trained in one place. For a share of `words`, the right answer is
    no call: the tool is missing, or the work is done. Between two and `most_tools` tools are shown.
    """
    side = "held" if held else "train"
    for number in count():
        random = Random(f"{seed}/{side}/{number}")
        case = _decision(random, f"generated-{side}-{seed}-{number}", held, fixed_names, most_tools)
        # Drawn last, so that the decisions with a call are the same whatever the share.
        yield _worded(case, random) if words and random.random() < words else case


def _decision(random: Random, name: str, held: bool, fixed_names: bool, most_tools: int) -> Case:
    wanted, *others = random.sample(skills(), random.randint(_SHOWN[0], most_tools))
    names = {s.names[0]: s.names[0] if fixed_names else random.choice(s.names) for s in (wanted, *others)}
    history: tuple[Turn, ...] = ()
    if others and random.random() < _WITH_HISTORY:
        history = _answered(others[0], names[others[0].names[0]], random, held)
    asked, values = _request(wanted, random, held)
    shown = [wanted, *others]
    random.shuffle(shown)
    tools = tuple(_tool(skill, names[skill.names[0]]) for skill in shown)
    expect = Expect(((Pattern(names[wanted.names[0]], values),),), thinking=_thought(wanted, random))
    turns = (*history, Turn("user", asked))
    return Case(f"{name}@1", name, "imported", (_TASK,), tools, World(), turns, (), expect)


def _worded(case: Case, random: Random) -> Case:
    """The same request where words are right: its tool is not there, or it was called and all is done."""
    ((wanted,),) = case.expect.any_of
    if random.random() < 0.5:
        named = ["tool*", "function*", "way", "access", "ability", "able", *wanted.action.split("_")]
        claim, text, thinking = {"cannot": named}, _UNABLE, "No tool can do this."
        case = replace(case, tools=tuple(tool for tool in case.tools if tool.action != wanted.action))
    else:
        said = ["done", "did", "complete*", "finished", "success*", "ready", *wanted.action.split("_")]
        claim, text, thinking = {"says": said}, _DONE, "The tool has done it."
        call = Intent(wanted.action, wanted.args)
        case = replace(case, turns=(*case.turns, Turn("assistant", "", case.expect.thinking, (call,), (_OK,))))
    say = Pattern("say", {"text": {"$claims": [claim], "$example": text}})
    return replace(case, expect=Expect(((say,),), text=text, thinking=thinking))


def _request(skill: Skill, random: Random, held: bool) -> tuple[str, Values]:
    values: Values = {name: value(slot, random, held=held) for name, slot in skill.params}
    asks = skill.asks[-1:] if held else skill.asks[:-1]
    return random.choice(asks).format(**values), values


def _answered(skill: Skill, name: str, random: Random, held: bool) -> tuple[Turn, ...]:
    """A request of before, its call, and that it was done."""
    asked, values = _request(skill, random, held)
    return (
        Turn("user", asked),
        Turn("assistant", "", _thought(skill, random), (Intent(name, values),), (_OK,)),
        Turn("assistant", "Done."),
    )


def _tool(skill: Skill, name: str) -> Tool:
    properties = {
        parameter: {"type": json_type(slot), "description": f"{parameter.replace('_', ' ').capitalize()}"}
        for parameter, slot in skill.params
    }
    schema = {"type": "object", "properties": properties, "required": [parameter for parameter, _ in skill.params]}
    return domain_tool({"name": name, "description": skill.about, "parameters": schema})


def _thought(skill: Skill, random: Random) -> str:
    deed = skill.about[0].lower() + skill.about[1:]
    return random.choice(("I should {}.", "The user wants me to {}.", "To do: {}.")).format(deed)
