"""A case stays well-formed: legal names, valid schemas, values of the declared types, no tag, no control character."""

from __future__ import annotations

import re
import types
from collections import Counter
from dataclasses import is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from perturb.core.canonical import canonical
from perturb.core.registry import FORMATS
from perturb.core.values import Case
from perturb.laws.operators.applied import Applied, texts
from perturb.laws.operators.law import law
from perturb.scaffolding.leaks import leak
from perturb.toolbox import toolbox
from perturb.toolbox.json_schema import schema_problem
from perturb.trajectories.patterns import problem as problem_of

_LEGAL = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_MARKERS = ("]~b]", "]~!b[", "[e~[", "<think>", "</think>", "<minimax:tool_call>", "</minimax:tool_call>")
_OTHERS = ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "[INST]", "[/INST]", "<s>", "</s>", "<|user|>")
# Controls other than tab and line ends, what turns the direction of writing, what has no width, half a character.
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


@law("well-formed")
def names_and_schemas(applied: Applied) -> str | None:
    """Legal unique names, valid schemas, patterns that can mean something."""
    out = applied.out
    names = [tool.name for tool in out.tools]
    bad = next((name for name in names if not _LEGAL.match(name)), None)
    if bad is not None or len({name.lower() for name in names}) < len(names):
        return f"tool names are not unique and legal: {bad or names}"
    for tool in out.tools:
        listed = [param.name for param in tool.params]
        if len(set(listed)) < len(listed) or not all(name and name.isprintable() for name in listed):
            return f"parameter names of {tool.name} are not unique and printable: {listed}"
        problem = schema_problem(toolbox.schema(tool))
        if problem:
            return f"schema of {tool.name}: {problem}"
    for pattern in (pattern for several in out.expect.any_of for pattern in several):
        if wrong := problem_of(pattern.action, dict(pattern.args)):
            return f"what is right: {wrong}"
    return None


@law("well-formed")
def turns_paired(applied: Applied) -> str | None:
    """The user begins, results are paired with calls, nobody says nothing."""
    turns = applied.out.turns
    if not turns or (turns[0].role != "user" and applied.before.turns[0].role == "user"):
        return "the conversation does not start with the user"
    if any(len(turn.calls) != len(turn.results) for turn in turns):
        return "calls and results are not paired"
    if any(turn.role == "user" and (turn.calls or turn.thinking) for turn in turns):
        return "the user calls tools or thinks"
    silent = any(not (turn.text.strip() or turn.calls) for turn in turns)
    was = any(not (turn.text.strip() or turn.calls) for turn in applied.before.turns)
    return "a turn says nothing and does nothing" if silent and not was else None


@law("well-formed")
def declared_types(applied: Applied) -> str | None:
    """Every value is of the type that its field declares, and JSON can hold it."""
    for name, hint in _hints(Case).items():
        value, old = getattr(applied.out, name), getattr(applied.case, name)
        if value is old:
            continue
        if isinstance(value, tuple) and isinstance(old, tuple):
            # What was there is well typed already.
            known = {id(item) for item in old}
            value = tuple(item for item in value if id(item) not in known)
        wrong = _mistyped(value, hint)
        if wrong:
            return f"{name}: {wrong}"
    canonical(applied.out)
    return None


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _mistyped(value: Any, hint: Any) -> str | None:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return None if value in args else f"{value!r} is none of {', '.join(map(repr, args))}"
    if origin is tuple:
        if not isinstance(value, tuple):
            return f"{type(value).__name__} where a tuple belongs"
        inner = args[0] if len(args) == 2 and args[1] is Ellipsis else None
        if inner is None:
            return next((w for v, h in zip(value, args, strict=False) if (w := _mistyped(v, h))), None)
        return next((wrong for item in value if (wrong := _mistyped(item, inner))), None)
    if origin in (Union, types.UnionType):
        return None if any(_mistyped(value, one) is None for one in args) else f"{value!r} is not a {hint}"
    if is_dataclass(hint):
        if type(value) is not hint:
            return f"{type(value).__name__} where {getattr(hint, '__name__', hint)} belongs"
        return next((w for n, h in _hints(hint).items() if (w := _mistyped(getattr(value, n), h))), None)  # type: ignore[arg-type]
    if hint in (str, int, bool):
        return None if type(value) is hint else f"{value!r} where {hint.__name__} belongs"
    return _no_json(value)


def _no_json(value: Any) -> str | None:
    if isinstance(value, dict):
        bad = next((key for key in value if not isinstance(key, str)), None)
        if bad is not None:
            return f"the key {bad!r} is no text"
        return next((wrong for item in value.values() if (wrong := _no_json(item))), None)
    if isinstance(value, list | tuple):
        return next((wrong for item in value if (wrong := _no_json(item))), None)
    known = value is None or isinstance(value, str | int | float | bool)
    return None if known else f"{type(value).__name__} is no JSON"


@cache
def _marks() -> frozenset[str]:
    """What opens or closes something in any model format that is known here."""
    written = {mark for form in FORMATS.values() for mark in (*form.markers, *form.think, form.opens)}
    return frozenset({mark for mark in written if len(mark) > 2 and not mark.isalnum()} | {*_MARKERS, *_OTHERS})


@law("no tag")
def no_marks(applied: Applied) -> str | None:
    """No token of a model format and no control character that was not there, save those it exists to put in."""
    if not applied.new_texts:
        return None
    before, after = "\0".join(texts(applied.before)), "\0".join(texts(applied.out))
    excused = applied.operator.introduces
    for mark in _marks():
        if mark in after and after.count(mark) > before.count(mark) and mark not in excused:
            return f"introduces control tokens {mark!r}"
    if "ansi" in excused_edits(applied) and "\x1b" not in excused:
        return "introduces the control character '\\x1b'"
    # A recording has some of its own; saying it twice brings in nothing.
    old, new = (dict.fromkeys(_CONTROL.findall("\n".join(texts(case)))) for case in (applied.before, applied.out))
    fresh = [char for char in new if char not in old and char not in excused]
    return f"introduces the control character {fresh[0]!r}" if fresh else None


def excused_edits(applied: Applied) -> set[str]:
    """The kinds of edits on results that are new."""
    old, new = (
        Counter((e.kind, e.text) for t in case.turns for r in t.results for e in r.edits)
        for case in (applied.before, applied.out)
    )
    return {kind for kind, _ in new - old}


@law("no tag")
def no_protocol(applied: Applied) -> str | None:
    """No text that is new reads as a call in some protocol."""
    if applied.operator.introduces:
        return None
    known = {leak(text) for text in texts(applied.before)} if any(map(leak, applied.new_texts)) else set()
    for text in applied.new_texts:
        found = leak(text)
        # A recording may hold one of its own.
        if found and found not in known:
            return f"{found} in {text[:80]!r}"
    return None
