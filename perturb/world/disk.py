"""The files of a world put into the sandbox's memory, and read back out of it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from perturb.core.values import World

USUAL_MODE = 0o644
# Places of the sandbox itself; what is written there is no part of a world.
_SYSTEM = frozenset({"/bin", "/dev", "/proc", "/usr", "/sys", "/etc"})
MAX_FILES = 10_000
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Disk:
    """What lies in memory: files as bytes, modes other than the usual one, directories with nothing in them."""

    files: Mapping[str, bytes]
    modes: Mapping[str, int]
    empty: tuple[str, ...]


def encoded(text: object) -> bytes:
    """A file's text as bytes; what UTF-8 cannot hold becomes a question mark."""
    return str(text).encode("utf-8", "replace")


def fill(fs: Any, world: World) -> dict[str, bytes]:
    """Write a world's files, directories and modes; the files that could be written, as bytes.

    A file below another file, or at a place of the sandbox itself, cannot be.
    """
    written: dict[str, bytes] = {}
    for directory in (world.cwd, world.home, *world.directories):
        _make(fs, directory)
    for path, text in world.files.items():
        content = encoded(text)
        if _write(fs, path, content):
            written[path] = content
    for path, mode in world.modes.items():
        if path in written:
            fs.chmod(path, mode)
    return written


def _make(fs: Any, directory: str) -> None:
    try:
        fs.mkdir(posixpath.normpath(directory), recursive=True)
    except RuntimeError:
        return


def _write(fs: Any, path: str, content: bytes) -> bool:
    try:
        fs.write_file(path, content)
    except RuntimeError:
        try:
            fs.mkdir(posixpath.dirname(path), recursive=True)
            fs.write_file(path, content)
        except RuntimeError:
            return False
    return True


def read(fs: Any, world: World) -> Disk:
    """Everything that lies in memory now, apart from the sandbox's own places."""
    files: dict[str, bytes] = {}
    modes: dict[str, int] = {}
    empty: list[str] = []
    usual = {world.cwd.rstrip("/"), world.home.rstrip("/"), "/tmp", "/home", "/home/user", "/home/sandbox", "/root", ""}
    for path, kind, mode in _walk(fs, "/", MAX_DEPTH, frozenset(world.files)):
        if kind == "directory":
            if path not in usual:
                empty.append(path)
            continue
        try:
            files[path] = fs.read_file(path)
        except RuntimeError:
            continue  # a link that leads nowhere
        if kind == "file" and mode != USUAL_MODE:
            modes[path] = mode
    return Disk(files, modes, tuple(empty))


def _walk(fs: Any, directory: str, depth: int, known: frozenset[str]) -> Iterator[tuple[str, str, int]]:
    """Files and empty directories below, names in order."""
    for entry in sorted(fs.read_dir(directory), key=lambda one: str(one["name"])):
        path = posixpath.join(directory, entry["name"])
        kind, mode = entry["metadata"]["file_type"], entry["metadata"]["mode"]
        if kind != "directory":
            yield path, kind, mode
        elif path in _SYSTEM:
            for name in sorted(known):
                if name.startswith(path + "/") and fs.exists(name):
                    yield name, "file", USUAL_MODE
        elif depth:
            inside = list(_walk(fs, path, depth - 1, known))
            yield from inside
            if not inside:
                yield path, "directory", mode
