"""What a result lets its reader see, by where it comes from: lines of files, fields of records, elements of pages.

A mark names one such thing, whichever tool showed it: ``("line", path, number)``, ``("entry", path)``,
``("field", table, id, name)``, ``("node", url, element, value)``, ``("document", url)``, ``("hit", url)``,
``("printed", word)``. Its weight is the number of characters that it takes to show it.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Iterator

from perturb.core.values import Intent, Json, JsonObject, Result, World

# Calls that only say what they are given.
_SAYS = ("print", "str", "int", "float", "repr", "display")
Mark = tuple[str | int, ...]
Marks = dict[Mark, int]


def shown(intent: Intent, result: Result, world: World) -> Marks:
    """The marks of `result`, which `intent` got in `world`. Empty for an error and for what shows nothing.

    What is answered from a recording shows none: a recorded look-up is right by what it asks for.
    """
    if world.services.get(intent.action, {}).get("op") == "recorded":
        return {}
    reader = _READERS.get(result.kind)
    return dict(reader(intent, result.data, world)) if reader else {}


def _file(_intent: Intent, data: JsonObject, _world: World) -> Iterator[tuple[Mark, int]]:
    yield ("entry", data["path"]), 0
    for number, line in enumerate(str(data["text"]).split("\n"), int(data["start"])):
        if number <= int(data["end"]):
            yield ("line", data["path"], number), len(line)


def _matches(_intent: Intent, data: JsonObject, _world: World) -> Iterator[tuple[Mark, int]]:
    for match in data["matches"]:
        yield ("entry", match["path"]), 0
        yield ("line", match["path"], match["line"]), len(match["text"])


def _listing(_intent: Intent, data: JsonObject, _world: World) -> Iterator[tuple[Mark, int]]:
    root = str(data["path"]).rstrip("/")
    yield ("entry", root or "/"), 0
    for entry in data["entries"]:
        yield from _with_parents(f"{root}/{entry}".rstrip("/"), root)


def _paths(_intent: Intent, data: JsonObject, world: World) -> Iterator[tuple[Mark, int]]:
    for path in data["paths"]:
        yield from _with_parents(path, world.cwd)


def _with_parents(path: str, root: str) -> Iterator[tuple[Mark, int]]:
    """A path, and the directories on the way to it: who sees the one sees the others."""
    yield ("entry", path), len(posixpath.basename(path))
    parent = posixpath.dirname(path)
    while len(parent) > len(root) and parent != "/":
        yield ("entry", parent), 0
        parent = posixpath.dirname(parent)


def _page(_intent: Intent, data: JsonObject, _world: World) -> Iterator[tuple[Mark, int]]:
    for node in data["nodes"]:
        state = f"{node['name']}|{node.get('value', '')}|{','.join(node.get('states', ()))}"
        yield ("node", data["url"], node["id"], state), len(state)


def _search(_intent: Intent, data: JsonObject, _world: World) -> Iterator[tuple[Mark, int]]:
    for hit in data["hits"]:
        yield ("hit", hit["url"]), len(hit["title"]) + len(hit["snippet"])


def _document(_intent: Intent, data: JsonObject, _world: World) -> Iterator[tuple[Mark, int]]:
    yield ("document", data["url"]), len(data["text"])


def _python(intent: Intent, data: JsonObject, _world: World) -> Iterator[tuple[Mark, int]]:
    if _computes(str(intent.args.get("code", ""))):
        for word in str(data.get("stdout", "")).split():
            yield ("printed", _number(word)), len(word)


def _computes(code: str) -> bool:
    """Whether a program works something out or looks something up, and does not only say what it was told to say.

    >>> _computes("print(3 * 4)"), _computes("x = 12\\nprint(x)")
    (True, False)
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return any(
        isinstance(node, ast.BinOp) or (isinstance(node, ast.Call) and ast.unparse(node.func) not in _SAYS)
        for node in ast.walk(tree)
    )


def _number(word: str) -> str:
    """`word`, a number in one spelling: 62 and 62.0 are one value."""
    try:
        return f"{float(word):.12g}"
    except ValueError:
        return word


def _record(intent: Intent, data: JsonObject, world: World) -> Iterator[tuple[Mark, int]]:
    table = str(world.services.get(intent.action, {}).get("table", intent.action))
    value = data["value"]
    for record in value if isinstance(value, list) else [value]:
        if isinstance(record, dict):
            yield from _fields(table, record)


def _fields(table: str, record: dict[str, Json]) -> Iterator[tuple[Mark, int]]:
    key = str(record.get("id", ""))
    for name, value in record.items():
        yield ("field", table, key, name), len(str(value))


_READERS: dict[str, Callable[[Intent, JsonObject, World], Iterator[tuple[Mark, int]]]] = {
    "file": _file,
    "matches": _matches,
    "listing": _listing,
    "paths": _paths,
    "page": _page,
    "search": _search,
    "document": _document,
    "python": _python,
    "record": _record,
}
