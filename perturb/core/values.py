"""The values that everything else passes around: frozen, printable, comparable, JSON-able.

Read top to bottom: an agent's *intent*, how the model *sees* it (tool, parameter), what happened (result,
turn), where (world), what is *right* (expectation, instruction), and the *case* that holds them all.
Nothing here does I/O and nothing here knows a scaffold, an operator or an engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

# JSON data. `Any`, because a recursive alias makes every access a cast; loaders check it at the boundary.
Json: TypeAlias = Any
JsonObject: TypeAlias = Mapping[str, Any]

Part = Literal["tools", "system", "user", "environment", "thinking", "results", "history", "scaffold"]
PARTS: tuple[Part, ...] = (
    "tools",
    "system",
    "user",
    "environment",
    "thinking",
    "results",
    "history",
    "scaffold",
)
Relation = Literal["invariant", "equivariant", "directional"]
Source = Literal["system", "user", "memory", "tool", "reminder", "skill", "promise", "recorded"]
Family = Literal["cli", "ide", "browser", "search", "service", "imported", "recorded"]
# What says whether an answer is right: a fixture's gold; what the recorded action does in the rebuilt world; the
# recorded action as it stands; nothing but the model's own unperturbed answers.
Oracle = Literal["fixture", "effect", "recorded", "agreement"]


@dataclass(frozen=True, slots=True)
class Intent:
    """What an agent means to do, in canonical vocabulary (see :mod:`perturb.core.actions`).

    >>> Intent("fs.read", {"path": "/app/a.py", "start": 10, "end": 40}).action
    'fs.read'
    """

    action: str
    args: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call as the model wrote it: a visible tool name and visible arguments."""

    tool: str
    args: JsonObject = field(default_factory=dict)


# One value codec: its name and its data, e.g. ("scale", 1000). See perturb.toolbox.codecs.
Codec: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Param:
    """One visible parameter: how it looks (`name`, `schema`) and which canonical `field` it carries.

    `codecs` map the canonical value to the visible one, first to last. A parameter with `field == ""` carries
    no meaning (an explanation, a risk label): it is filled by its ``("meta", example)`` codec.
    """

    name: str
    schema: JsonObject
    field: str
    required: bool = True
    codecs: tuple[Codec, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A visible tool, and the codec between it and the action it stands for.

    `fixed` holds canonical arguments that calling this tool implies (one tool split into many).
    `rest` is what the declared schema demands beside properties and required (definitions, dependencies, whether more
    is allowed), told in fields.
    `envelope`, when not empty, is the single visible argument under which all others are nested.
    `origin` says who brought it: the scaffold, the fixture's domain, or an operator (a distractor, whose
    `action` is a name that no expectation uses).
    """

    name: str
    description: str
    action: str
    params: tuple[Param, ...] = ()
    fixed: JsonObject = field(default_factory=dict)
    envelope: str = ""
    origin: Literal["scaffold", "domain", "distractor"] = "scaffold"
    rest: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextEdit:
    """A change made to a result *after* a scaffold has worded it, e.g. ``TextEdit("suffix", "...")``.

    Kinds: ``prefix`` and ``suffix`` (text), ``head`` (text = notice; keep the first `number` characters),
    ``format`` (text = json|xml|yaml|table; how structured data is serialised), ``ansi`` (colour codes). `lasts` says
    that results which follow in the same decision have it too.
    """

    kind: Literal["prefix", "suffix", "head", "format", "ansi"]
    text: str = ""
    number: int = 0
    lasts: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What the world answered, structured; a scaffold words it. `kind` decides the keys of `data`.

    file: path, text, start, end, total · written: path, created · edited: path, count · listing: path, entries ·
    paths: paths · matches: matches[{path, line, text}] · shell: stdout, stderr, exit_code · page: url, title,
    tabs[{url, title}], tab, nodes[{id, role, name, depth, value?, level?, states[]}], message? · search: query,
    hits[{title, url, snippet}] · document: url, title, text · python: stdout, error · record: any JSON under
    `value` · text: text · done: message · error: code, message (+ anything) — an error of any action. `undo` is what
    to put back into the world to have it as it was before (see perturb.world.changes); no model sees it. A recorded
    result holds the text that its agent was shown under `recorded`, whatever its kind.
    """

    kind: str
    data: JsonObject = field(default_factory=dict)
    edits: tuple[TextEdit, ...] = ()
    undo: JsonObject = field(default_factory=dict, repr=False)

    @property
    def failed(self) -> bool:
        """Whether the action failed in the world."""
        return self.kind == "error" or (self.kind == "shell" and self.data.get("exit_code", 0) != 0)


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of the trajectory. An assistant turn holds its calls *and* their results, paired by position."""

    role: Literal["user", "assistant"]
    text: str = ""
    thinking: str = ""
    calls: tuple[Intent, ...] = ()
    results: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """The emulated environment. Immutable: :func:`perturb.world.execute.execute` gives a new one.

    files: absolute POSIX path → text; `modes` holds permission bits other than 0644, `directories` those with nothing
    in them, `git` what differs from the last commit (see perturb.world.repository).
    pages: URL → HTML (interactive elements carry unique `id`s).
    documents: URL → {title, text}. records: table → id → object. services: action → effect (see
    perturb.world.records). python: code or command → what it
    is recorded to answer (see perturb.world.recordings). refs: element id → the number shown to the model.
    form: element id → value typed or selected. tabs: open URLs, `tab` is the index of the current one. sent: the
    buttons pressed and forms submitted so far, in order.
    """

    os: str = "linux"
    shell: str = "bash"
    cwd: str = "/code"
    home: str = "/home/dev"
    clock: str = "2026-03-02T09:30:00Z"
    locale: str = "en_US"
    files: JsonObject = field(default_factory=dict)
    modes: JsonObject = field(default_factory=dict)
    directories: tuple[str, ...] = ()
    git: JsonObject = field(default_factory=dict)
    pages: JsonObject = field(default_factory=dict)
    documents: JsonObject = field(default_factory=dict)
    records: JsonObject = field(default_factory=dict)
    services: JsonObject = field(default_factory=dict)
    python: JsonObject = field(default_factory=dict)
    refs: JsonObject = field(default_factory=dict)
    form: JsonObject = field(default_factory=dict)
    tabs: tuple[str, ...] = ()
    tab: int = 0
    trail: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    # What an editor would show beside the conversation: open files, diagnostics.
    open_files: tuple[str, ...] = ()
    diagnostics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Instruction:
    """A rule that is stated (`text`, at its `source`) and checked (`check` with `params`) in one value.

    So that what the model is told and what it is scored on cannot go out of step. `check` names a function
    registered with :func:`perturb.core.registry.check`.
    """

    text: str
    source: Source
    check: str
    params: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pattern:
    """An intent that counts. An argument is a plain value, or one of

    ``{"$any": [v, …]}`` any of these · ``{"$has": [text, …]}`` contains each, plus ``"$example"`` for the ideal
    answer · ``{"$claims": [claim, …], "$example": text}`` a message that states each (see :mod:`perturb.claims`) ·
    ``{"$regex": form, "$example": text}`` a text of that form, its last line end apart · ``{"$free":
    example}`` anything. Arguments not named must be absent or at their default, unless the
    action declares them free (a reason, a timeout). What does the same in the world counts as well, unless the
    `spelling` is the point.
    """

    action: str
    args: JsonObject = field(default_factory=dict)
    spelling: bool = False


@dataclass(frozen=True, slots=True)
class Expect:
    """What is right. `any_of`: alternatives, each the calls of one reply in any order; the first is the ideal.

    `never`: intents that make a reply wrong whatever else it does. `text` and `thinking` are what the ideal answer
    says beside its calls, before instructions shape it. `ahead` are the steps that follow before the user is spoken
    to again: an answer that is already there is right too. Source of `never`: ToolSandbox's minefields.
    """

    any_of: tuple[tuple[Pattern, ...], ...]
    never: tuple[Pattern, ...] = ()
    text: str = ""
    thinking: str = ""
    ahead: tuple[tuple[Pattern, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A titled block of the system prompt. `origin` says whether the scaffold, the task or an operator wrote it."""

    title: str
    text: str
    origin: Literal["scaffold", "task", "operator"] = "scaffold"


@dataclass(frozen=True, slots=True)
class Surface:
    """How the conversation is carried, apart from its content. Set by the scaffold, changed by operators.

    retention: which past thinking is rendered. markup: how system sections are set off. packaging: whether a
    turn's parallel calls stay in one message. system_role: where the system text goes.
    """

    protocol: str = "native"
    result_role: Literal["tool", "user"] = "tool"
    retention: Literal["template", "keep_all", "drop_all"] = "template"
    markup: Literal["markdown", "xml", "plain"] = "markdown"
    system_role: Literal["system", "user"] = "system"
    reminder: str = ""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A renaming of the world: whole-token text replacements applied to everything at once, expectation included."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One agent decision: the trajectory so far, and what counts as right next.

    `id` is ``episode@step``; `cluster` the episode; `scaffold` is empty until bound. `rounds` counts the answers of
    this very decision that stand at the end of `turns` already. `oracle` says what decides about right and wrong, and
    `notes` what of a recorded decision is not as it was, or cannot be judged.
    """

    id: str
    cluster: str
    family: Family
    system: tuple[Section, ...]
    tools: tuple[Tool, ...]
    world: World
    turns: tuple[Turn, ...]
    instructions: tuple[Instruction, ...]
    expect: Expect
    scaffold: str = ""
    surface: Surface = Surface()
    rewrites: tuple[Rewrite, ...] = ()
    lineage: tuple[str, ...] = ()
    rounds: int = 0
    oracle: Oracle = "fixture"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What an engine is asked. `messages` and `tools` are OpenAI-style; the engine may render them itself.

    `draw` tells apart several answers to the same request: engines mix it into the seed and send it to no model.
    """

    messages: tuple[JsonObject, ...]
    tools: tuple[JsonObject, ...] = ()
    retention: Literal["template", "keep_all", "drop_all"] = "template"
    draw: int = 0


@dataclass(frozen=True, slots=True)
class Response:
    """What an engine answered. `text` is what the model wrote of its turn, when `raw`, in the model format `format`.

    A mark that opens the thinking stands in front of it when the prompt holds that mark, save in formats whose turns
    always begin within the thinking. `disagreement` says where another reader of the same text, vLLM's own parser,
    read something else than this project; the verdict comes from our reading. `written` is the raw text beside a
    `text` that another reader took out of it, where no format here reads it.
    A server that does not give raw text fills `thinking`, `text` (the visible content) and `calls`
    (tuple of Call; None when the server parsed none) instead, with `raw` False.
    """

    text: str
    finish: Literal["stop", "length", "tool_calls", "other"] = "stop"
    raw: bool = True
    thinking: str = ""
    calls: tuple[Call, ...] | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    format: str = "m2"
    disagreement: str = ""
    written: str = ""
    # How often a server was asked until it answered.
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Failure:
    """The engine gave no answer: ours or the server's fault, never scored against the model."""

    kind: str
    detail: str
    retryable: bool = False
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Reply:
    """A parsed answer in the visible vocabulary of one scaffold."""

    thinking: str = ""
    text: str = ""
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Unparsed:
    """The model's text is not an answer in its scaffold's protocol. `kind` is an outcome class:

    malformed · cut · reasoning_only · leaked_protocol.
    """

    kind: Literal["malformed", "cut", "reasoning_only", "leaked_protocol"]
    detail: str
    thinking: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A call that stands for no intent: kind is unknown_tool, unknown_parameter, missing_parameter or bad_value."""

    call: Call
    kind: Literal["unknown_tool", "unknown_parameter", "missing_parameter", "bad_value"]
    detail: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply together with what it means: `intents[i]` is what `reply.calls[i]` stands for.

    Text without a call is an answer of one ``say`` intent and no call.
    """

    reply: Reply
    intents: tuple[Intent | Undecodable, ...]
