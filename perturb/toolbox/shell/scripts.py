"""Python inside a command: scripts that write or edit one file, recognised by shape; nothing is run."""

from __future__ import annotations

import ast
import re
from typing import Any

from perturb.core.values import Intent
from perturb.toolbox.shell.meaning import OTHER, Meaning, Place

_NETWORK = re.compile(r"\b(urllib|requests|httpx|aiohttp|socket|http\.client|ftplib|smtplib)\b")
_WRITERS = ("write_text", "write_bytes", "unlink", "touch", "mkdir", "rmdir")
_REMOVERS = ("remove", "unlink", "rmdir", "rmtree", "makedirs", "mkdir")


def python(code: str, place: Place) -> Meaning:
    """One file edited or written where the whole script says so; else ``other`` with what it plainly touches."""
    try:
        tree = ast.parse(code)
        names = _constants(tree)
        found = _edit(tree, names) or _write(tree, names)
        touched = _touched(tree, names)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Meaning((OTHER,), lossy=("python",))
    effects = tuple(dict.fromkeys(place.absolute(path) for path in touched))
    if found is not None:
        args = {**found.args, "path": place.absolute(str(found.args["path"]))}
        return Meaning((Intent(found.action, args),), effects or (str(args["path"]),))
    return Meaning((OTHER,), effects, bool(_NETWORK.search(code)), ("python",))


def _constants(tree: ast.Module) -> dict[str, Any]:
    """Names that hold a text, a path of a text, or a replaced text, followed through plain assignments."""
    names: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = _value(node.value, names)
    return names


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    """A text; ("path", p); ("text", p) for a file's text; ("replaced", p, pairs) for it with texts replaced."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if not isinstance(node, ast.Call):
        return None
    function, args = node.func, node.args
    if isinstance(function, ast.Name) and function.id in ("Path", "open", "str") and args:
        path = _value(args[0], names)
        return ("path", path) if isinstance(path, str) else path
    if not isinstance(function, ast.Attribute):
        return None
    if function.attr == "Path" and args:
        path = _value(args[0], names)
        return ("path", path) if isinstance(path, str) else None
    owner = _value(function.value, names)
    if not isinstance(owner, tuple):
        return None
    if function.attr in ("read_text", "read") and owner[0] == "path":
        return ("text", owner[1])
    if function.attr == "replace" and owner[0] in ("text", "replaced") and len(args) in (2, 3):
        old, new = _value(args[0], names), _value(args[1], names)
        once = len(args) == 3
        if isinstance(old, str) and isinstance(new, str) and not (once and not _is_one(args[2])):
            pair = {"old": old, "new": new, "count": "one" if once else "all"}
            return ("replaced", owner[1], [*(owner[2] if owner[0] == "replaced" else []), pair])
    return None


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1 and not isinstance(node.value, bool)


def _calls(tree: ast.Module) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


_PLAIN = (ast.Import, ast.ImportFrom, ast.Assign, ast.Expr, ast.With, ast.Assert)


_HARMLESS = frozenset(
    {"Path", "open", "read_text", "read", "write_text", "write", "replace", "print", "str", "len", "count", "close"}
)


def _is_harmless(call: ast.Call) -> bool:
    """Whether a call is one of those whose effect is known here."""
    name = (
        call.func.id
        if isinstance(call.func, ast.Name)
        else call.func.attr
        if isinstance(call.func, ast.Attribute)
        else ""
    )
    return name in _HARMLESS


def _written(tree: ast.Module, names: dict[str, Any]) -> tuple[str, Any] | None:
    """The one file that a straight script writes, and the value written; None for any other script."""
    if not all(isinstance(node, _PLAIN) for node in tree.body) or not all(map(_is_harmless, _calls(tree))):
        return None
    found = []
    for call in _calls(tree):
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in ("write_text", "write") or not call.args:
            continue
        owner = _value(call.func.value, names)
        if owner is None and isinstance(call.func.value, ast.Name):
            owner = _opened(tree, call.func.value.id, names)
        if not isinstance(owner, tuple) or owner[0] != "path":
            return None
        found.append((owner[1], _value(call.args[0], names)))
    return found[0] if len(found) == 1 else None


def _opened(tree: ast.Module, name: str, names: dict[str, Any]) -> Any:
    for node in ast.walk(tree):
        if isinstance(node, ast.With):
            for item in node.items:
                if isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == name:
                    return _value(item.context_expr, names)
    return None


def _edit(tree: ast.Module, names: dict[str, Any]) -> Intent | None:
    names = {**names, **_read_in_with(tree, names)}
    written = _written(tree, names)
    if written is None or not isinstance(written[1], tuple) or written[1][0] != "replaced":
        return None
    path, (_, source, pairs) = written
    return Intent("fs.edit", {"path": path, "edits": pairs}) if path == source else None


def _read_in_with(tree: ast.Module, names: dict[str, Any]) -> dict[str, Any]:
    """Texts that are read inside ``with open(…) as f`` blocks, and what straight code makes of them."""
    found: dict[str, Any] = {}
    opened = dict(names)
    for node in tree.body:
        inner = node.body if isinstance(node, ast.With) else [node]
        if isinstance(node, ast.With):
            for item in node.items:
                if isinstance(item.optional_vars, ast.Name):
                    opened[item.optional_vars.id] = _value(item.context_expr, opened)
        for line in inner:
            if isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name):
                found[line.targets[0].id] = opened[line.targets[0].id] = _value(line.value, opened)
    return found


def _write(tree: ast.Module, names: dict[str, Any]) -> Intent | None:
    written = _written(tree, names)
    if written is None or not isinstance(written[1], str):
        return None
    appends = any(_mode(call).startswith("a") for call in _calls(tree))
    return Intent("fs.write", {"path": written[0], "content": written[1], "mode": "append" if appends else "overwrite"})


def _mode(call: ast.Call) -> str:
    if not (isinstance(call.func, ast.Name) and call.func.id == "open"):
        return ""
    given = call.args[1] if len(call.args) > 1 else next((k.value for k in call.keywords if k.arg == "mode"), None)
    return str(given.value) if isinstance(given, ast.Constant) else ""


def _touched(tree: ast.Module, names: dict[str, Any]) -> list[str]:
    """Paths that the script plainly writes, makes or removes."""
    found: list[str] = []
    for call in _calls(tree):
        function = call.func
        if _mode(call)[:1] in ("w", "a", "x") and call.args:
            path: Any = _value(call.args[0], names)
        elif isinstance(function, ast.Attribute) and function.attr in _WRITERS and _value(function.value, names):
            path = _value(function.value, names)
        elif isinstance(function, ast.Attribute) and function.attr in _REMOVERS and call.args:
            path = _value(call.args[0], names)
        else:
            continue
        path = path[1] if isinstance(path, tuple) and path[0] == "path" else path
        if isinstance(path, str):
            found.append(path)
    return found
