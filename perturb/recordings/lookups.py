"""Look-ups that a recording holds: the same call with the same arguments answers as it was recorded.

An answer holds for a stretch of the conversation in which nothing was changed: until the next call that may change
something, and back to the last one. Who looks a thing up again, or earlier than the recorded agent did, is answered.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from perturb.core.actions import ACTIONS, OWN, READ_ONLY
from perturb.core.values import Intent, JsonObject, World
from perturb.recordings.rebuilt import NO_ANSWER, Shown, do

# Answered from the recording: nothing here knows what the net or a service holds.
_ASKED = ("web.search", "web.fetch")
_LOOKS = {"describe", "fetch", "find", "get", "list", "lookup", "query", "read", "retrieve", "search", "show", "view"}
_DOES = {"add", "and", "book", "cancel", "create", "delete", "or", "remove", "reset", "send", "set", "update", "write"}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

Step = Sequence[tuple[Intent | str, Shown]]


def looks_up(name: str) -> bool:
    """Whether a tool, by its name, only looks something up.

    >>> [looks_up(name) for name in ("get_order", "mcp__shop__listOrders", "book_train", "get_or_create_user")]
    [True, True, False, False]
    """
    words = [word.lower() for word in _WORD.findall(re.split(r"__|[./:]", name)[-1])]
    return words[:1] != [] and words[0] in _LOOKS and not _DOES.intersection(words)


def lookups(steps: Iterable[Step]) -> list[JsonObject]:
    """For each step of a recording the services that answer, before it, what the recording tells (see world.records).

    A step is its calls, each with what it was answered, or a text where it cannot be said.
    """
    starts: list[int] = []
    told: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    stretch = 0
    for step in steps:
        starts.append(stretch)
        for intent, shown in step:
            if isinstance(intent, Intent) and _looks(intent):
                if shown.text == NO_ANSWER:
                    continue
                result = do(World(), intent, shown).result
                args = {name: value for name, value in intent.args.items() if not name.startswith(OWN)}
                told[stretch][intent.action].append([args, result.kind, result.data])
            elif isinstance(intent, str) or intent.action not in READ_ONLY:
                stretch += 1
    made = {n: {name: {"op": "recorded", "answers": many} for name, many in by.items()} for n, by in told.items()}
    return [made.get(n, {}) for n in starts]


def _looks(intent: Intent) -> bool:
    return intent.action in _ASKED or (intent.action not in ACTIONS and looks_up(intent.action))
