"""Schemas stay whole: nothing required is lost, codec and schema agree, no twin, no stale name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from perturb.core.canonical import canonical
from perturb.core.errors import UnrepresentableError
from perturb.core.values import Case, Param, Tool
from perturb.laws.operators.applied import Applied
from perturb.laws.operators.law import law
from perturb.toolbox import codecs
from perturb.toolbox.json_schema import first_violation

# How alike two descriptions are that a model cannot tell apart.
_TWIN = 0.9


def _kept(applied: Applied) -> Iterator[tuple[Tool, Tool]]:
    """Tools that were there, with what has become of each; another scaffold brings tools of its own."""
    if applied.before.scaffold != applied.out.scaffold:
        return
    left = list(applied.out.tools)
    for old in applied.before.tools:
        same = [t for t in left if (t.action, canonical(t.fixed)) == (old.action, canonical(old.fixed))]
        # Of several the one that looks most like it.
        best = max(same, key=lambda t: (t.name == old.name, t.description == old.description), default=None)
        if best is not None:
            left.remove(best)
            yield old, best


@law("schemas whole")
def fields_whole(applied: Applied) -> str | None:
    """Every field that a tool carried it still carries; what was required and has no default still is."""
    for old, new in _kept(applied):
        now = {param.field: param for param in new.params if param.field}
        for param in old.params:
            if not param.field:
                continue
            if param.field not in now:
                return f"{new.name} has lost the parameter {param.name}"
            if param.required and not now[param.field].required and "default" not in now[param.field].schema:
                return f"{new.name}: {param.name} was required and is not any more"
        labels = [param.name for param in old.params if not param.field and param.required]
        if len(labels) > sum(not param.field and param.required for param in new.params):
            return f"{new.name} has lost the parameter {labels[0]}"
        if canonical(old.rest) != canonical(new.rest):
            return f"{new.name} no longer demands what its schema demanded beside its parameters"
    return None


@law("schemas whole")
def codec_agrees(applied: Applied) -> str | None:
    """What a parameter could carry it still can: written by its codecs, allowed by its schema, read back the same."""
    for old, new in _kept(applied):
        if old is new:
            continue
        now = {param.field: param for param in new.params if param.field}
        for param in (p for p in old.params if p.field and p.field in now and now[p.field] != p):
            problem = _carries(applied, param, now[param.field])
            if problem:
                return f"{new.name}.{now[param.field].name}: {problem}"
    return None


def _carries(applied: Applied, old: Param, new: Param) -> str | None:
    world = applied.out.world
    for sample in samples(dict(old.schema)):
        try:
            value = codecs.decode(old.codecs, sample, {}, world)
            if codecs.encode(old.codecs, value, {}, world) != sample:
                continue
        except (UnrepresentableError, ValueError, KeyError, TypeError, AttributeError):
            # It hangs on other arguments, or is nothing that this parameter takes.
            continue
        try:
            written = codecs.encode(new.codecs, value, {}, world)
            back = codecs.decode(new.codecs, written, {}, world)
        except (UnrepresentableError, ValueError, KeyError, TypeError, AttributeError) as error:
            return f"can no longer say {value!r}: {error}"
        if canonical(back) != canonical(value):
            return f"{value!r} is written {written!r} and read back as {back!r}"
        wrong = first_violation({"type": "object", "properties": {"x": dict(new.schema)}}, {"x": written})
        if wrong and not first_violation({"type": "object", "properties": {"x": dict(old.schema)}}, {"x": sample}):
            return f"the schema does not allow {written!r}, which stands for {value!r}: {wrong}"
    if "default" in old.schema and "default" in new.schema:
        usual = [codecs.decode(p.codecs, p.schema["default"], {}, world) for p in (old, new)]
        if canonical(usual[0]) != canonical(usual[1]):
            return f"its default is {usual[1]!r} now, and was {usual[0]!r}"
    return None


def samples(schema: dict[str, Any]) -> list[Any]:
    """A few values that a simple schema allows."""
    if "enum" in schema:
        return list(schema["enum"])
    if "const" in schema:
        return [schema["const"]]
    kind = schema.get("type")
    if kind in ("integer", "number"):
        low, high = schema.get("minimum", 1), schema.get("maximum", 1000)
        return [low, high, min(high, low + 6)] if isinstance(low, int) and isinstance(high, int) else [low, high]
    if kind == "boolean":
        return [True, False]
    if kind == "array":
        inner = samples(dict(schema.get("items") or {"type": "string"}))[:2]
        return [inner, inner[:1]]
    if kind == "object":
        return [{}]
    return ["/code/a b.txt", "two words", "x"] if kind == "string" else []


@law("schemas whole")
def no_twin(applied: Applied) -> str | None:
    """No two tools do the same or say that they do, if they did not before."""
    before, after = applied.before.tools, applied.out.tools
    if before == after:
        return None
    old, new = (Counter((t.action, canonical(t.fixed)) for t in tools if t.action) for tools in (before, after))
    if applied.before.scaffold == applied.out.scaffold and any(count > max(1, old[key]) for key, count in new.items()):
        return f"two tools do the same: {next(key[0] for key, count in new.items() if count > max(1, old[key]))}"
    known = {tool.description for tool in before}
    for place, tool in enumerate(after):
        for other in after[place + 1 :]:
            alike = bool(tool.description.strip()) and _alike(tool.description, other.description)
            fresh = not {tool.description, other.description} <= known
            added = len(after) > len(before) and {tool.name, other.name} - {t.name for t in before}
            if alike and (fresh or added) and not _were_alike(before, tool, other):
                return f"{tool.name} and {other.name} say that they do the same: {tool.description[:60]!r}"
    return None


def _alike(one: str, other: str) -> bool:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return one == other or (
        matcher.real_quick_ratio() >= _TWIN and matcher.quick_ratio() >= _TWIN and matcher.ratio() >= _TWIN
    )


def _were_alike(before: tuple[Tool, ...], one: Tool, other: Tool) -> bool:
    """Whether the two were alike before: equal words that were added to all make nobody a twin."""
    old = [
        next((t for t in before if t.action == tool.action and t.fixed == tool.fixed), None) for tool in (one, other)
    ]
    if old[0] is None or old[1] is None:
        return False
    # What was told apart by words of its own still has them.
    return all(o is not None and o.description in n.description for o, n in zip(old, (one, other), strict=True))


@law("schemas whole")
def words_stay_with_their_field(applied: Applied) -> str | None:
    """What a description says is still said of the same thing: names may change places, meanings may not."""
    pairs = list(_kept(applied))
    problem = _crossed([(old.action, old.description, new.description) for old, new in pairs])
    if problem:
        return f"the description of {problem[1]} stands at {problem[0]}"
    for old, new in pairs:
        now = {param.field: str(param.schema.get("description", "")) for param in new.params if param.field}
        told = [(p.field, str(p.schema.get("description", "")), now.get(p.field, "")) for p in old.params if p.field]
        problem = _crossed(told)
        if problem:
            return f"{new.name}: the description of {problem[1]} stands at {problem[0]}"
    return None


def _crossed(rows: list[tuple[str, str, str]]) -> tuple[str, str] | None:
    """(what, whose) of the first description that has become that of something else."""
    for what, own, now in rows:
        for whose, theirs, _ in rows:
            if whose != what and theirs and theirs != own and theirs in now and own not in now:
                return what, whose
    return None


@law("schemas whole")
def no_stale_name(applied: Applied) -> str | None:
    """A name that is gone is spoken of nowhere: in texts, other tools' descriptions or the history."""
    if applied.before.scaffold != applied.out.scaffold:
        return None
    for name in _gone(applied.before, applied.out):
        pattern = _distinct(name)
        was, now = pattern.findall(applied.said_before), pattern.search(applied.said)
        if now and was:
            return f"{name!r} is no name any more, and is still spoken of: {_around(applied.said, now)!r}"
    return None


def _gone(before: Case, after: Case) -> list[str]:
    """Names of tools, and of parameters, in whose place others stand. What was taken away may be missed by name."""
    tools = {tool.name for tool in after.tools}
    params = {param.name for tool in after.tools for param in tool.params} | {t.envelope for t in after.tools}
    actions = {tool.action for tool in after.tools}
    offered = [tool for tool in before.tools if tool.action in actions]
    was = [param.name for tool in offered for param in tool.params]
    gone = [tool.name for tool in offered if tool.name not in tools | params]
    return [*gone, *(name for name in dict.fromkeys(was) if name not in params | tools)]


def _distinct(name: str) -> re.Pattern[str]:
    """A name where it is one: any way if it looks like no word, else quoted."""
    if "_" in name or re.search(r"[a-z][A-Z]", name):
        return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    return re.compile(rf"`{re.escape(name)}`|'{re.escape(name)}'")


def _around(text: str, found: re.Match[str]) -> str:
    return text[max(0, found.start() - 40) : found.end() + 30]
