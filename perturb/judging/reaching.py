"""Whether what an answer did reaches a goal: the same world, everything seen that was to be seen, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from perturb.core.values import Intent, Json, World
from perturb.judging.effect import Deed, Effect, Goal, shows_all
from perturb.judging.matching import pair
from perturb.judging.traced import would_find
from perturb.world.changes import Place

# A look may show more than the gold look: so many times as much, and in any case so many characters.
WASTE_TIMES = 10
WASTE_CHARACTERS = 8_000


@dataclass(frozen=True, slots=True)
class Gap:
    """What lies between an answer and a goal: patterns left undone, places left or made otherwise, and what is extra.

    `wrong` maps a place to (wanted, found).
    """

    left: tuple[int, ...]
    missing: tuple[Place, ...]
    wrong: dict[Place, tuple[Json, Json]]
    extra: str

    @property
    def closed(self) -> bool:
        """Whether the answer is right."""
        return self.reached and not self.extra

    @property
    def reached(self) -> bool:
        """Whether everything wanted was done, whatever else was."""
        return not (self.left or self.missing or self.wrong)


def gap(goal: Goal, got: Effect, intents: tuple[Intent, ...], world: World) -> Gap:
    """What is between the answer `intents`, whose effect is `got`, and `goal`."""
    pairs = {n: at for n, at in pair(goal.patterns, intents, world).items() if not _ran(goal, n)}
    left = tuple(n for n in range(len(goal.patterns)) if n not in pairs and not _done(n, goal, got))
    wanted, found = goal.changed, got.changed
    missing = tuple(place for place in wanted if place not in found)
    wrong = {p: (v, found[p]) for p, v in wanted.items() if p in found and not goal.accepts(p, found[p])}
    stray = [place for place in found if place not in wanted]
    return Gap(left, missing, wrong, _extra(stray, got, intents, set(pairs.values())))


def _ran(goal: Goal, number: int) -> bool:
    """Whether a program's output is known: then that decides, and not which words are in the program."""
    return goal.patterns[number].action == "py.exec" and number in goal.looks and not goal.patterns[number].spelling


def _done(number: int, goal: Goal, got: Effect) -> bool:
    """Whether a pattern whose arguments nobody gave was done in another way. What changes, the places decide."""
    pattern = goal.patterns[number]
    if pattern.spelling or pattern.action == "say":
        return False
    if number in goal.looks:
        return shows_all(got, goal.looks[number]) and got.characters <= _allowed(goal)
    if goal.deed(number).changed:
        return True
    wanted = goal.deed(number)
    return any(would_find(deed.world, wanted.intent, deed.intent) for deed in got.deeds if deed.looks)


def _allowed(goal: Goal) -> int:
    return max(WASTE_CHARACTERS, WASTE_TIMES * goal.effect.characters)


def _numbered(got: Effect, intents: tuple[Intent, ...]) -> Iterator[tuple[int, Deed]]:
    """Each deed with the place of its intent in the answer."""
    doing = [n for n, intent in enumerate(intents) if intent.action != "say"]
    return zip(doing, got.deeds, strict=True)


def _extra(stray: list[Place], got: Effect, intents: tuple[Intent, ...], spoken_for: set[int]) -> str:
    """What was done beside the goal, in words; "" when it is nothing or only a look."""
    if stray:
        return f"also changed {'/'.join(map(str, stray[0]))}"
    for number, deed in _numbered(got, intents):
        if number not in spoken_for and deed.uncalled_for:
            return f"also did {deed.intent.action} {dict(deed.intent.args)}"
    return ""
