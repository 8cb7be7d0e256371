"""An emulated history: the files that a world starts with are the last commit, and what differs follows from the files.

A world holds only what differs (:attr:`World.git`): ``head`` (path → text in the last commit, None where it had none),
``staged`` likewise for the index, ``commits`` since the start, ``branches`` and ``branch``.
"""

from __future__ import annotations

import fnmatch
import hashlib
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from perturb.core.values import Json, World

Texts = dict[str, str]
FIRST = {"message": "Initial commit", "id": ""}


@dataclass
class Repository:
    """The state of an emulated repository while a line runs; all texts are by absolute path."""

    root: str
    head: Texts
    index: Texts
    commits: list[dict[str, Json]] = field(default_factory=list)
    branch: str = "main"
    branches: list[str] = field(default_factory=lambda: ["main"])
    stash: list[Texts] = field(default_factory=list)

    def tracked(self, path: str) -> bool:
        """Whether the last commit or the index has the file."""
        return path in self.head or path in self.index

    def relative(self, path: str) -> str:
        """A path as the repository names it."""
        return posixpath.relpath(path, self.root)

    def below(self, path: str) -> bool:
        """Whether a path is the root's or below it."""
        return path == self.root or path.startswith(self.root.rstrip("/") + "/")


def repository(world: World) -> Repository:
    """The repository of a world: at its directory, with everything that is there as the last commit."""
    git = world.git
    head = overlay({path: str(text) for path, text in world.files.items()}, git.get("head", {}))
    root = world.cwd.rstrip("/") or "/"
    head = {path: text for path, text in head.items() if path.startswith(root.rstrip("/") + "/")}
    return Repository(
        root=root,
        head=head,
        index=overlay(head, git.get("staged", {})),
        commits=list(git.get("commits", [])),
        branch=git.get("branch", "main"),
        branches=list(git.get("branches", ["main"])),
        stash=[dict(one) for one in git.get("stash", [])],
    )


def kept(found: Repository, files: Mapping[str, str]) -> dict[str, Any]:
    """What a world keeps of a repository, given the files as they are now."""
    now = {path: text for path, text in files.items() if found.below(path)}
    parts: dict[str, Any] = {
        "head": differences(now, found.head),
        "staged": differences(found.head, found.index),
        "commits": found.commits,
        "branch": found.branch if found.branch != "main" else None,
        "branches": found.branches if found.branches != ["main"] else None,
        "stash": found.stash,
    }
    return {name: part for name, part in parts.items() if part}


def overlay(base: Mapping[str, str], over: Mapping[str, str | None]) -> Texts:
    """`base` with some texts replaced, or taken out where they are None."""
    merged = {**base, **over}
    return {path: text for path, text in merged.items() if text is not None}


def differences(base: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str | None]:
    """What to lay over `base` to have `other`."""
    paths = sorted(base.keys() | other.keys())
    return {path: other.get(path) for path in paths if base.get(path) != other.get(path)}


def after(world: World, changed: Mapping[str, str | None]) -> World:
    """A world with some files written (None: removed), its last commit unchanged."""
    head = dict(world.git.get("head", {}))
    root = (world.cwd.rstrip("/") or "/").rstrip("/") + "/"
    for path, text in changed.items():
        if path.startswith(root):
            committed = head[path] if path in head else world.files.get(path)
            head[path] = committed
            if committed == text:
                del head[path]
    git = {**{name: part for name, part in world.git.items() if name != "head"}, **({"head": head} if head else {})}
    return replace(world, files=overlay(world.files, changed), git=git)


def commit_id(found: Repository, message: str) -> str:
    """A name for a commit that depends on nothing but what is in it."""
    text = "\0".join([message, str(len(found.commits)), *(f"{p}\0{t}" for p, t in sorted(found.head.items()))])
    return hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def blob_id(text: str | None) -> str:
    """The name that git gives to a text, shortened; zeros for none."""
    if text is None:
        return "0000000"
    raw = text.encode("utf-8", "replace")
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()[:7]


def ignored(path: str, rules: str) -> bool:
    """Whether ``.gitignore`` rules hide a path relative to the root (names, ``*.ext``, ``dir/``, ``/top``)."""
    parts = path.split("/")
    hidden = False
    for rule in rules.split("\n"):
        rule = rule.strip()
        if not rule or rule.startswith("#"):
            continue
        shown, rule = rule.startswith("!"), rule.lstrip("!")
        pattern = rule.strip("/")
        anchored = "/" in rule.rstrip("/")
        heads = ["/".join(parts[: n + 1]) for n in range(len(parts))] if anchored else parts
        heads = heads[:-1] if rule.endswith("/") else heads
        if any(fnmatch.fnmatchcase(head, pattern) for head in heads):
            hidden = not shown
    return hidden
