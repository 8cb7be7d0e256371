"""Base episodes: data files in, unbound cases out.

A fixture says what the agent does (intents); the world computes what it sees. Cutting an episode at an assistant
step gives one case: the trajectory before that step, and what is right at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from perturb.core.errors import UserError
from perturb.core.values import Case, Expect, Instruction, Intent, Pattern, Section, Tool, Turn, World
from perturb.toolbox.schema_rest import params_and_rest
from perturb.trajectories.defaults import unsaid
from perturb.trajectories.patterns import ideal_args
from perturb.trajectories.schema import Action, Fixture, Step, ToolData, read_fixture
from perturb.world.changes import undo
from perturb.world.execute import execute
from perturb.world.pages import number_refs


@dataclass(frozen=True, slots=True)
class Episode:
    """A loaded fixture: its identity and its decision points as unbound cases."""

    id: str
    family: str
    title: str
    path: str
    cases: tuple[Case, ...] = field(repr=False)


def read_episode(path: Path) -> Episode:
    """The episode of one fixture file. Raises UserError naming file and field."""
    fixture = read_fixture(path)
    return Episode(fixture.id, fixture.family, fixture.title, str(path), tuple(_cut(fixture, path)))


def _cut(fixture: Fixture, path: Path) -> Iterator[Case]:
    world = number_refs(_world(fixture))
    system = tuple(Section(s.title, s.text, "task") for s in fixture.system)
    instructions = tuple(Instruction(i.text, i.source, i.check, i.params) for i in fixture.instructions)
    turns: tuple[Turn, ...] = ()
    number = 0
    for index, step in enumerate(fixture.turns):
        if step.user is not None:
            turns += (Turn("user", step.user),)
            continue
        number += 1
        case = Case(
            id=f"{fixture.id}@{number}",
            cluster=fixture.id,
            family=fixture.family,
            system=system,
            tools=tuple(domain_tool(tool.model_dump(exclude_unset=True)) for tool in fixture.tools),
            world=world,
            turns=turns,
            instructions=instructions,
            expect=_expect(step, fixture.turns[index + 1 :]),
        )
        yield unsaid(case)
        world, turn = _play(world, step, f"{path}: turns[{index}]")
        turns += (turn,)


def _play(world: World, step: Step, where: str) -> tuple[World, Turn]:
    """Run one gold step in the world. A gold action may fail only where the fixture says it does."""
    results = []
    intents = tuple(Intent(a.action, ideal_args(a.args)) for a in step.do)
    for action, intent in zip(step.do, intents, strict=True):
        before = world
        world, result = execute(world, intent)
        if result.failed != action.fails:
            raise UserError(f'{where}.do: {intent} gave {result} (say "fails": true where that is meant)')
        results.append(replace(result, undo=undo(before, world)))
    return world, Turn("assistant", step.content, step.thinking, intents, tuple(results))


def _expect(step: Step, later: list[Step]) -> Expect:
    if step.say is not None:
        first: tuple[Pattern, ...] = (Pattern("say", {"text": step.say}),)
    else:
        first = _patterns(step.do)
    rest = tuple(_patterns(alternative) for alternative in step.accept)
    return Expect((first, *rest), _patterns(step.never), step.content, step.thinking, _ahead(step, later))


def _ahead(step: Step, later: list[Step]) -> tuple[tuple[Pattern, ...], ...]:
    """The steps after `step` until the user is spoken to, or an action fails: what is wanted there is news."""
    if step.say is not None or any(action.fails for action in step.do):
        return ()
    goes_on = takewhile(lambda one: one.do and not any(action.fails for action in one.do), later)
    return tuple(_patterns(one.do) for one in goes_on)


def _patterns(actions: list[Action]) -> tuple[Pattern, ...]:
    return tuple(Pattern(action.action, action.args, action.spelling) for action in actions)


def domain_tool(spec: dict[str, Any]) -> Tool:
    """A fixture's own tool (name, description, JSON Schema parameters): its name is its action."""
    params, rest = params_and_rest(spec["parameters"])
    return Tool(spec["name"], spec["description"], spec["name"], params, origin="domain", rest=rest)


def _service(tool: ToolData) -> dict[str, Any]:
    """A tool's effect, and what it takes arguments to be that are left out."""
    properties = tool.parameters.properties
    usual = {name: schema["default"] for name, schema in properties.items() if "default" in schema}
    return {**tool.effect.model_dump(exclude_unset=True), **({"defaults": usual} if usual else {})}


def _world(fixture: Fixture) -> World:
    data = fixture.world.model_dump()
    recorded = fixture.world.model_dump(include={"python"}, by_alias=True, exclude_unset=True)
    data["python"] = recorded.get("python", {})
    services = {tool.name: _service(tool) for tool in fixture.tools}
    for name in ("files", "pages"):
        data[name] = {k: v if isinstance(v, str) else "\n".join(v) + "\n" for k, v in data[name].items()}
    for name in ("tabs", "open_files", "diagnostics"):
        data[name] = tuple(data[name])
    return World(**data, services=services)
