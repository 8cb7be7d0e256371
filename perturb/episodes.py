"""Base episodes: data files in, unbound cases out.

A fixture says what the agent does (intents); the world computes what it sees. Cutting an episode at an assistant
step gives one case: the trajectory before that step, and what is right at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from perturb.errors import UserError
from perturb.fixture_patterns import ABSENT
from perturb.fixture_schema import Action, Fixture, Step, read_fixture
from perturb.values import Case, Expect, Instruction, Intent, Param, Pattern, Section, Tool, Turn, World
from perturb.world import execute, number_refs

SHIPPED = Path(__file__).parent / "_fixtures"
SOURCE_TREE = Path(__file__).parent.parent / "fixtures"


@dataclass(frozen=True, slots=True)
class Episode:
    """A loaded fixture: its identity and its decision points as unbound cases."""

    id: str
    family: str
    title: str
    path: str
    cases: tuple[Case, ...] = field(repr=False)


def shipped_folder() -> Path:
    """Where the shipped fixtures are, installed or in a source tree."""
    return SHIPPED if SHIPPED.is_dir() else SOURCE_TREE


def fixture_files(folder: Path) -> list[Path]:
    """Every fixture file below `folder`, in name order."""
    return sorted(p for p in folder.rglob("*.json") if not p.name.startswith("_"))


def load_all(folder: Path | None = None) -> Iterator[Episode]:
    """Every episode below `folder` (the shipped ones by default). Raises UserError for the first bad one."""
    seen: dict[str, Path] = {}
    for path in fixture_files(folder or shipped_folder()):
        for episode in load(path):
            if episode.id in seen:
                raise UserError(f"{path}: id {episode.id!r} is taken by {seen[episode.id]}")
            seen[episode.id] = path
            yield episode


def load(path: Path) -> Iterator[Episode]:
    """The episodes of one file: a fixture, or a file of ready cases that an importer wrote."""
    if path.suffix == ".jsonl":
        from perturb.imported import load_cases

        yield from load_cases(path)
        return
    fixture = read_fixture(path)
    yield Episode(fixture.id, fixture.family, fixture.title, path.name, tuple(_cut(fixture, path)))


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
        yield Case(
            id=f"{fixture.id}@{number}",
            cluster=fixture.id,
            family=fixture.family,
            system=system,
            tools=tuple(domain_tool(tool.model_dump(exclude_unset=True)) for tool in fixture.tools),
            world=world,
            turns=turns,
            instructions=instructions,
            expect=_expect(step),
        )
        world, turn = _play(world, step, f"{path}: turns[{index}]")
        turns += (turn,)


def _play(world: World, step: Step, where: str) -> tuple[World, Turn]:
    """Run one gold step in the world. A gold action may fail only where the fixture says it does."""
    results = []
    intents = tuple(Intent(a.action, ideal_args(a.args)) for a in step.do)
    for action, intent in zip(step.do, intents, strict=True):
        world, result = execute(world, intent)
        if result.failed != action.fails:
            raise UserError(f'{where}.do: {intent} gave {result} (say "fails": true where that is meant)')
        results.append(result)
    return world, Turn("assistant", step.content, step.thinking, intents, tuple(results))


def _expect(step: Step) -> Expect:
    if step.say is not None:
        first: tuple[Pattern, ...] = (Pattern("say", {"text": step.say}),)
    else:
        first = _patterns(step.do)
    rest = tuple(_patterns(alternative) for alternative in step.accept)
    return Expect((first, *rest), _patterns(step.never), step.content, step.thinking)


def _patterns(actions: list[Action]) -> tuple[Pattern, ...]:
    return tuple(Pattern(action.action, action.args) for action in actions)


def ideal_args(args: dict[str, Any]) -> dict[str, Any]:
    """Pattern arguments as the concrete ones of an ideal answer.

    >>> ideal_args({"path": {"$any": ["/a", "/b"]}, "why": {"$free": "x"}, "n": 3})
    {'path': '/a', 'why': 'x', 'n': 3}
    """
    ideal = {name: ideal_value(value) for name, value in args.items()}
    return {name: value for name, value in ideal.items() if value != ABSENT}


def ideal_value(value: Any) -> Any:
    """The concrete value an ideal answer uses for one pattern argument."""
    if isinstance(value, dict):
        if "$any" in value:
            return value["$any"][0]
        if "$has" in value:
            return value.get("$example", " ".join(value["$has"]))
        if "$free" in value:
            return value["$free"]
    return value


def domain_tool(spec: dict[str, Any]) -> Tool:
    """A fixture's own tool (name, description, JSON Schema parameters): its name is its action."""
    parameters = spec["parameters"]
    required = parameters.get("required", [])
    params = tuple(
        Param(name, schema, name, name in required) for name, schema in parameters.get("properties", {}).items()
    )
    return Tool(spec["name"], spec["description"], spec["name"], params, origin="domain")


def _world(fixture: Fixture) -> World:
    data = fixture.world.model_dump()
    services = {tool.name: tool.effect.model_dump(exclude_unset=True) for tool in fixture.tools}
    for name in ("files", "pages"):
        data[name] = {k: v if isinstance(v, str) else "\n".join(v) + "\n" for k, v in data[name].items()}
    for name in ("tabs", "open_files", "diagnostics"):
        data[name] = tuple(data[name])
    return World(**data, services=services)


def read_json(path: Path, limit: int = 16_000_000) -> Any:
    """The JSON in a file. Raises UserError naming the file, line and column."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from error
    if len(raw) > limit:
        raise UserError(f"{path}: larger than {limit} bytes")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise UserError(f"{path}: line {error.lineno} column {error.colno}: {error.msg}") from error
