"""Paths: two spellings are one when the file system that is described finds one file behind both."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from perturb.judging.grading.kinds import Context, Judged, Reading, UnusableError, flag, kind, said, text

_MAX_LINKS = 40


@dataclass(frozen=True, slots=True)
class _Disk:
    """What is known of the file system: folders, files, links, and how names are compared."""

    fold: Callable[[str], str]
    folders: frozenset[tuple[str, ...]]
    files: frozenset[tuple[str, ...]]
    links: Mapping[tuple[str, ...], str]
    known: bool
    windows: bool


@kind("path")
def path(context: Context, expected: Any, got: Any, _reading: Reading) -> Judged:
    """Both name one file for the tool that is described."""
    wanted = text(expected, "expected")
    if not isinstance(got, str):
        return Judged(False, "not a text")
    refused = _refused(context, got)
    if refused:
        return Judged(False, refused)
    disk = _disk(context)
    try:
        one = _found(wanted, context, disk, expected=True)
    except ValueError:
        one = None
    try:
        other = _found(got, context, disk, expected=False)
    except ValueError as problem:
        return Judged(False, str(problem))
    if one is None:
        return Judged(wanted == got, "" if wanted == got else "the expected path names nothing")
    return Judged(True) if one == other else Judged(False, f"names {_shown(other)}, not {_shown(one)}")


def _shown(parts: tuple[str, ...]) -> str:
    return "/".join(parts) or "/"


def _is_windows(context: Context) -> bool:
    return "win" in said(context, "os").replace("darwin", "") or "windows" in said(context, "path_style")


def _refused(context: Context, got: str) -> str:
    """Why the tool does not take a path spelled like this."""
    style = said(context, "path_style")
    absolute = _is_absolute(got, context)
    if "\0" in got or not got:
        return "no path"
    if _takes(style, "absolute") and not _takes(style, "relative") and not absolute:
        return "the tool wants an absolute path"
    if absolute and (_refuses(style, "absolute") or (_takes(style, "relative") and not _takes(style, "absolute"))):
        return "the tool wants a relative path"
    if _is_root_prefixed(style) and not _rooted(got, context):
        return "the tool wants a path that starts with the name of a root"
    return ""


def _refuses(style: str, word: str) -> bool:
    """Whether a description of the tool says that paths of this sort are refused."""
    after = rf"{word}\b[^,;.]{{0,25}}\b(refus|not|never|error|invalid|forbid|reject|fail)"
    return re.search(rf"\b(not|no|never|without|non) {word}|{after}", style) is not None


def _takes(style: str, word: str) -> bool:
    """Whether a description of the tool says that it takes paths of this sort."""
    named = re.search(rf"\b{word}\b", style) is not None and not _refuses(style, word)
    return named or re.search(r"\b(any|either|both)\b", style) is not None


def _is_root_prefixed(style: str) -> bool:
    return "root" in style and ("prefix" in style or "name" in style or "start" in style)


def _is_absolute(got: str, context: Context) -> bool:
    if _is_windows(context):
        return bool(re.match(r"([A-Za-z]:)?[\\/]", got))
    return got.startswith("/") or (got.startswith("~") and _tilde(context))


def _tilde(context: Context) -> bool:
    told = said(context, "tilde")
    if told in ("true", "false"):
        return told == "true"
    return not re.search(r"literal|not|no |^no|never|plain|refus|without|file name|ordinary", told)


def _rooted(got: str, context: Context) -> str | None:
    """The absolute path of one that starts with a root's name."""
    first, _, rest = got.removeprefix("./").partition("/")
    roots = context.get("roots") or []
    named = (
        roots if isinstance(roots, dict) else {str(root).rstrip("/").rpartition("/")[2]: str(root) for root in roots}
    )
    root = named.get(first)
    return None if root is None else f"{str(root).rstrip('/')}/{rest}"


def _disk(context: Context) -> _Disk:
    windows = _is_windows(context)
    mac = bool(re.search(r"mac|darwin|osx", said(context, "os")))
    sensitive = flag(context, "case_sensitive", not (windows or mac))
    told = said(context, "normalization") or said(context, "normalisation")
    form = _form(told, mac)

    def fold(name: str) -> str:
        name = unicodedata.normalize(form, name) if form else name  # type: ignore[arg-type]  # one of the four forms
        if not sensitive:
            name = name.casefold()
            name = unicodedata.normalize(form, name) if form else name  # type: ignore[arg-type]  # likewise
        return name.rstrip(" .") or name if windows else name

    entries = context.get("tree") or context.get("files") or []
    links = _links(context.get("symlinks") or {})
    folders: set[tuple[str, ...]] = {()}
    files: set[tuple[str, ...]] = set()
    plain = _Disk(fold, frozenset(), frozenset(), {}, False, windows)
    for entry in map(str, entries):
        parts = _folded(_anchored(entry, context, plain), fold)
        (folders if entry.endswith(("/", "\\")) else files).add(parts)
        folders.update(parts[:size] for size in range(len(parts)))
    at = {_folded(_anchored(link, context, plain), fold): target for link, target in links.items()}
    return _Disk(fold, frozenset(folders), frozenset(files), at, bool(entries), windows)


def _form(told: str, mac: bool) -> str:
    if not told:
        return "NFC" if mac else ""
    match = re.search(r"nfk?[cd]", told)
    if (
        re.search(r"\b(none|no|bytes?|exact|sensitive|false|preserv\w+ and sensitive)\b", told)
        and "insensitive" not in told
    ):
        return ""
    return match[0].upper() if match else "NFC"


def _links(data: Any) -> dict[str, str]:
    if isinstance(data, dict):
        return {str(link): str(target) for link, target in data.items()}
    if not isinstance(data, list):
        raise UnusableError("context.symlinks: neither an object nor a list")
    found = {}
    for row in data:
        if isinstance(row, dict):
            link = row.get("link", row.get("path", row.get("from", row.get("name"))))
            found[str(link)] = str(row.get("target", row.get("to")))
        elif isinstance(row, list) and len(row) == 2:
            found[str(row[0])] = str(row[1])
        elif isinstance(row, str) and "->" in row:
            link, _, target = row.partition("->")
            found[link.strip()] = target.strip()
    return found


def _folded(parts: list[str], fold: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(fold(part) for part in parts)


def _anchored(name: str, context: Context, disk: _Disk) -> list[str]:
    """The steps from the top to `name`, relative ones from the working directory; `..` is still there."""
    if disk.windows:
        return _windows(name, context)
    home = str(context.get("home") or "/root")
    if name == "~" or name.startswith("~/"):
        name = home + name[1:] if _tilde(context) else name
    cwd = str(context.get("cwd") or "/")
    whole = name if name.startswith("/") else f"{cwd}/{name}"
    return [part for part in whole.split("/") if part not in ("", ".")]


def _windows(name: str, context: Context) -> list[str]:
    """Steps of a Windows path; the first is the drive or the share. `..` is taken away by name, as Windows does."""
    name = re.sub(r"^\\\\\?\\(UNC\\)?", lambda m: r"\\" if m[1] else "", name).replace("\\", "/")
    home, cwd = (
        str(context.get("home") or "C:/").replace("\\", "/"),
        str(context.get("cwd") or "C:/").replace("\\", "/"),
    )
    if (name == "~" or name.startswith("~/")) and _tilde(context):
        name = home + name[1:]
    drive = re.match(r"[A-Za-z]:", name)
    cwd_drive = re.match(r"[A-Za-z]:|//[^/]+/[^/]+", cwd)
    if name.startswith("//") or (drive and name[2:3] == "/"):
        whole = name
    elif drive:
        same = cwd_drive and cwd_drive[0].casefold() == drive[0].casefold()
        whole = f"{cwd}/{name[2:]}" if same else f"{drive[0]}/{name[2:]}"
    elif name.startswith("/"):
        whole = (cwd_drive[0] if cwd_drive else "C:") + name
    else:
        whole = f"{cwd}/{name}"
    share = "//" if whole.startswith("//") else ""
    kept: list[str] = []
    for part in whole.split("/"):
        if part == ".." and len(kept) > 1:
            kept.pop()
        elif part not in ("", ".", ".."):
            kept.append(part)
    top = [share + kept[0].upper()] if kept else []
    return top + kept[1:]


def _found(name: str, context: Context, disk: _Disk, expected: bool) -> tuple[str, ...]:
    """The file behind `name`, link by link. Raises ValueError where the system would find none."""
    style = said(context, "path_style")
    if _is_root_prefixed(style) and not (expected and _is_absolute(name, context)):
        name = _rooted(name, context) or name
    waiting = list(reversed(_anchored(name, context, disk)))
    here: tuple[str, ...] = ()
    links = 0
    while waiting:
        part = waiting.pop()
        if part == "..":
            if here in disk.files or (disk.known and here not in disk.folders):
                raise ValueError(f"{_shown(here)} is no folder")
            here = here[:-1]
            continue
        here = (*here, disk.fold(part))
        target = disk.links.get(here)
        if target is not None:
            links += 1
            if links > _MAX_LINKS:
                raise ValueError("a circle of links")
            steps = _steps_of(target, context, disk)
            here = here[:-1] if steps[0] == "relative" else ()
            waiting += reversed(steps[1])
        elif waiting and here in disk.files and waiting[-1] not in ("", "."):
            raise ValueError(f"{_shown(here)} is no folder")
    if here in disk.files and not disk.windows and name.endswith("/"):
        raise ValueError(f"{_shown(here)} is no folder")
    return here


def _steps_of(target: str, context: Context, disk: _Disk) -> tuple[str, list[str]]:
    if disk.windows:
        absolute = _is_absolute(target, context)
        parts = _windows(target, context) if absolute else re.split(r"[\\/]", target)
        return "absolute" if absolute else "relative", [part for part in parts if part not in ("", ".")]
    return ("absolute" if target.startswith("/") else "relative"), [p for p in target.split("/") if p not in ("", ".")]
