"""Perturbations of the agent's own earlier thinking. The right next step stays the same.

Source: MiniMax's interleaved-thinking ablation; chain-of-thought intervention studies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from perturb.core.draw import Draw
from perturb.core.registry import operator
from perturb.core.values import Case, Turn
from perturb.operators.words import NOISE
from perturb.scaffolding.render import prompt_text

_DOUBTS = (
    "Wait, let me think about that once more.",
    "Hmm, I am not entirely sure, but it should be right.",
    "Perhaps there is another way; still, this seems fine.",
)


def _thoughts(case: Case) -> list[int]:
    """Positions of assistant turns with thinking that M2's template would show: those after the last user message."""
    users = [place for place, turn in enumerate(case.turns) if turn.role == "user"]
    last = users[-1] if users and case.surface.retention == "template" else -1
    shown = case.surface.retention != "drop_all"
    return [n for n, t in enumerate(case.turns) if shown and t.role == "assistant" and t.thinking and n > last]


def _changed(case: Case, places: list[int], change: Callable[[str], str]) -> Case | None:
    turns = list(case.turns)
    for place in places:
        turns[place] = replace(turns[place], thinking=change(turns[place].thinking))
    return _if_shown(case, replace(case, turns=tuple(turns)))


def _if_shown(case: Case, out: Case) -> Case | None:
    """`out`, unless its scaffold shows M2 none of that thinking (observations sent as user messages hide it)."""
    return out if prompt_text(out) != prompt_text(case) else None


@operator(part="thinking", relation="invariant")
def strip_all(case: Case, draw: Draw) -> Case | None:
    """Take all earlier thinking out of the history (R01)."""
    draw.choice([None])
    return _changed(case, _thoughts(case), lambda _text: "")


@operator(part="thinking", relation="invariant", dose=0)
def keep_last(case: Case, draw: Draw) -> Case | None:
    """Keep only the latest thoughts: the last two, or one (R02)."""
    keep = draw.choice([2, 1])
    return _changed(case, _thoughts(case)[:-keep], lambda _text: "")


@operator(part="thinking", relation="invariant", dose=0)
def truncate(case: Case, draw: Draw) -> Case | None:
    """Break each earlier thought off in the middle (R04)."""
    share = draw.choice([0.7, 0.4, 0.2])
    return _changed(case, _thoughts(case), lambda text: text[: max(1, int(len(text) * share))].rstrip(" .!?"))


@operator(part="thinking", relation="invariant")
def stale(case: Case, draw: Draw) -> Case | None:
    """Put an earlier step's thought in the place of a later one (R08)."""
    places = _thoughts(case)
    later = draw.choice(places[1:][::-1])
    old = case.turns[draw.choice([place for place in places if place < later])].thinking
    return _changed(case, [later], lambda _text: old) if old != case.turns[later].thinking else None


@operator(part="thinking", relation="invariant", dose=1)
def foreign_noise(case: Case, draw: Draw) -> Case | None:
    """Slip sentences about something else into a thought (R09)."""
    place = draw.choice(_thoughts(case)[::-1])
    noise = " ".join(NOISE[: draw.choice([1, 2, 3])])
    return _changed(case, [place], lambda text: f"{noise} {text}")


@operator(part="thinking", relation="invariant")
def doubt(case: Case, draw: Draw) -> Case | None:
    """Let each thought end in hesitation (R17)."""
    words = draw.choice(_DOUBTS)
    return _changed(case, _thoughts(case), lambda text: f"{text} {words}")


@operator(part="thinking", relation="invariant")
def in_content(case: Case, draw: Draw) -> Case | None:
    """Move thoughts into the visible text, as a wrong deployment does (R03)."""
    places = _thoughts(case)
    chosen = draw.choice([places[-1:], places])
    turns: list[Turn] = list(case.turns)
    for place in chosen:
        turn = turns[place]
        turns[place] = replace(turn, text=f"{turn.thinking}\n{turn.text}".strip(), thinking="")
    return replace(case, turns=tuple(turns)) if chosen else None


@operator(part="thinking", relation="invariant")
def retention_dropped(case: Case, draw: Draw) -> Case | None:
    """Serve the same history with thinking switched off for past turns (R18)."""
    draw.choice([None])
    if not _thoughts(case):
        return None
    return _if_shown(case, replace(case, surface=replace(case.surface, retention="drop_all")))
