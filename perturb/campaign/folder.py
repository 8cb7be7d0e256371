"""A run's folder: whose it is (the manifest), who works in it (the lock), and what was set aside."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from perturb.campaign.shapes import problem
from perturb.core.errors import StorageError, UserError
from perturb.core.files import make_folder, move, open_own, read_json, storing, write_atomic
from perturb.core.redaction import redacted

MANIFEST = "run.json"
JOURNAL = "journal.jsonl"
LOCK = "run.lock"
# Of run.json and of every record. Version 1 had no checksums.
VERSION = 2

_TEXTS = {str: str}
_COUNT = range(2**31)
SHAPE: dict[str, Any] = {
    "perturb": str,
    "kind?": frozenset(("fuzz", "pytest")),
    "model": {"name": str, "kind": str},
    "simulated": bool,
    "selection": {
        "scaffolds": [str],
        "operators": [str],
        "fixtures": [str],
        "samples": range(1, 10**6),
        "seed": int,
        "limit": _COUNT,
        "requests?": _COUNT,
        "tokens?": _COUNT,
        "patience?": range(100),
        "steps?": str,
        "tools?": str,
    },
    "sampling": {"temperature": float, "max_tokens": range(1, 2**31), "top_p?": float, "top_k?": int},
    "engine": {
        "model": (str, None),
        "base_url": [str],
        "agent": (str, None),
        "model_name": str,
        "api?": str,
        "raw?": bool,
        "extra_body?": str,
        "tensor_parallel_size?": range(1, 2**16),
        "expert_parallel?": bool,
        "max_model_len?": _COUNT,
        "engine_args?": [str],
        "lora?": str,
        "format?": str,
        "tool_parser?": str,
        "reasoning_parser?": str,
        "chat_template?": str,
        "template_args?": [str],
    },
    "load": [str],
    "made_of": {str: _TEXTS},
    "kept_old?": [str],
    "redact_replies?": bool,
}


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the run in `folder`. Raises UserError naming the file and field when it is none."""
    path = folder / MANIFEST
    if not _is_file(path):
        raise UserError(f"{folder}: no run here (no {MANIFEST})")
    manifest = read_json(path)
    version = manifest.get("version", 1) if isinstance(manifest, dict) else VERSION
    if version != VERSION:
        said = orjson.dumps(version).decode() if isinstance(version, int | float) else "unknown"
        raise UserError(f"{path}: version: a run of version {said}; this perturb reads version {VERSION}")
    wrong = _twice(path) or problem(manifest, SHAPE)
    if wrong:
        raise UserError(f"{path}: {wrong}")
    return dict(manifest)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long, a folder without the right to look
        return False


def _twice(path: Path) -> str:
    """A field that an object of the file has twice, "" when there is none."""
    found: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            names = [name for name, _ in pairs]
            found.extend(name for name in made if names.count(name) > 1)
        return made

    try:
        json.loads(path.read_bytes(), object_pairs_hook=once)
    except (ValueError, RecursionError):
        return "is nested too deep"
    return f"{found[0][:40]}: is there twice" if found else ""


def private(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest as it is kept: without secrets (a server's address can hold one). Digests stay as they are."""
    found: dict[str, Any] = redacted(manifest, keep=frozenset(("made_of",)))
    return found


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write ``run.json`` in one step. Raises StorageError."""
    data = {**private(manifest), "version": VERSION}
    write_atomic(folder / MANIFEST, orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The only process that writes in `folder`, made when it is not there. Raises UserError when another one does.

    The lock belongs to the process and goes with it, however it ends: a file left behind locks nothing.
    """
    import fcntl

    _usable(folder)
    made = not folder.exists()
    make_folder(folder)
    path = folder / LOCK
    with storing(path):
        handle = open_own(path, os.O_RDWR | os.O_CREAT)
    try:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
            by = f" (process {who})" if who.isdecimal() else ""
            raise UserError(
                f"{folder}: another perturb is at work here{by}; wait for it or choose another folder"
            ) from None
        except OSError as error:
            raise StorageError(f"{path}: cannot be locked: {error.strerror}") from error
        with storing(path):
            if not os.path.samestat(os.fstat(handle), os.stat(path)):
                raise UserError(f"{folder}: another perturb has just ended here; try again")
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        if made and not (folder / MANIFEST).exists():
            # Nothing began here: leave nothing, unless another process wants the folder too.
            with suppress(OSError):
                path.unlink()
                folder.rmdir()
        os.close(handle)


def _usable(folder: Path) -> None:
    """Raises UserError when `folder` is something else than a run's or an empty folder."""
    try:
        if not folder.exists() or (folder / MANIFEST).exists():
            return
        # What a run leaves that was killed before it had begun.
        left = (LOCK, f"{MANIFEST}.")
        if not folder.is_dir() or any(not path.name.startswith(left) for path in folder.iterdir()):
            raise UserError(f"{folder}: not empty and not a run's folder; choose another --out")
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}") from error


def open_folder(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Make `folder` this run's, or see that it is; its manifest. Raises UserError when it belongs to another run.

    What the run is made of may differ: that has ways out (see `perturb.campaign.ingredients`).
    """
    _usable(folder)
    manifest = private(manifest)
    if not (folder / MANIFEST).exists():
        make_folder(folder)
        write_manifest(folder, manifest)
    known = read_manifest(folder)
    drift = sorted(key for key in (manifest.keys() | known.keys()) - _OWN if manifest.get(key) != known.get(key))
    if drift:
        raise UserError(f"{folder}: holds another run (different: {', '.join(drift)}); choose another --out")
    return known


# What a manifest says of its past, and no part of what makes a run that run.
_OWN = {"version", "kept_old", "made_of"}


def set_aside(path: Path) -> Path | None:
    """Give a file the next free name of its kind, so that its place is empty; None when it is not there."""
    if not path.exists():
        return None
    number = 1
    while (to := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    move(path, to)
    return to
