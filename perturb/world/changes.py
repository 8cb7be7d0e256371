"""What differs between two worlds, place by place, and how to go back.

A place is a path into the state: ``("files", path)``, ``("records", table, id, field)``, ``("form", element)``,
``("page", "tabs")``, ``("sent", position)``. What only remembers (the trail of a browser) or only shows (numbers of
elements) is no state; nor is a directory with nothing in it, as in git.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from perturb.core.values import Json, JsonObject, World
from perturb.world.pages import resting_value

Place = tuple[str, ...]
# The value of a place that is not there.
GONE = None


def changes(before: World, after: World) -> dict[Place, Json]:
    """Every place whose value in `after` is another than in `before`, with the new value.

    A file's last line end, a form field set to what it shows anyway, and the way by which a page was reached are no
    difference.

    >>> changes(World(files={"/a": "1"}), World(files={"/a": "2", "/b": ""}))
    {('files', '/a'): '2', ('files', '/b'): ''}
    """
    if before is after:
        return {}
    found: dict[Place, Json] = {}
    for place, old, new in _places(before, after):
        if old != new and not (old is not GONE and new is not GONE and _alike(place, old, new)):
            found[place] = content(new) if place[0] == "files" and new is not GONE else new
    return found


def content(text: Json) -> str:
    """What a file says: its text without the last line end."""
    return str(text).rstrip("\n")


def _alike(place: Place, old: Json, new: Json) -> bool:
    if place[0] == "files":
        return content(old) == content(new)
    return type(old) is type(new) and bool(old == new)


def _places(before: World, after: World) -> Iterator[tuple[Place, Json, Json]]:
    if before.files is not after.files:
        yield from _entries(("files",), before.files, after.files)
    if before.modes != after.modes:
        yield from _entries(("modes",), before.modes, after.modes)
    if before.git.get("commits") != after.git.get("commits"):
        yield ("git", "commits"), before.git.get("commits", []), after.git.get("commits", [])
    if before.records is not after.records:
        for table in before.records.keys() | after.records.keys():
            yield from _records(table, before.records.get(table, {}), after.records.get(table, {}))
    if before.form is not after.form:
        for element in before.form.keys() | after.form.keys():
            resting = resting_value(before, element)
            yield ("form", element), before.form.get(element, resting), after.form.get(element, resting)
    if (before.tabs, before.tab) != (after.tabs, after.tab):
        yield ("page", "tabs"), list(map(_bare, before.tabs)), list(map(_bare, after.tabs))
        yield ("page", "tab"), before.tab, after.tab
    for number in range(len(before.sent), len(after.sent)):
        yield ("sent", str(number)), GONE, after.sent[number]


def _bare(url: str) -> str:
    return url.partition("#")[0].rstrip("/")


def _records(table: str, before: JsonObject, after: JsonObject) -> Iterator[tuple[Place, Json, Json]]:
    for key in before.keys() | after.keys():
        if key in before and key in after:
            yield from _entries(("records", table, key), before[key], after[key])
        else:
            yield ("records", table, key), before.get(key, GONE), after.get(key, GONE)


def _entries(place: Place, before: JsonObject, after: JsonObject) -> Iterator[tuple[Place, Json, Json]]:
    for name, new in after.items():
        old = before.get(name, GONE)
        if old is not new:
            yield (*place, name), old, new
    for name in before:
        if name not in after:
            yield (*place, name), before[name], GONE


def undo(before: World, after: World) -> JsonObject:
    """What to put back so that `after` is `before` again: small, JSON, rewritten with everything else.

    >>> undo(World(files={"/a": "1", "/c": "3"}), World(files={"/a": "2", "/c": "3"}))
    {'files': {'/a': '1'}}
    """
    found: dict[str, Any] = {}
    for name in (field.name for field in fields(World)):
        old, new = getattr(before, name), getattr(after, name)
        if old is new or old == new:
            continue
        if isinstance(old, Mapping):
            keys = old.keys() | new.keys()
            found[name] = {key: old.get(key) for key in sorted(keys) if old.get(key) != new.get(key)}
        else:
            found[name] = list(old) if isinstance(old, tuple) else old
    return found


def undone(world: World, back: JsonObject) -> World:
    """`world` with what `undo` found put back."""
    found: dict[str, Any] = {}
    for name, old in back.items():
        now = getattr(world, name)
        if isinstance(now, Mapping):
            merged = {**now, **old}
            found[name] = {key: value for key, value in merged.items() if not (key in old and old[key] is None)}
        else:
            found[name] = tuple(old) if isinstance(now, tuple) else old
    return replace(world, **found)
