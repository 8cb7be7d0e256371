"""One decorator to register each kind of thing; importing a file is all it takes.

An operator, scaffold, check, scorer or simulated agent is a plain function. A second registration of the same
name is an error, except from the same place (a module loaded twice).
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar, get_args

from perturb.core.draw import Draw
from perturb.core.errors import UserError
from perturb.core.format import Format
from perturb.core.scaffold import Protocol, Scaffold
from perturb.core.values import PARTS, Answer, Case, Instruction, Intent, Part, Relation, Reply

Perturb = Callable[[Case, Draw], Case | None]


@dataclass(frozen=True, slots=True)
class Operator:
    """A registered perturbation. `name` is ``part.function``; `dose` is which of its choices says how strong it is.
    `control`: it changes nothing that matters (one idle word, pure order), and is reported apart.
    """

    name: str
    part: Part
    relation: Relation
    summary: str
    perturb: Perturb
    introduces: tuple[str, ...] = ()
    dose: int | None = None
    control: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A rule checker: whether an answer follows an instruction, and how to make an ideal answer follow it.

    `satisfy` gives a text made compliant, `arrange` an intent made compliant; None where there is nothing to do.
    `params` are those that an instruction must give, with their types.
    """

    name: str
    holds: Callable[[Answer, Instruction, Case], bool]
    satisfy: Callable[[str, Instruction], str] | None
    arrange: Callable[[Intent, Instruction], Intent] | None
    params: Mapping[str, type]


@dataclass(frozen=True, slots=True)
class Agent:
    """A simulated agent: what it answers, and the part its known defect belongs to ("" for none)."""

    name: str
    defect: str
    summary: str
    answer: Callable[[Case, Case], Answer]


# Answers to a case that its expectation must, or must not, count as right: each the replies of one decision's rounds.
Variants = Callable[[Case], Iterator[tuple[Reply, ...]]]

OPERATORS: dict[str, Operator] = {}
SCAFFOLDS: dict[str, Scaffold] = {}
PROTOCOLS: dict[str, Protocol] = {}
FORMATS: dict[str, Format] = {}
CHECKS: dict[str, Check] = {}
AGENTS: dict[str, Agent] = {}
SCORERS: dict[str, Callable[..., Any]] = {}
EQUIVALENTS: dict[str, Variants] = {}
NEAR_MISSES: dict[str, Variants] = {}

F = TypeVar("F", bound=Callable[..., Any])


def _add(table: dict[str, Any], name: str, value: Any) -> None:
    if name in table:
        raise UserError(f"{name!r} is registered twice")
    table[name] = value


def _summary(function: Callable[..., Any]) -> str:
    text = (function.__doc__ or "").strip().splitlines()
    return text[0].strip() if text else ""


def operator(
    *, part: Part, relation: Relation, introduces: tuple[str, ...] = (), dose: int | None = None, control: bool = False
) -> Callable[[F], F]:
    """Register ``(case, draw) -> case | None`` as the operator ``part.function_name``.

    `introduces` names the control tokens an operator exists to put in (none for nearly all). `dose` is the place,
    from 0, of the choice that says how strong the change is; reports draw its curve.
    `control` marks an operator that no sound agent notices; it is kept out of the headline.
    Raises UserError for a part or relation that there is not, and for a function that cannot be one.
    """

    def register(function: F) -> F:
        name = f"{part}.{function.__name__}"
        problem = _operator_problem(function, part, relation, introduces, dose)
        if problem:
            raise UserError(f"operator {name}: {problem}")
        _add(OPERATORS, name, Operator(name, part, relation, _summary(function), function, introduces, dose, control))
        return function

    return register


def _operator_problem(function: Any, part: Any, relation: Any, introduces: Any, dose: Any) -> str | None:
    """Why this is no operator, or None."""
    for what, value, known in (("part", part, PARTS), ("relation", relation, get_args(Relation))):
        if value not in known:
            return f"{what} {value!r} is none of {', '.join(known)}{nearest(str(value), known)}"
    if not function.__name__.isidentifier():
        return "it needs a function with a name"
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        return "it has to return a case or None; it must be neither async nor a generator"
    try:
        inspect.signature(function).bind(None, None)
    except TypeError as error:
        return f"it is called with (case, draw): {error}"
    if not isinstance(introduces, tuple) or not all(isinstance(token, str) and token for token in introduces):
        return "introduces is not a tuple of texts"
    if dose is not None and (isinstance(dose, bool) or not isinstance(dose, int) or dose < 0):
        return f"dose {dose!r} is not the place of a choice, from 0"
    return None


def scaffold(function: Callable[[], Scaffold]) -> Callable[[], Scaffold]:
    """Register the scaffold that `function` returns."""
    made = function()
    _add(SCAFFOLDS, made.name, made)
    return function


def protocol(made: Protocol) -> Protocol:
    """Register a call protocol."""
    _add(PROTOCOLS, made.name, made)
    return made


def model_format(function: Callable[[], Format]) -> Format:
    """Register the model format that `function` returns, and give that format back."""
    made = function()
    _add(FORMATS, made.name, made)
    return made


def check(
    name: str,
    satisfy: Callable[[str, Instruction], str] | None = None,
    arrange: Callable[[Intent, Instruction], Intent] | None = None,
    **params: type,
) -> Callable[[Callable[[Answer, Instruction, Case], bool]], Callable[[Answer, Instruction, Case], bool]]:
    """Register a rule checker under `name`, with the way to make a text comply and the parameters that it needs."""

    def register(
        function: Callable[[Answer, Instruction, Case], bool],
    ) -> Callable[[Answer, Instruction, Case], bool]:
        _add(CHECKS, name, Check(name, function, satisfy, arrange, params))
        return function

    return register


# What a rule's ``when`` and ``unless`` may name: something about the message.
CONDITIONS = ("question", "number")
MOST = 100_000


def check_params(name: str, params: Mapping[str, Any]) -> None:
    """Raises UserError when no checker has this name, or a parameter that it needs is missing or of another type."""
    for key, kind in find(CHECKS, name, "check").params.items():
        if key not in params:
            raise UserError(f"{name} needs the parameter {key!r}")
        value = params[key]
        right = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
        if not right or (kind is list and not all(isinstance(item, str) for item in value)):
            wanted = {int: "a whole number", str: "a text", list: "a list of texts"}.get(kind, kind.__name__)
            raise UserError(f"{name}: {key!r} is not {wanted}")
        # Every text holds nothing, and no text has so many words.
        if value in ("", []) or (isinstance(value, list) and "" in value) or (kind is int and value > MOST):
            raise UserError(f"{name}: {key!r} is {value!r}: a rule that nobody can break")
    for key in ("when", "unless"):
        if key in params and params[key] not in CONDITIONS:
            hint = nearest(str(params[key]), CONDITIONS)
            raise UserError(f"{name}: {key!r} is none of {', '.join(CONDITIONS)}{hint}")


def agent(*, defect: str = "") -> Callable[[F], F]:
    """Register ``(case, base case) -> answer`` as a simulated agent whose defect lies in one part."""

    def register(function: F) -> F:
        name = function.__name__
        _add(AGENTS, name, Agent(name, defect, _summary(function), function))
        return function

    return register


def equivalent(function: Variants) -> Variants:
    """Register a generator of answers that do what is right in another way: the judge must accept every one."""
    _add(EQUIVALENTS, function.__name__, function)
    return function


def near_miss(function: Variants) -> Variants:
    """Register a generator of answers that miss what is right by a little: the judge must accept none."""
    _add(NEAR_MISSES, function.__name__, function)
    return function


def scorer(function: F) -> F:
    """Register ``(case, answer, verdict) -> Score | Unscored`` as a scorer, reported beside the built-in ones."""
    _add(SCORERS, function.__name__, function)
    return function


def find(table: Mapping[str, Any], name: str, kind: str) -> Any:
    """`table[name]`, or a UserError that suggests the nearest name."""
    if name in table:
        return table[name]
    where = "perturb docs" if kind == "page" else f"perturb list {kind}s"
    raise UserError(f"unknown {kind} {name!r}{nearest(name, table)} ({where} shows them all)")


def nearest(name: str, names: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for the nearest of `names`, or nothing.

    >>> nearest("strickt", ["strict", "bfcl"])
    "; did you mean 'strict'?"
    """
    near = get_close_matches(name, list(names), n=1, cutoff=0.4)
    return f"; did you mean {near[0]!r}?" if near else ""


def load_builtin() -> None:
    """Import everything that ships, in a fixed order. Idempotent."""
    for package in (
        "perturb.formats",
        "perturb.scaffolding.protocols",
        "perturb.scaffolds",
        "perturb.checks",
        "perturb.judging.scorers",
        "perturb.operators",
        "perturb.agents",
        "perturb.laws.variants",
        "perturb.recordings.importers",
        "perturb.recordings.exporters",
    ):
        module = importlib.import_module(package)
        for found in pkgutil.walk_packages(module.__path__, package + "."):
            importlib.import_module(found.name)


# Text of the user's modules by file name, for processes elsewhere.
_SOURCES: dict[str, str] = {}


def loaded_sources() -> dict[str, str]:
    """The text of every module that :func:`load_file` loaded, by file name."""
    return dict(_SOURCES)


def load_sources(sources: Mapping[str, str]) -> None:
    """Load modules in a process that may not see their files. Raises UserError naming one that does not load."""
    with TemporaryDirectory() as folder:
        for name, text in sources.items():
            path = Path(folder) / name
            path.write_text(text, "utf-8")
            load_file(path)


def load_file(path: Path) -> None:
    """Import a user's module by path so that its decorators register. Raises UserError naming the file."""
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    spec = importlib.util.spec_from_file_location(f"perturb_user_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path}: not a Python module (.py)")
    module = importlib.util.module_from_spec(spec)
    try:
        _SOURCES[path.name] = path.read_text("utf-8")
        spec.loader.exec_module(module)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    except Exception as error:
        raise UserError(f"{path}: {type(error).__name__}: {error}") from error
