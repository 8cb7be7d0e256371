"""Plain wordings for every kind of result; a scaffold replaces those that its product words in its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from perturb.core.values import Result, World
from perturb.scaffolding.wording import numbered, serialised, snapshot, streams

Wording = Callable[[Result, World], str]


def _matches(result: Result, _world: World) -> str:
    found = result.data["matches"]
    return "\n".join(f"{m['path']}:{m['line']}:{m['text']}" for m in found) or "No matches."


def _shell(result: Result, _world: World) -> str:
    code = result.data["exit_code"]
    text = streams(result.data)
    return f"{text}\nExit code: {code}".lstrip("\n") if code else text or "(no output)"


def _search(result: Result, _world: World) -> str:
    hits = result.data["hits"]
    rows = [f"{n}. {hit['title']}\n   {hit['url']}\n   {hit['snippet']}" for n, hit in enumerate(hits, 1)]
    return "\n".join(rows) or f"No results for {result.data['query']!r}."


def _page(result: Result, world: World) -> str:
    data = result.data
    nodes = snapshot(data["nodes"], world, "- {role} {name} [{ref}] {extra}")
    message = f"{data['message']}\n" if data.get("message") else ""
    return f"{message}{data['title']} ({data['url']})\n{nodes}"


def _python(result: Result, _world: World) -> str:
    parts = (str(result.data["stdout"]).rstrip("\n"), str(result.data["error"]))
    return "\n".join(part for part in parts if part) or "(no output)"


DEFAULTS: dict[str, Wording] = {
    "file": lambda r, _w: numbered(r.data, "{n:6d}|{line}") or "(empty file)",
    "written": lambda r, _w: f"{'Created' if r.data.get('created') else 'Wrote'} {r.data['path']}",
    "edited": lambda r, _w: f"Edited {r.data['path']} ({r.data['count']} replaced)",
    "listing": lambda r, _w: "\n".join(r.data["entries"]) or "(empty)",
    "paths": lambda r, _w: "\n".join(r.data["paths"]) or "No files found.",
    "matches": _matches,
    "shell": _shell,
    "page": _page,
    "search": _search,
    "document": lambda r, _w: f"# {r.data['title']}\n{r.data['url']}\n\n{r.data['text']}",
    "python": _python,
    "record": lambda r, _w: serialised(r.data["value"], r),
    "text": lambda r, _w: str(r.data["text"]),
    "done": lambda r, _w: str(r.data.get("message") or "Done."),
    "error": lambda r, _w: f"Error: {r.data['message']}",
}


def worded(result: Result, world: World, own: Mapping[str, Wording]) -> str:
    """`result` in a scaffold's `own` words where it has some, in plain ones otherwise, as data if nobody knows it."""
    wording = own.get(result.kind) or DEFAULTS.get(result.kind)
    return wording(result, world) if wording else serialised(dict(result.data), result)
