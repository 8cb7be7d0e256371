"""Calls and replies' lists of calls: name and arguments, each argument by its kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from perturb.core.exact import brief, is_number, loads, plain, same
from perturb.judging.grading.bfcl import is_ground_truth, name_of, problem
from perturb.judging.grading.kinds import Context, Judged, Reading, UnusableError, compare, kind, said
from perturb.judging.grading.texts import bfcl
from perturb.toolbox.json_schema import first_violation

_MAX_CALLS = 64


@dataclass(frozen=True, slots=True)
class Called:
    """A call as compared: a name and an object of arguments, or of lists of accepted ones."""

    name: str
    args: Mapping[str, Any]
    accepted: bool = False


@kind("call")
def call(context: Context, expected: Any, got: Any, reading: Reading) -> Judged:
    """One call: the same tool with the same arguments."""
    wanted = _wanted(expected, reading)
    try:
        heard = read_call(got)
    except ValueError as problem:
        return Judged(False, str(problem))
    return _compared(context, wanted, heard, reading)


def _wanted(expected: Any, reading: Reading = "strict") -> Called:
    if reading == "bfcl" and is_ground_truth(expected):
        name, args = next(iter(expected.items()))
        return Called(name, args, accepted=True)
    try:
        return read_call(expected)
    except ValueError as problem:
        raise UnusableError(f"expected: {problem}") from problem


def read_call(value: Any) -> Called:
    """A call in any of the usual shapes. Raises ValueError.

    >>> read_call({"function": {"name": "f", "arguments": "{\\"n\\": 1}"}}).args
    {'n': 1}
    """
    if isinstance(value, Mapping) and isinstance(value.get("function"), Mapping):
        value = value["function"]
    if not isinstance(value, Mapping):
        raise ValueError("not a call")
    name = next((value[key] for key in ("name", "tool", "action") if isinstance(value.get(key), str)), None)
    args = next((value[key] for key in ("arguments", "args", "parameters", "input") if key in value), None)
    if name is None and len(value) == 1:
        name, args = next(iter(value.items()))
    if isinstance(args, str):
        try:
            args = loads(args)
        except ValueError as error:
            raise ValueError("arguments are no JSON") from error
    args = {} if args is None else args
    if not isinstance(name, str) or not isinstance(args, Mapping):
        raise ValueError("a call needs a name and an object of arguments")
    return Called(name, args)


def schema_of(context: Context, name: str) -> Mapping[str, Any] | None:
    """The declared schema of a tool; empty when it declares none, None when there is no such tool."""
    tools = context.get("tools")
    if not isinstance(tools, list):
        return {}
    for tool in tools:
        function = tool.get("function", tool) if isinstance(tool, Mapping) else {}
        if isinstance(function, Mapping) and function.get("name") == name:
            found = function.get("parameters", function.get("input_schema", function.get("inputSchema", {})))
            return found if isinstance(found, Mapping) else {}
    return None


def _compared(context: Context, wanted: Called, heard: Called, reading: Reading) -> Judged:
    if heard.name != wanted.name and not (reading == "bfcl" and name_of(heard.name) == name_of(wanted.name)):
        return Judged(False, f"calls {heard.name[:60]}, not {wanted.name[:60]}")
    schema = schema_of(context, wanted.name)
    if schema is None:
        return Judged(False, f"there is no tool {heard.name[:60]}")
    if wanted.accepted:
        wrong_one = problem(schema, wanted.args, heard.args, _language(context))
        return Judged(not wrong_one, wrong_one)
    broken = first_violation(schema, heard.args, formats=bool(context.get("format_asserted"))) if schema else None
    if broken and reading == "strict":
        return Judged(False, f"breaks the schema: {broken}")
    properties = schema.get("properties") if isinstance(schema.get("properties"), Mapping) else {}
    assert isinstance(properties, Mapping)
    rows = [
        _argument(context, name, wanted, heard, properties.get(name), reading)
        for name in [*wanted.args, *(name for name in heard.args if name not in wanted.args)]
    ]
    wrong = next((row for row in rows if not row["equal"]), None)
    return Judged(wrong is None, f"{wrong['name']}: {wrong['reason']}" if wrong else "", tuple(rows))


_NONE: Any = object()


def _argument(
    context: Context, name: str, wanted: Called, heard: Called, schema: Any, reading: Reading
) -> dict[str, Any]:
    default = schema.get("default", _NONE) if isinstance(schema, Mapping) else _NONE
    expected, got = wanted.args.get(name, _NONE), heard.args.get(name, _NONE)
    if _is_meta(context, wanted.name, name):
        judged = _presence(expected, got)
    else:
        judged = _value(context, wanted.name, name, expected, got, default, schema, reading)
    row = {"name": name, "equal": judged.equal, "reason": judged.reason}
    for key, value in (("expected", expected), ("got", got)):
        if value is not _NONE:
            row[key] = plain(value)
    return row


def _is_meta(context: Context, tool: str, name: str) -> bool:
    declared = context.get("meta_params") or ()
    if isinstance(declared, Mapping):
        declared = [*declared, *(f"{t}.{n}" for t, ns in declared.items() if isinstance(ns, list) for n in ns)]
    return name in declared or f"{tool}.{name}" in declared


def _presence(expected: Any, got: Any) -> Judged:
    """A meta parameter is free in its wording; it is there or it is not."""
    if (expected is _NONE) != (got is _NONE):
        return Judged(False, "is missing" if got is _NONE else "is not expected")
    empty = isinstance(got, str) and not got.strip() and isinstance(expected, str) and bool(expected.strip())
    return Judged(not empty, "is empty" if empty else "")


def _language(context: Context) -> str:
    told = str(context.get("language") or "").lower()
    if told not in ("", "python", "java", "javascript"):
        raise UnusableError(f"context.language: {told[:40]!r} is none of python, java, javascript")
    return told


def _value(
    context: Context, tool: str, name: str, expected: Any, got: Any, default: Any, schema: Any, reading: Reading
) -> Judged:
    if expected is _NONE:
        expected = default
    if got is _NONE:
        got = default
    if got is _NONE:
        accepted = reading == "bfcl" and isinstance(expected, list) and "" in expected
        return Judged(accepted, "" if accepted else "is missing")
    if expected is _NONE:
        return Judged(False, "is not expected")
    if reading == "bfcl":
        options = expected if isinstance(expected, list) and not isinstance(got, list) else [expected]
        equal = any(loose(option, got) for option in options)
        equal = equal or (isinstance(expected, list) and any(loose(option, got) for option in expected))
        return Judged(equal, "" if equal else f"{brief(got)} is not {brief(expected)}")
    if same(expected, got):
        return Judged(True)
    return _by_kind(context, tool, name, expected, got, schema)


def _by_kind(context: Context, tool: str, name: str, expected: Any, got: Any, schema: Any) -> Judged:
    kinds = context.get("param_kinds") or {}
    told = kinds.get(f"{tool}.{name}", kinds.get(name)) if isinstance(kinds, Mapping) else None
    inner = {key: value for key, value in context.items() if key not in ("tools", "param_kinds", "meta_params")}
    if isinstance(told, Mapping):
        inner = {
            **inner,
            **dict(told.get("context") or {}),
            **{k: v for k, v in told.items() if k not in ("kind", "context")},
        }
        told = told.get("kind")
    if isinstance(schema, Mapping) and told != "sql" and "$ref" not in str(schema):
        inner.setdefault("schema", dict(schema))
    if isinstance(told, str):
        return compare(told, inner, expected, got)
    if expected is None or got is None:
        return Judged(False, f"{brief(got)} is not {brief(expected)}")
    return Judged(False, f"{brief(got)} is not {brief(expected)}")


def loose(expected: Any, got: Any) -> bool:
    """Equality in the reading of BFCL: texts without case, blanks and some marks; a whole number for a float."""
    if isinstance(expected, str) and isinstance(got, str):
        return bfcl(expected) == bfcl(got)
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(map(loose, expected, got))
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        return expected.keys() == got.keys() and all(
            loose(expected[k], got[k])
            or (isinstance(expected[k], list) and any(loose(option, got[k]) for option in expected[k]))
            for k in expected
        )
    if is_number(expected) and is_number(got):
        return same(expected, got)
    return same(expected, got)


@kind("parallel_calls")
def parallel_calls(context: Context, expected: Any, got: Any, reading: Reading) -> Judged:
    """One to one, counts matter; in order where the order is said to count."""
    alternatives = [expected, *_accepted(context.get("accept"))]
    if not all(isinstance(one, list) for one in alternatives):
        raise UnusableError("expected: not a list of calls")
    if not isinstance(got, list):
        return Judged(False, "not a list of calls")
    if max(map(len, [*alternatives, got])) > _MAX_CALLS:
        return Judged(False, "too many calls") if len(got) > _MAX_CALLS else Judged(False, "other calls")
    first: Judged | None = None
    for one in alternatives:
        judged = _all(context, [_wanted(item, reading) for item in one], got, reading)
        if judged.equal:
            return judged
        first = first or judged
    assert first is not None
    return first


def _accepted(value: Any) -> list[Any]:
    """Other lists of calls that are also right."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise UnusableError("context.accept: not a list")
    return [one if isinstance(one, list) else [one] for one in value]


def _all(context: Context, wanted: list[Called], got: list[Any], reading: Reading) -> Judged:
    try:
        heard = [read_call(item) for item in got]
    except ValueError as problem:
        return Judged(False, str(problem))
    if len(wanted) != len(heard):
        return Judged(False, f"{len(heard)} calls, not {len(wanted)}")
    if re.search(r"listed|sequence|ordered|strict", said(context, "order")) and "any" not in said(context, "order"):
        rows = [_compared(context, one, other, reading) for one, other in zip(wanted, heard, strict=True)]
        wrong = next((row for row in rows if not row.equal), None)
        return Judged(wrong is None, wrong.reason if wrong else "", _joined(rows))
    table = [[_compared(context, one, other, reading) for other in heard] for one in wanted]
    pairs = best_pairs([[cell.equal for cell in row] for row in table])
    if len(pairs) == len(wanted):
        return Judged(True, "", _joined([table[one][pairs[one]] for one in range(len(wanted))]))
    missing = next(number for number in range(len(wanted)) if number not in pairs)
    spare = [n for n in range(len(heard)) if n not in pairs.values()]
    nearest = max(spare, key=lambda n: sum(row["equal"] for row in table[missing][n].arguments), default=0)
    return Judged(False, table[missing][nearest].reason, _joined([table[missing][nearest]]))


def _joined(rows: list[Judged]) -> tuple[Any, ...]:
    return tuple({**row, "call": number} for number, judged in enumerate(rows) for row in judged.arguments)


def best_pairs(fits: list[list[bool]]) -> dict[int, int]:
    """A largest matching of rows to columns that fit (Kuhn's algorithm): row → column."""
    taken: dict[int, int] = {}

    def place(row: int, tried: set[int]) -> bool:
        for column, right in enumerate(fits[row]):
            if right and column not in tried:
                tried.add(column)
                if column not in taken or place(taken[column], tried):
                    taken[column] = row
                    return True
        return False

    for row in range(len(fits)):
        place(row, set())
    return {row: column for column, row in taken.items()}
