"""What an answer did, as a person needs to read it: changes line by line, what was shown, what failed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from difflib import unified_diff

from perturb.core.values import World
from perturb.judging.effect import Deed, Effect
from perturb.world.changes import Place

# Lines of a change, and characters of a value, that are told.
MOST_LINES = 12
MOST_CHARACTERS = 160


def told(got: Effect) -> list[str]:
    """One line for each thing that happened, in order; what came to nothing says so."""
    lines = [line for deed in got.deeds for line in _deed(deed)]
    for place, value in got.changed.items():
        lines += _change(got.before, got.after, place, value)
    return lines or ["did nothing in the world"]


def _deed(deed: Deed) -> Iterator[str]:
    data = deed.result.data
    if deed.result.kind == "error":
        yield f"{deed.intent.action} failed: {data['message']}"
    elif deed.result.kind == "shell":
        shown = f"{data['stdout']}{data['stderr']}".strip()
        yield f"the command ended with {data['exit_code']}: {_short(shown) if shown else 'no output'}"
    elif not deed.changed:
        yield from _shown(deed)


def _shown(deed: Deed) -> Iterator[str]:
    lines: dict[str, list[int]] = defaultdict(list)
    for mark in deed.shows:
        if mark[0] == "line":
            lines[str(mark[1])].append(int(mark[2]))
    for path, numbers in lines.items():
        yield f"showed lines {_ranges(numbers)} of {path}"
    others = sorted({str(mark[1]) for mark in deed.shows if mark[0] not in ("line", "node")})
    if others and not lines:
        yield f"showed {', '.join(others[:8])}"
    if not deed.shows:
        yield f"{deed.intent.action} showed nothing"


def _ranges(numbers: list[int]) -> str:
    """Numbers as ranges.

    >>> _ranges([1, 2, 3, 7])
    '1-3, 7'
    """
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in found)


def _change(before: World, after: World, place: Place, value: object) -> Iterator[str]:
    name = "/".join(map(str, place))
    if place[0] != "files":
        yield f"changed {name} to {_short(str(value))}"
        return
    old, new = (str(world.files.get(place[1], "")).splitlines() for world in (before, after))
    kind = "removed" if place[1] not in after.files else "changed" if place[1] in before.files else "created"
    yield f"{kind} {place[1]}"
    lines = [line for line in unified_diff(old, new, n=0, lineterm="") if line[:3] not in ("---", "+++", "@@ ")]
    yield from (f"  {line}" for line in lines[:MOST_LINES])


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
