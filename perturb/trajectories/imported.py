"""Ready cases: a JSON Lines file with one case a line, as an import writes those that a format holds gold for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from perturb.core.actions import ACTIONS
from perturb.core.canonical import canonical
from perturb.core.errors import UserError
from perturb.core.reading import json_lines
from perturb.core.registry import check_params
from perturb.core.values import Case
from perturb.toolbox import toolbox
from perturb.toolbox.json_schema import schema_problem
from perturb.trajectories.episodes import Episode
from perturb.trajectories.patterns import problem

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_TOOL = re.compile(r"[A-Za-z0-9_-]{1,64}")


def load_cases(path: Path) -> Iterator[Episode]:
    """The episodes of an imported file: neighbouring cases of one cluster. Raises UserError naming line and field."""
    found: dict[str, list[Case]] = {}
    seen: dict[str, int] = {}
    for number, data in json_lines(path):
        case = _case(f"{path}: line {number}", data)
        if case.id in seen:
            raise UserError(f"{path}: line {number}: id: {case.id!r} is taken by line {seen[case.id]}")
        seen[case.id] = number
        found.setdefault(case.cluster, []).append(case)
    if not found:
        raise UserError(f"{path}: holds no case")
    for cluster, cases in found.items():
        yield Episode(cluster, cases[0].family, cluster, str(path), tuple(cases))


@lru_cache(maxsize=1)
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Case)


def _case(where: str, data: Any) -> Case:
    from pydantic import ValidationError

    try:
        case: Case = _adapter().validate_json(canonical(data), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "case"
        raise UserError(f"{where}: {place}: {first['msg']}") from error
    if wrong := next(_wrong(case), None):
        raise UserError(f"{where}: {wrong}")
    return case


def _wrong(case: Case) -> Iterator[str]:
    """What in a case no importer writes: each as its field and what is wrong with it."""
    cluster, _, step = case.id.rpartition("@")
    if cluster != case.cluster or not _NAME.fullmatch(cluster) or not (step.isascii() and step.isdecimal()):
        yield "id: is not its cluster (small letters, digits, hyphens), @ and a number"
    if case.scaffold or case.rewrites or case.lineage:
        yield "scaffold, rewrites, lineage: a case to start from has none"
    if not case.turns or case.turns[0].role != "user":
        yield "turns: do not start with the user"
    for number, turn in enumerate(case.turns):
        if len(turn.calls) != len(turn.results):
            yield f"turns.{number}: as many results as calls are needed"
    yield from _wrong_tools(case)
    yield from _wrong_expectation(case)
    for number, rule in enumerate(case.instructions):
        try:
            check_params(rule.check, rule.params)
        except UserError as error:
            yield f"instructions.{number}: {error}"


def _wrong_tools(case: Case) -> Iterator[str]:
    names = [tool.name for tool in case.tools]
    for number, tool in enumerate(case.tools):
        where = f"tools.{number}"
        if not _TOOL.fullmatch(tool.name) or names.count(tool.name) > 1:
            yield f"{where}.name: is no name of a function, or stands twice"
        if tool.fixed or tool.envelope or any(param.codecs for param in tool.params):
            yield f"{where}: codecs, fixed and envelope are for scaffolds and operators"
        if len({param.name for param in tool.params}) < len(tool.params):
            yield f"{where}.params: a name stands twice"
        if unusable := schema_problem(toolbox.schema(tool)):
            yield f"{where}.params, rest: {unusable}"


def _wrong_expectation(case: Case) -> Iterator[str]:
    known = {*ACTIONS, *(tool.action for tool in case.tools)}
    if not case.expect.any_of or not all(case.expect.any_of):
        yield "expect.any_of: says nothing that would be right"
    # What would be right later on may need a tool that comes later.
    now = case.expect.any_of[0] if case.expect.any_of else ()
    for pattern in (*(one for several in case.expect.any_of for one in several), *case.expect.never):
        if pattern in now and pattern.action not in known:
            yield f"expect: {pattern.action!r} is no action and no tool of this case"
        if wrong := problem(pattern.action, dict(pattern.args)):
            yield f"expect: {wrong}"
    for intent in (call for turn in case.turns for call in turn.calls):
        if intent.action not in known:
            yield f"turns: {intent.action!r} is no action and no tool of this case"
