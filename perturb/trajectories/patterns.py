"""Whether a fixture's patterns can mean what they say: known arguments, of the kinds that their action takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from perturb.claims.kinds import claims_problem
from perturb.core.actions import ABSENT, ACTIONS, OWN, REQUIRED, Kind
from perturb.core.errors import UserError
from perturb.core.patterns import compile_pattern

_TEXTS: frozenset[Kind] = frozenset({"path", "glob", "url", "command", "text", "code", "pattern", "target"})
_MATCHERS = ({"$any"}, {"$has"}, {"$has", "$example"}, {"$claims", "$example"}, {"$regex", "$example"}, {"$free"})


def problem(action: str, args: dict[str, Any]) -> str | None:
    """Why `args` is no pattern of `action`, or None.

    >>> problem("fs.read", {"path": 3})
    'fs.read.path: 3 is not a text'
    """
    wrong = next((wrong for name, value in args.items() if (wrong := argument_problem(action, name, value))), None)
    if wrong:
        return wrong
    known = ACTIONS.get(action, {})
    needed = [name for name, field in known.items() if field.default is REQUIRED and not field.free]
    return next((f"{action} needs the argument {name!r}" for name in needed if name not in args), None)


def argument_problem(action: str, name: str, value: Any) -> str | None:
    """Why `value`, or a matcher of values, is nothing for the argument `name` of `action`, or None."""
    wrong = _matcher_problem(value)
    if wrong:
        return f"{action}.{name}: {wrong}"
    known = ACTIONS.get(action)
    if known is None or name.startswith(OWN):
        return None
    if name not in known:
        return f"{action} has no argument {name!r} (it has {', '.join(known) or 'none'})"
    bad = next((one for one in _concrete(value) if not _fits(one, known[name].kind)), ABSENT)
    return None if bad == ABSENT else f"{action}.{name}: {bad!r} is not a {_noun(known[name].kind)}"


def _matcher_problem(value: Any) -> str | None:
    if not isinstance(value, dict) or not any(str(key).startswith("$") for key in value):
        return None
    if set(value) not in _MATCHERS:
        return f"no matcher has the keys {', '.join(sorted(map(str, value)))}"
    if "$any" in value and not (isinstance(value["$any"], list) and value["$any"]):
        return "$any is not a list with something in it"
    if "$regex" in value:
        return _form_problem(value["$regex"], value["$example"])
    if "$claims" in value:
        return claims_problem(value["$claims"], value["$example"])
    has = value.get("$has", [""])
    if not (isinstance(has, list) and has and all(isinstance(text, str) for text in has)):
        return "$has is not a list of texts"
    return None


def _form_problem(form: Any, example: Any) -> str | None:
    if not (isinstance(form, str) and isinstance(example, str)):
        return "$regex and $example are not texts"
    try:
        fits = compile_pattern(form).fullmatch(example.rstrip("\n"))
    except UserError as error:
        return str(error)
    return None if fits else "$example is not of the form that $regex states"


def _concrete(value: Any) -> Iterator[Any]:
    """The values that a pattern argument may stand for."""
    if isinstance(value, dict) and "$any" in value:
        yield from value["$any"]
    elif isinstance(value, dict) and "$free" in value:
        yield value["$free"]
    elif isinstance(value, dict) and "$has" in value:
        yield value.get("$example", "")
    elif isinstance(value, dict) and ("$regex" in value or "$claims" in value):
        yield value["$example"]
    else:
        yield value


def _fits(value: Any, kind: Kind) -> bool:
    if kind in _TEXTS or value == ABSENT:
        return isinstance(value, str)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return kind != "flag" or isinstance(value, bool)


def _noun(kind: Kind) -> str:
    return "text" if kind in _TEXTS else kind


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
        if "$regex" in value or "$claims" in value:
            return value["$example"]
        if "$free" in value:
            return value["$free"]
    return value
