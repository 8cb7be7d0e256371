"""Records behind a service's own tools: look-ups, creation, updates, and the policy that guards them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from perturb.core.values import Json, Result, World
from perturb.world.failure import WorldError

_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "in": lambda got, wanted: got in wanted,
    "not_in": lambda got, wanted: got not in wanted,
    "eq": lambda got, wanted: got == wanted,
    "ne": lambda got, wanted: got != wanted,
    "le": lambda got, wanted: _comparable(got, wanted) and got <= wanted,
    "ge": lambda got, wanted: _comparable(got, wanted) and got >= wanted,
    "exists": lambda got, wanted: (got is not None) == wanted,
}


def _comparable(got: Any, wanted: Any) -> bool:
    numbers = (int, float)
    return (isinstance(got, str) and isinstance(wanted, str)) or (
        isinstance(got, numbers) and isinstance(wanted, numbers)
    )


def call(world: World, action: str, args: dict[str, Json]) -> tuple[World, Result]:
    """Do what the effect of `action` says. An action without an effect just says done."""
    effect = world.services[action]
    if effect.get("op") == "recorded":
        return world, _recorded(effect, args)
    args = {**effect.get("defaults", {}), **args}
    operation = effect.get("op")
    if operation is None:
        return world, Result("done", {"message": "done"})
    table = dict(world.records.get(effect["table"], {}))
    if operation == "find":
        return world, _find(effect, table, args)
    if operation == "create":
        key = effect["id"].replace("{n}", str(len(table) + 1))
        record: dict[str, Json] = {}
    else:
        key = str(_argument(args, effect["key"]))
        if key not in table:
            raise WorldError("not_found", f"no {effect['table']} record {key!r}")
        record = dict(table[key])
    _check_policy(effect, record, args)
    if operation == "get":
        return world, Result("record", {"value": {"id": key, **_returned(effect, record)}})
    for name, source in effect.get("set", {}).items():
        record[name] = source["value"] if "value" in source else _argument(args, source["arg"])
    table[key] = record
    changed = replace(world, records={**world.records, effect["table"]: table})
    return changed, Result("record", {"value": {"id": key, **_returned(effect, record)}})


def _recorded(effect: dict[str, Any], args: dict[str, Json]) -> Result:
    """What the same call was answered when it was recorded."""
    for asked, kind, data in effect["answers"]:
        if asked == args:
            return Result(kind, data)
    raise WorldError("not_recorded", "nothing is recorded of a call with these arguments")


def _find(effect: dict[str, Any], table: dict[str, Any], args: dict[str, Json]) -> Result:
    wanted = {field: args[name] for field, name in effect.get("where", {}).items() if name in args}
    found = [
        {"id": key, **_returned(effect, record)}
        for key, record in table.items()
        if all(_alike(record.get(field), value) for field, value in wanted.items())
    ]
    return Result("record", {"value": found})


def _alike(got: Json, wanted: Json) -> bool:
    if isinstance(got, str) and isinstance(wanted, str):
        return got.casefold() == wanted.casefold()
    return bool(got == wanted)


def _argument(args: dict[str, Json], name: str) -> Json:
    if name not in args:
        raise WorldError("bad_argument", f"{name} is missing")
    return args[name]


def _returned(effect: dict[str, Any], record: dict[str, Json]) -> dict[str, Json]:
    wanted = effect.get("returns")
    return dict(record) if wanted is None else {name: record[name] for name in wanted if name in record}


def _check_policy(effect: dict[str, Any], record: dict[str, Json], args: dict[str, Json]) -> None:
    for rule in effect.get("require", []):
        name = rule["field"]
        got = args.get(name.removeprefix("arg:")) if name.startswith("arg:") else record.get(name)
        if not _TESTS[rule["op"]](got, rule["value"]):
            raise WorldError("policy", rule["message"])
