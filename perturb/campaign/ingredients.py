"""What a run is made of, as digests: fixtures, operators, scaffolds, checks, scorers and the code that judges.

They are kept in the manifest, so that answers of before and after a change are never mixed without a word.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from perturb.campaign.plan import Selection, chosen_operators
from perturb.core.canonical import digest
from perturb.core.errors import UserError
from perturb.core.registry import CHECKS, SCAFFOLDS, SCORERS
from perturb.core.scaffold import Scaffold
from perturb.recordings.choosing import chosen_episodes

MadeOf = dict[str, dict[str, str]]

# The rooms whose code a verdict on a recorded answer depends on. What is asked is seen by the digest of each record.
JUDGING = ("checks", "formats", "judging", "scaffolding", "toolbox", "world")
_PACKAGE = Path(__file__).parents[1]
_PLAIN = (str, int, float, bool, tuple, list, dict, frozenset, set)


def made_of(selection: Selection) -> MadeOf:
    """Kind → name → digest, of everything that `selection` takes part of. Raises UserError for what is not there."""
    wanted = selection.scaffolds or tuple(sorted(SCAFFOLDS))
    return {
        "fixtures": {e.id: digest(e.cases) for e in chosen_episodes(selection.fixtures, selection.tools)},
        "operators": {o.name: code_digest(o.perturb) for o in chosen_operators(selection)},
        "scaffolds": {name: _scaffold_digest(SCAFFOLDS[name]) for name in wanted if name in SCAFFOLDS},
        "checks": {name: code_digest(check.holds) for name, check in CHECKS.items()},
        "scorers": {name: code_digest(function) for name, function in SCORERS.items()},
        "code": {room: _room_digest(room) for room in JUDGING},
    }


def changes(kept: Mapping[str, Mapping[str, str]], now: MadeOf) -> list[str]:
    """What differs, each as its kind and name: "operators tools.rename_tool", "fixtures mine (gone)"."""
    found = []
    for kind in sorted(kept.keys() | now.keys()):
        before, after = kept.get(kind, {}), now.get(kind, {})
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                state = " (gone)" if name not in after else " (new)" if name not in before else ""
                found.append(f"{kind} {name}{state}")
    return found


def code_digest(function: Any) -> str:
    """Of a function's source, with the functions and plain values of its own module that it uses.

    Source, so that another Python gives the same.
    """
    return digest(sorted(set(_sources(function, set()))))


def _scaffold_digest(scaffold: Scaffold) -> str:
    values = (getattr(scaffold, field.name) for field in fields(scaffold))
    return digest([code_digest(value) if callable(value) else value for value in values])


def _sources(function: Any, seen: set[int]) -> Iterator[str]:
    function = inspect.unwrap(function)
    if not isinstance(function, FunctionType) or id(function) in seen:
        return
    seen.add(id(function))
    try:
        yield inspect.getsource(function)
    except (OSError, TypeError):
        yield function.__qualname__
    for name in _names(function.__code__):
        used = function.__globals__.get(name)
        if isinstance(used, _PLAIN):
            yield f"{name} = {_said(used)}"
        elif getattr(used, "__module__", "") == function.__module__:
            yield from _sources(used, seen)


def _said(value: Any) -> str:
    """A plain value in a form that every process gives alike; "" where there is none (a list of functions)."""
    try:
        return digest(sorted(map(repr, value)) if isinstance(value, set | frozenset) else value)
    except TypeError:
        return ""


def _names(code: CodeType) -> Iterable[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _room_digest(room: str) -> str:
    files = sorted((_PACKAGE / room).rglob("*.py"))
    return digest([[str(path.relative_to(_PACKAGE)), path.read_text(encoding="utf-8")] for path in files])


def refuse_changes(folder: Path, kept: Mapping[str, Mapping[str, str]], now: MadeOf) -> None:
    """Raises UserError naming what has changed since the run in `folder` began, and the ways out."""
    found = changes(kept, now)
    if not found:
        return
    named = ", ".join(found[:8]) + (f" and {len(found) - 8} more" if len(found) > 8 else "")
    raise UserError(
        f"{folder}: has changed since the run began: {named}. Ways out: perturb resume {folder} --restart (sets the "
        f"recorded answers aside and asks all again) or --keep-old (keeps them as they are, asks only the rest)"
    )
