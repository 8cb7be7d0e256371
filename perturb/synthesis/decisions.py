"""Generated decisions: a few tools, a request, and the one call that answers it."""

from __future__ import annotations

from collections.abc import Iterator
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
Values = dict[str, str | int]


def decisions(seed: int, *, held: bool = False, fixed_names: bool = False) -> Iterator[Case]:
    """Endlessly many unbound cases, the same for the same seed.

    `held` uses the ways of asking and the values that training never sees. `fixed_names` gives every tool the first of
    its names, as a model sees it that was only ever trained in one place.
    """
    side = "held" if held else "train"
    for number in count():
        yield _decision(Random(f"{seed}/{side}/{number}"), f"generated-{side}-{seed}-{number}", held, fixed_names)


def _decision(random: Random, name: str, held: bool, fixed_names: bool) -> Case:
    wanted, *others = random.sample(skills(), random.randint(*_SHOWN))
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


def _request(skill: Skill, random: Random, held: bool) -> tuple[str, Values]:
    values: Values = {name: value(slot, random, held=held) for name, slot in skill.params}
    asks = skill.asks[-1:] if held else skill.asks[:-1]
    return random.choice(asks).format(**values), values


def _answered(skill: Skill, name: str, random: Random, held: bool) -> tuple[Turn, ...]:
    """A request of before, its call, and that it was done."""
    asked, values = _request(skill, random, held)
    done = Result("record", {"value": {"ok": True}})
    return (
        Turn("user", asked),
        Turn("assistant", "", _thought(skill, random), (Intent(name, values),), (done,)),
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
