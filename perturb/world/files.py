"""Files: absolute paths to texts; directories exist because something is in them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace

from perturb.core.values import Json, Result, World
from perturb.toolbox.codecs import absolute
from perturb.world.failure import WorldError
from perturb.world.patterns import Glob, compile_regex
from perturb.world.repository import after

Args = dict[str, Json]


def text_of(world: World, path: str) -> str:
    """The text of a file. Raises WorldError for what is no file."""
    found = world.files.get(path)
    if found is None:
        if is_directory(world, path):
            raise WorldError("is_directory", f"{path} is a directory")
        raise WorldError("not_found", f"{path} does not exist")
    return str(found)


def lines_of(text: str) -> list[str]:
    r"""Lines with their ends, as tools count them: a form feed or a Unicode separator ends none.

    >>> lines_of("a\x0cb\nc")
    ['a\x0cb\n', 'c']
    """
    lines = [line + "\n" for line in text.split("\n")]
    return [*lines[:-1], *([lines[-1][:-1]] if lines[-1] != "\n" else [])]


def is_directory(world: World, path: str) -> bool:
    """Whether something lies below `path`."""
    below = path.rstrip("/") + "/"
    inside = any(name.startswith(below) for name in world.files)
    return inside or path == world.cwd or any((name + "/").startswith(below) for name in world.directories)


def with_file(world: World, path: str, text: str | None) -> World:
    """The world with one file written, or removed when `text` is None."""
    if text is not None:
        if is_directory(world, path):
            raise WorldError("is_directory", f"{path} is a directory")
        parent = next((name for name in world.files if path.startswith(name + "/")), None)
        if parent is not None:
            raise WorldError("not_directory", f"{parent} is not a directory")
    changed = after(world, {path: text})
    filled = tuple(name for name in world.directories if not path.startswith(name + "/"))
    return changed if filled == world.directories else replace(changed, directories=filled)


def _path(world: World, args: Args, name: str = "path") -> str:
    value = args.get(name, "")
    if not isinstance(value, str) or "\0" in value:
        raise WorldError("bad_argument", f"{name} is not a path: {value!r}")
    return absolute(value or ".", world)


def read(world: World, args: Args) -> tuple[World, Result]:
    """Lines start..end of a file, 1-based and inclusive; end -1 is the end of the file."""
    path = _path(world, args)
    lines = lines_of(text_of(world, path))
    start, end = int(args.get("start", 1)), int(args.get("end", -1))
    if start < 1 or (start > max(1, len(lines))):
        raise WorldError("out_of_range", f"{path} has {len(lines)} lines, not {start}", total=len(lines))
    end = len(lines) if end == -1 else min(end, len(lines))
    text = "".join(lines[start - 1 : end])
    return world, Result("file", {"path": path, "text": text, "start": start, "end": end, "total": len(lines)})


def write(world: World, args: Args) -> tuple[World, Result]:
    """Create or replace a file."""
    path, content = _path(world, args), args["content"]
    if not isinstance(content, str):
        raise WorldError("bad_argument", f"content of {path} is not text")
    created = path not in world.files
    return with_file(world, path, content), Result("written", {"path": path, "created": created})


def edit(world: World, args: Args) -> tuple[World, Result]:
    """Replace text that occurs exactly once, or everywhere with `all`."""
    path, old, new = _path(world, args), args["old"], args["new"]
    text = text_of(world, path)
    count = text.count(old) if old else 0
    if count == 0:
        raise WorldError("no_match", f"the text to replace is not in {path}")
    if count > 1 and not args.get("all", False):
        raise WorldError("many_matches", f"the text to replace occurs {count} times in {path}", count=count)
    return with_file(world, path, text.replace(old, new)), Result("edited", {"path": path, "count": count})


def entries(world: World, path: str, recursive: bool = False) -> list[str]:
    """Names below a directory, directories with a trailing slash; relative paths when `recursive`."""
    below = path.rstrip("/") + "/"
    everything = (*world.files, *(f"{name}/" for name in world.directories))
    inside = [name[len(below) :] for name in everything if name.startswith(below) and name != below]
    if recursive:
        return sorted(inside)
    return sorted({name.partition("/")[0] + ("/" if "/" in name else "") for name in inside})


def listing(world: World, args: Args) -> tuple[World, Result]:
    """What is in a directory."""
    path = _path(world, args)
    if path in world.files:
        raise WorldError("not_directory", f"{path} is a file")
    if not is_directory(world, path):
        raise WorldError("not_found", f"{path} does not exist")
    found = entries(world, path, bool(args.get("recursive", False)))
    return world, Result("listing", {"path": path, "entries": found})


def below(world: World, root: str) -> Iterator[str]:
    """The files at or below `root`, in order. Raises WorldError when there is nothing of that name."""
    if root in world.files:
        yield root
        return
    if not is_directory(world, root):
        raise WorldError("not_found", f"{root} does not exist")
    prefix = root.rstrip("/") + "/"
    yield from sorted(name for name in world.files if name.startswith(prefix))


def find(world: World, args: Args) -> tuple[World, Result]:
    """Files whose path below `root` matches a glob."""
    root, glob = _path(world, args, "root"), Glob(str(args["glob"]))
    paths = [p for p in below(world, root) if glob.matches(posixpath.relpath(p, root)) or glob.matches(p)]
    return world, Result("paths", {"paths": paths})


def grep(world: World, args: Args) -> tuple[World, Result]:
    """Lines that match a regular expression, in path and line order."""
    root = _path(world, args, "root")
    include = Glob(str(args["include"])) if args.get("include") else None
    regex = compile_regex(str(args["pattern"]), bool(args.get("ignore_case", False)))
    found = []
    for path in below(world, root):
        if include and not (include.matches(posixpath.basename(path)) or include.matches(path)):
            continue
        for number, line in enumerate(lines_of(str(world.files[path])), 1):
            line = line.removesuffix("\n")
            if regex.search(line):
                found.append({"path": path, "line": number, "text": line})
    return world, Result("matches", {"matches": found})
