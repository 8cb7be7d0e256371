"""Pieces that scaffolds word results with, and the edits an operator may put on worded text."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable

from perturb.core.values import Json, JsonObject, Result, World


def edited(text: str, result: Result, limit: int) -> str:
    """`text` after the scaffold's own cut in the middle at `limit` characters, then the result's edits in order."""
    text = middle_cut(text, limit)
    for edit in result.edits:
        if edit.kind == "prefix":
            text = edit.text + text
        elif edit.kind == "suffix":
            text = text + edit.text
        elif edit.kind == "head":
            text = text[: edit.number] + edit.text
        elif edit.kind == "ansi":
            text = "".join(f"\x1b[32m{line}\x1b[0m\n" for line in text.splitlines())
    return text


def middle_cut(text: str, limit: int) -> str:
    """`text`, or its head and tail with a note on what is missing between them."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"


def numbered(data: JsonObject, style: str) -> str:
    """File lines with numbers. `style` is a format of ``{n}`` and ``{line}``, e.g. ``"{n:6d}|{line}"``."""
    lines = str(data["text"]).split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    start = int(data.get("start", 1))
    return "\n".join(style.format(n=start + i, line=line) for i, line in enumerate(lines))


def relative(path: str, world: World) -> str:
    """`path` as seen from the working directory; unchanged outside it.

    >>> relative("/code/a/b.py", World(cwd="/code"))
    'a/b.py'
    """
    inside = (path + "/").startswith(world.cwd.rstrip("/") + "/")
    return posixpath.relpath(path, world.cwd) if inside else path


def streams(data: JsonObject) -> str:
    """What a command printed: its output, then its error stream, each without its last line end."""
    both = (str(data.get("stdout", "")).rstrip("\n"), str(data.get("stderr", "")).rstrip("\n"))
    return "\n".join(stream for stream in both if stream)


def serialised(value: Json, result: Result, indent: int | None = None) -> str:
    """Structured data as text: JSON unless an operator's ``format`` edit says otherwise."""
    form = next((edit.text for edit in result.edits if edit.kind == "format"), "json")
    if form == "xml":
        return _xml("result", value)
    if form == "yaml":
        return _yaml(value, 0).rstrip("\n")
    if form == "table" and isinstance(value, dict):
        return "\n".join(f"| {key} | {json.dumps(item, ensure_ascii=False)} |" for key, item in value.items())
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _xml(tag: str, value: Json) -> str:
    if isinstance(value, dict):
        inner = "".join(_xml(str(key), item) for key, item in value.items())
    elif isinstance(value, list):
        inner = "".join(_xml("item", item) for item in value)
    else:
        inner = value if isinstance(value, str) else json.dumps(value)
        inner = inner.replace("&", "&amp;").replace("<", "&lt;")
    return f"<{tag}>{inner}</{tag}>"


def _yaml(value: Json, depth: int) -> str:
    pad = "  " * depth
    if isinstance(value, dict) and value:
        return "".join(f"{pad}{key}:{_yaml_item(item, depth)}" for key, item in value.items())
    if isinstance(value, list) and value:
        return "".join(f"{pad}-{_yaml_item(item, depth)}" for item in value)
    return f"{pad}{json.dumps(value, ensure_ascii=False)}\n"


def _yaml_item(item: Json, depth: int) -> str:
    if isinstance(item, dict | list) and item:
        return "\n" + _yaml(item, depth + 1)
    return f" {json.dumps(item, ensure_ascii=False)}\n"


def snapshot(nodes: Iterable[JsonObject], world: World, line: str) -> str:
    """Page nodes as an indented list. `line` formats ``{role} {name} {ref} {extra}`` of one node.

    Only elements that can be acted on carry a reference number. The options of a list follow it.
    """
    shown = []
    for node in nodes:
        depth, value = int(node.get("depth", 0)), node.get("value")
        states = [*node.get("states", []), *([f"level={node['level']}"] if node.get("level") else [])]
        text = _node_line(line, node["role"], node["name"], states, world.refs.get(node["id"], ""))
        shown.append("  " * depth + text + (f": {value}" if value else ""))
        for option in node.get("options", []):
            picked = ["selected"] if option == value else []
            shown.append("  " * (depth + 1) + _node_line(line, "option", option, picked, ""))
    return "\n".join(shown)


def _node_line(line: str, role: str, name: str, states: list[str], ref: Json) -> str:
    return line.format(role=role, name=name, ref=ref, extra=" ".join(f"[{state}]" for state in states)).rstrip()
