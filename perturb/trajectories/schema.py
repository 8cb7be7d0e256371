"""The fixture format (``fixtures/README.md`` explains it) and the one reader that checks it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from perturb.core.actions import ACTIONS
from perturb.core.errors import UserError
from perturb.core.patterns import compile_pattern
from perturb.core.reading import parsed, read_bytes
from perturb.core.registry import check_params
from perturb.core.values import Family, Source
from perturb.toolbox.json_schema import schema_problem
from perturb.trajectories.lines import line_of
from perturb.trajectories.patterns import argument_problem, problem

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Text = Annotated[str, Field(max_length=200_000)]


class Strict(BaseModel):
    """No unknown keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _refuse(wrong: str | None) -> None:
    """pydantic adds the place to a ValueError."""
    if wrong:
        raise ValueError(wrong)


class Action(Strict):
    """One intent as a pattern.

    `fails` marks a gold action that the world answers with an error; `spelling` one that must be said just so, though
    another would do the same in the world.
    """

    action: Text
    args: dict[str, Any] = {}
    fails: bool = False
    spelling: bool = False

    @model_validator(mode="after")
    def _takes_these_arguments(self) -> Action:
        _refuse(problem(self.action, self.args))
        return self


class Step(Strict):
    """A user turn (`user`) or an assistant decision (`do` or `say`, with `thinking` and `content`)."""

    user: Text | None = None
    thinking: Text = ""
    content: Text = ""
    do: list[Action] = []
    say: Any = None
    accept: list[list[Action]] = []
    never: list[Action] = []

    @model_validator(mode="after")
    def _one_kind(self) -> Step:
        kinds = [self.user is not None, bool(self.do), self.say is not None]
        if sum(kinds) != 1:
            raise ValueError("a turn is one of: user, do, say")
        if self.say is not None:
            _refuse(problem("say", {"text": self.say}))
        if self.user is None and not (self.thinking and self.content):
            raise ValueError("an assistant step needs thinking and content")
        return self


class InstructionData(Strict):
    """A stated and checked rule."""

    source: Source
    text: Text
    check: Text
    params: dict[str, Any] = {}

    @model_validator(mode="after")
    def _can_be_checked(self) -> InstructionData:
        try:
            check_params(self.check, self.params)
        except UserError as error:
            raise ValueError(str(error)) from error
        if {"action", "field", "value"} <= self.params.keys():
            _refuse(argument_problem(self.params["action"], self.params["field"], self.params["value"]))
        return self


class Parameters(BaseModel):
    """A tool's arguments as JSON Schema: an object with named properties. Other keywords are kept."""

    model_config = ConfigDict(extra="allow", strict=True)
    type: Literal["object"] = "object"
    properties: dict[str, dict[str, Any]] = {}
    required: list[str] = []

    @model_validator(mode="after")
    def _is_a_schema(self) -> Parameters:
        _refuse(schema_problem(self.model_dump(exclude_unset=True)))
        return self


class Argument(Strict):
    """What a call writes into a record: a fixed value, or one of its own arguments."""

    value: Any = None
    arg: Text | None = None


class Requirement(Strict):
    """A policy: what must hold of the record, or of an argument (`arg:NAME`), for the call to be done."""

    field: Text
    op: Literal["in", "not_in", "eq", "ne", "le", "ge", "exists"]
    value: Any
    message: Text

    @model_validator(mode="after")
    def _lists_where_it_must(self) -> Requirement:
        if self.op in ("in", "not_in") and not isinstance(self.value, list):
            raise ValueError(f"{self.op} needs a list as its value")
        return self


class Effect(Strict):
    """What a domain tool does to the records of a table. Without `op` it just says done."""

    op: Literal["find", "get", "create", "update"] | None = None
    table: Text = ""
    id: Text = ""
    key: Text = ""
    where: dict[str, Text] = {}
    set: dict[str, Argument] = {}
    returns: list[str] | None = None
    require: list[Requirement] = []


class ToolData(Strict):
    """A domain tool and its effect on the world's records."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]
    description: Text
    parameters: Parameters
    effect: Effect = Effect()


class SectionData(Strict):
    """A block of the task's own system text (a policy, say)."""

    title: Text
    text: Text


class Document(Strict):
    """A page of the emulated web, as search and fetch see it."""

    title: Text
    text: Text


class State(Strict):
    """A state of the files: what one holds, or what a line that the sandbox runs says by its exit code."""

    file: Text = ""
    exists: bool | None = None
    contains: Text | list[Text] = []
    lacks: Text | list[Text] = []
    matches: Text | list[Text] = []
    passes: Text = ""

    @model_validator(mode="after")
    def _says_something(self) -> State:
        if not self.file and not self.passes:
            raise ValueError("a state names a file, or a line that passes")
        about_a_file = self.exists is not None or self.contains or self.lacks or self.matches
        if bool(about_a_file) != bool(self.file):
            raise ValueError("'file' and one of exists, contains, lacks, matches belong together")
        return self

    @field_validator("matches")
    @classmethod
    def _are_patterns(cls, value: str | list[str]) -> str | list[str]:
        for one in [value] if isinstance(value, str) else value:
            try:
                compile_pattern(one)
            except UserError as error:
                raise ValueError(str(error)) from error
        return value


class Recorded(Strict):
    """What a recorded command gives, always or in a state of the files; `run` is a line whose output it gives.

    `writes` are the files that it makes, path by path: what a build leaves behind.
    """

    while_: State | list[State] | None = Field(default=None, alias="while")
    stdout: Text = ""
    stderr: Text = ""
    exit_code: int = 0
    run: Text = ""
    writes: dict[str, Text] = {}


class WorldData(Strict):
    """The world an episode starts in. File and page texts may be given as lists of lines."""

    os: Literal["linux", "macos", "windows"] = "linux"
    shell: Text = "bash"
    cwd: Annotated[Text, Field(min_length=1)] = "/code"
    home: Annotated[Text, Field(min_length=1)] = "/home/dev"
    clock: Text = "2026-03-02T09:30:00Z"
    locale: Text = "en_US"
    files: dict[str, Text | list[str]] = {}
    pages: dict[str, Text | list[str]] = {}
    documents: dict[str, Document] = {}
    records: dict[str, dict[str, dict[str, Any]]] = {}
    python: dict[str, Text | Recorded | Annotated[list[Text | Recorded], Field(min_length=1)]] = {}
    tabs: list[str] = []
    tab: int = 0
    open_files: list[str] = []
    diagnostics: list[str] = []


class Fixture(Strict):
    """One base episode."""

    version: Literal[1]
    id: Id
    family: Family
    title: Text
    licence: Text
    origin: Text
    world: WorldData
    system: list[SectionData] = []
    tools: list[ToolData] = []
    instructions: list[InstructionData]
    turns: list[Step]

    @model_validator(mode="after")
    def _starts_with_the_user(self) -> Fixture:
        if not self.turns or self.turns[0].user is None:
            raise ValueError("turns must start with a user turn")
        return self

    @model_validator(mode="after")
    def _knows_its_actions(self) -> Fixture:
        known = {*ACTIONS, *(tool.name for tool in self.tools)}
        for number, step in enumerate(self.turns):
            for action in (*step.do, *(one for several in step.accept for one in several), *step.never):
                if action.action not in known:
                    raise ValueError(f"turns.{number}: {action.action!r} is no action and no tool of this fixture")
        return self


def read_fixture(path: Path) -> Fixture:
    """Read and check one fixture. Raises UserError naming the file, line and field."""
    raw = read_bytes(path)
    data = parsed(raw, str(path))
    try:
        return Fixture.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "fixture"
        line = line_of(raw.decode(), *first["loc"])
        raise UserError(f"{path}: line {line}: {place}: {first['msg']}") from error
