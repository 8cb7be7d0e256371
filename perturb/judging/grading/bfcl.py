"""The reading of the Berkeley Function-Calling Leaderboard: its rules for a call, told again.

Expected is its ground truth: ``{function: {parameter: [accepted value, …]}}``, where "" means that the parameter may be
left out. Functions keep its own type names (``dict``, ``float``, ``any``, ``HashMap``, ``Bigint``); arguments of Java
and JavaScript functions are source text. What the rules forgive: case, blanks and ``,./-_*^`` in texts, a whole number
for a float, dots in names, any declared type where an accepted value is
of another one. What they do not check: constraints of the schema, keys nested deeper than one level.
Source of the rules: BFCL v4, its checker of abstract syntax trees.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perturb.core.exact import is_number
from perturb.judging.grading.source_text import NESTED, TYPES, language_of, read_source
from perturb.judging.grading.texts import bfcl

_TYPES: dict[str, type] = {
    "string": str, "integer": int, "float": float, "boolean": bool, "array": list, "tuple": list, "dict": dict,
    "any": str, "object": dict, "number": float,
}  # fmt: skip


def is_ground_truth(value: Any) -> bool:
    """Whether `value` is one call of that benchmark's answers: one name, and a list for every parameter."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    args = next(iter(value.values()))
    return isinstance(args, Mapping) and all(isinstance(accepted, list) for accepted in args.values())


def name_of(name: str) -> str:
    """A function's name as chat APIs force it."""
    return name.replace(".", "_")


def problem(schema: Mapping[str, Any], accepted: Mapping[str, Any], args: Mapping[str, Any], language: str = "") -> str:
    """Why `args` is not right for a function with these parameters, by those rules; empty when it is.

    `language` is that of the function (python, java, javascript); its type names tell where it is not given.
    """
    declared = schema.get("properties") or {}
    language = language or language_of(schema)
    missing = next((name for name in schema.get("required") or () if name not in args), None)
    if missing is not None:
        return f"{missing}: is missing"
    for name, value in args.items():
        if name not in declared or name not in accepted:
            return f"{name}: is not expected"
        wrong = _wrong(declared[name], accepted[name], value, language)
        if wrong:
            return f"{name}: {wrong}"
    left = next((name for name, options in accepted.items() if name not in args and "" not in options), None)
    return "" if left is None else f"{left}: is missing"


def _wrong(declared: Mapping[str, Any], options: list[Any], value: Any, language: str) -> str:
    told, of = str(declared.get("type", "any")), (declared.get("items") or {}).get("type")
    types = TYPES.get(language, _TYPES)
    if told not in types:
        return f"is of a type that is not known, {told[:40]}"
    wanted = types[told]
    inner = types.get(str(of)) if told in NESTED or told == "tuple" else None
    if language in TYPES:
        if not isinstance(value, str):
            return "is no source text"
        value = read_source(value, language, told, str(of) if told in NESTED and of else None)
    elif told in ("float", "number") and _exact_type(value) is int:
        value = float(value)
    usual = next((_exact_type(option) for option in options if option != ""), None)
    fits, variable = _typed(value, options, wanted, inner, usual)
    if not fits:
        return "is of another type"
    if variable:
        right = value in options
    elif wanted is dict:
        right = any(_object(option, value) for option in options if option != "")
    elif wanted is list and inner is dict:
        right = any(_objects(option, value) for option in options)
    elif wanted is str:
        right = bfcl(value) in [bfcl(option) for option in options if isinstance(option, str)]
    elif wanted is list:
        right = _folded(value) in [_folded(option) for option in options]
    else:
        right = value in options
    return "" if right else "is not one of the accepted values"


def _exact_type(value: Any) -> type:
    """The Python type that JSON gives; a decimal is a float."""
    return float if is_number(value) and not isinstance(value, int) else type(value)


def _typed(value: Any, options: list[Any], wanted: type, inner: type | None, usual: type | None) -> tuple[bool, bool]:
    """(the type is one that is taken, it is taken as another type than the declared one)."""
    variable = usual is not None and usual is not wanted
    if _exact_type(value) is wanted:
        if inner is None:
            return True, variable
        for option in options:
            if not isinstance(option, list):
                return True, variable
            if all(_typed(item, option, inner, None, _usual(option))[0] for item in value):
                return True, variable
    return (usual is not None and _exact_type(value) is usual), True


def _usual(options: list[Any]) -> type | None:
    return next((_exact_type(option) for option in options if option != ""), None)


def _folded(value: Any) -> Any:
    if not isinstance(value, list | str):
        return value
    return [bfcl(item) if isinstance(item, str) else item for item in value]


def _object(option: Any, value: Any) -> bool:
    if not isinstance(option, Mapping) or not isinstance(value, Mapping):
        return False
    for key, item in value.items():
        if key not in option:
            return False
        folded = [bfcl(one) if isinstance(one, str) else one for one in option[key]]
        if (bfcl(item) if isinstance(item, str) else item) not in folded:
            return False
    return all(key in value or "" in options for key, options in option.items())


def _objects(option: Any, value: Any) -> bool:
    return isinstance(option, list) and len(option) == len(value) and all(map(_object, option, value))
