"""What a machine says of itself: clock, names, long listings. All of it is the world's, none of it the host's."""

from __future__ import annotations

import posixpath
import re
import stat
from datetime import UTC, datetime, timedelta

from perturb.core.values import World
from perturb.world.builtins import Asked, Said, builtin

_DIRECTORY_SIZE = 4096


def now(world: World) -> datetime:
    """The world's clock.

    >>> now(World(clock="2026-03-02T09:30:00Z")).isoformat()
    '2026-03-02T09:30:00+00:00'
    """
    try:
        found = datetime.fromisoformat(world.clock)
    except ValueError:
        return datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@builtin("date")
def date(asked: Asked) -> Said:
    """The world's clock, or the moment that ``-d`` names, in any format."""
    moment, shape, words = now(asked.world), "", list(asked.words)
    while words:
        word = words.pop(0)
        value = words[0] if words else ""
        if word.startswith("+"):
            shape = word[1:]
        elif word in ("-d", "--date") or word.startswith("--date="):
            said = word.partition("=")[2] if "=" in word else value
            found = _moment(said, moment)
            if found is None:
                return Said("", f"date: invalid date '{said}'\n", 1)
            moment = found
        elif word in ("-I", "--iso-8601"):
            shape = "%Y-%m-%d"
        elif word in ("-Is", "-Iseconds", "--iso-8601=seconds"):
            shape = "%Y-%m-%dT%H:%M:%S+00:00"
        elif word in ("-R", "--rfc-email"):
            shape = "%a, %d %b %Y %H:%M:%S +0000"
    shape = shape or "%a %b %e %H:%M:%S UTC %Y"
    shape = shape.replace("%N", "000000000").replace("%s", str(int(moment.timestamp())))
    return Said(moment.strftime(shape) + "\n")


def _moment(said: str, base: datetime) -> datetime | None:
    said = said.strip()
    days = {"now": 0, "today": 0, "yesterday": -1, "tomorrow": 1}
    if said in days:
        return base + timedelta(days=days[said])
    if found := re.fullmatch(r"@(\d{1,11})", said):
        return datetime.fromtimestamp(int(found[1]), UTC)
    if found := re.fullmatch(r"([+-]?\d{1,5}) ?(second|minute|hour|day|week)s?( ago)?", said):
        step = timedelta(**{found[2] + "s": int(found[1])})
        return base - step if found[3] else base + step
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@builtin("uname")
def uname(asked: Asked) -> Said:
    """What this runs on."""
    name = {"linux": "Linux", "macos": "Darwin"}.get(asked.world.os, "Windows_NT")
    flags = "".join(word[1:] for word in asked.words if word.startswith("-")) or "s"
    known = {"s": name, "n": "localhost", "r": "6.1.0", "v": "#1", "m": "x86_64"}
    return Said(" ".join(known[flag] for flag in known if flag in flags or "a" in flags) + "\n")


@builtin("whoami")
def whoami(asked: Asked) -> Said:
    """Who one is."""
    return Said(posixpath.basename(asked.world.home.rstrip("/")) + "\n")


@builtin("sleep", "tput", "stty", "sync")
def nothing(_asked: Asked) -> Said:
    """Time does not pass here, and there is no terminal."""
    return Said()


@builtin("mktemp")
def mktemp(asked: Asked) -> Said:
    """A new file or directory, named by a counter instead of by chance."""
    asked.session.named += 1
    shape = next((word for word in asked.words if not word.startswith("-")), "/tmp/tmp.XXXXXXXXXX")
    path = asked.absolute(re.sub(r"X{3,}", f"{asked.session.named:06d}", shape))
    try:
        if {"-d", "--directory"} & set(asked.words):
            asked.fs.mkdir(path, recursive=True)
        else:
            asked.fs.write_file(path, b"")
    except RuntimeError:
        return Said("", f"mktemp: failed to create file via template '{shape}'\n", 1)
    return Said(f"{path}\n")


@builtin("__ls")
def long_listing(asked: Asked) -> Said:
    """``ls`` with -l or -a: in the long format, with the world's clock."""
    flags = "".join(word[1:] for word in asked.words if re.fullmatch(r"-[A-Za-z1]+", word))
    paths = [word for word in asked.words if not word.startswith("-")] or ["."]
    files, directories, errors = [], [], ""
    for path in sorted(paths):
        full = asked.absolute(path)
        if not asked.exists(full):
            errors += f"ls: cannot access '{path}': No such file or directory\n"
        elif asked.fs.stat(full)["file_type"] == "directory" and "d" not in flags:
            directories.append(path)
        else:
            files.append(path)
    out = "".join(_line(asked, path, asked.absolute(path), flags) for path in files)
    for path in directories:
        out += ("\n" if out else "") + _directory(asked, path, flags, len(paths) > 1 or "R" in flags)
    return Said(out, errors, 2 if errors else 0)


def _directory(asked: Asked, path: str, flags: str, titled: bool) -> str:
    full = asked.absolute(path)
    entries = sorted(asked.fs.read_dir(full), key=lambda one: _order(str(one["name"])))
    if "r" in flags:
        entries.reverse()
    if "S" in flags:
        entries.sort(key=lambda one: -one["metadata"]["size"])
    shown = [one["name"] for one in entries if not one["name"].startswith(".") or set(flags) & {"a", "A"}]
    names = [".", "..", *shown] if "a" in flags else shown
    lines = "".join(_line(asked, name, posixpath.normpath(posixpath.join(full, name)), flags) for name in names)
    sizes = sum(1 + asked.fs.stat(posixpath.join(full, name))["size"] // _DIRECTORY_SIZE for name in names) * 4
    out = (f"{path}:\n" if titled else "") + (f"total {sizes}\n" if "l" in flags else "") + lines
    if "R" in flags:
        for one in entries:
            if one["metadata"]["file_type"] == "directory" and one["name"] in shown:
                out += "\n" + _directory(asked, posixpath.join(path, one["name"]), flags, titled=True)
    return out


def _order(name: str) -> tuple[str, str]:
    return name.lstrip(".").casefold(), name


def _line(asked: Asked, name: str, full: str, flags: str) -> str:
    found = asked.fs.stat(full)
    is_directory = found["file_type"] == "directory"
    if set(flags) & {"F", "p"}:
        name += "/" if is_directory else "*" if found["mode"] & 0o111 and "F" in flags else ""
    if "l" not in flags:
        return f"{name}\n"
    kind = stat.S_IFDIR if is_directory else stat.S_IFREG
    size = _DIRECTORY_SIZE if is_directory else found["size"]
    shown = _human(size) if "h" in flags else str(size)
    user = posixpath.basename(asked.world.home.rstrip("/"))
    when = now(asked.world).strftime("%b %e %H:%M")
    return f"{stat.filemode(kind | found['mode'])} {2 if is_directory else 1} {user} {user} {shown:>5} {when} {name}\n"


def _human(size: float) -> str:
    for unit in ("", "K", "M", "G"):
        if size < 1024 or unit == "G":
            return f"{size:.1f}{unit}" if unit and size < 10 else f"{size:.0f}{unit}"
        size /= 1024
    raise AssertionError


@builtin("stat")
def show_stat(asked: Asked) -> Said:
    """Size, kind and mode of files, in the usual format or the one that ``-c`` says."""
    words, shape, out, errors = list(asked.words), "", "", ""
    paths = []
    while words:
        word = words.pop(0)
        if word in ("-c", "--format", "-f", "--printf") and words:
            shape = words.pop(0)
        elif word.startswith(("--format=", "--printf=")):
            shape = word.partition("=")[2]
        elif not word.startswith("-"):
            paths.append(word)
    for path in paths:
        full = asked.absolute(path)
        if asked.exists(full):
            out += _stat(asked, path, full, shape)
        else:
            errors += f"stat: cannot statx '{path}': No such file or directory\n"
    return Said(out, errors, 1 if errors else 0)


def _stat(asked: Asked, path: str, full: str, shape: str) -> str:
    found, moment = asked.fs.stat(full), now(asked.world)
    is_directory = found["file_type"] == "directory"
    kind = "directory" if is_directory else "regular file" if found["size"] else "regular empty file"
    mode = stat.filemode((stat.S_IFDIR if is_directory else stat.S_IFREG) | found["mode"])
    user = posixpath.basename(asked.world.home.rstrip("/"))
    fields = {
        "n": path, "s": str(found["size"]), "F": kind, "a": f"{found['mode']:o}", "A": mode, "U": user, "G": user,
        "Y": str(int(moment.timestamp())), "y": moment.strftime("%Y-%m-%d %H:%M:%S.000000000 +0000"), "%": "%",
    }  # fmt: skip
    if shape:
        return re.sub(r"%(.)", lambda one: fields.get(one[1], "?"), shape) + "\n"
    when = fields["y"]
    return (
        f"  File: {path}\n  Size: {found['size']:<10}\tBlocks: 8          IO Block: 4096   {kind}\n"
        f"Access: ({found['mode']:04o}/{mode})  Uid: ( 1000/{user:>8})   Gid: ( 1000/{user:>8})\n"
        f"Access: {when}\nModify: {when}\nChange: {when}\n"
    )
