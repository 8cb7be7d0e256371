"""The canonical vocabulary: every action a scaffold can spell, and how its arguments compare.

An action that is not listed here is a domain action (a fixture's own tool); its arguments are compared as
JSON and none has a default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from perturb.core.values import Json

Kind = Literal["path", "glob", "url", "command", "number", "text", "code", "pattern", "flag", "target", "json"]
REQUIRED: Json = object()
# In a matcher: that the argument may be left out.
ABSENT = "(absent)"


@dataclass(frozen=True, slots=True)
class Field:
    """One canonical argument. `free` fields never decide whether an answer is right."""

    kind: Kind
    default: Json = REQUIRED
    free: bool = False


ACTIONS: dict[str, dict[str, Field]] = {
    "shell.run": {
        "command": Field("command"),
        "timeout_s": Field("number", 0, free=True),
        "background": Field("flag", False, free=True),
    },
    # Lines are 1-based and inclusive; end = -1 is the end of the file.
    "fs.read": {"path": Field("path"), "start": Field("number", 1), "end": Field("number", -1)},
    "fs.write": {"path": Field("path"), "content": Field("text")},
    "fs.edit": {
        "path": Field("path"),
        "old": Field("text"),
        "new": Field("text"),
        "all": Field("flag", False),
    },
    "fs.list": {"path": Field("path"), "recursive": Field("flag", False)},
    "fs.find": {"glob": Field("glob"), "root": Field("path", "")},
    "fs.grep": {
        "pattern": Field("pattern"),
        "root": Field("path", ""),
        "include": Field("glob", ""),
        "ignore_case": Field("flag", False),
    },
    "web.search": {"query": Field("text")},
    "web.fetch": {"url": Field("url"), "goal": Field("text", "", free=True)},
    "py.exec": {"code": Field("code")},
    "nav.goto": {"url": Field("url")},
    "nav.back": {},
    "el.click": {"target": Field("target")},
    "el.type": {"target": Field("target"), "text": Field("text"), "submit": Field("flag", False)},
    "el.select": {"target": Field("target"), "value": Field("text")},
    "page.observe": {},
    "tab.switch": {"tab": Field("number")},
    "plan.set": {"items": Field("json", free=True)},
    # Words for the user: an answer, or a question. Plain text is the same intent in scaffolds without a tool for it.
    "say": {"text": Field("text"), "kind": Field("text", "answer", free=True)},
}

# Actions that change nothing outside the conversation: doing one more of these is not a side effect.
READ_ONLY: frozenset[str] = frozenset(
    {
        "fs.read",
        "fs.list",
        "fs.find",
        "fs.grep",
        "web.search",
        "web.fetch",
        "page.observe",
        "plan.set",
        "say",
    }
)


# An argument that one product's tool takes beside the canonical ones ("own:description"). None of them decides whether
# an answer is right, and another scaffold leaves them out. SAID lists the fields that a recorded call gives, in order.
OWN = "own:"
SAID = "own:said"


def decides(action: str, name: str) -> bool:
    """Whether this argument says whether an answer is right.

    >>> decides("shell.run", "command"), decides("shell.run", "timeout_s"), decides("shell.run", "own:description")
    (True, False, False)
    """
    known = fields(action).get(name)
    return not name.startswith(OWN) and not (known and known.free)


def fields(action: str) -> dict[str, Field]:
    """The declared fields of `action`; empty for a domain action."""
    return ACTIONS.get(action, {})


def default(action: str, name: str) -> Json:
    """The default of one canonical argument, or :data:`REQUIRED`."""
    found = fields(action).get(name)
    return found.default if found else REQUIRED
