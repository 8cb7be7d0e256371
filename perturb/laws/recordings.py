"""A law of recordings: where an episode changes files, what a program answers depends on them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from perturb.core.values import Json
from perturb.judging.effect import effect
from perturb.judging.ideal import intents_of
from perturb.trajectories.episodes import Episode


def deaf(episode: Episode) -> Iterator[str]:
    """The command lines of `episode` that answer the same whatever its steps have changed."""
    recorded = episode.cases[0].world.python if episode.cases else {}
    if not any(_changes_files(episode)):
        return
    for line, answer in recorded.items():
        if re.match(r"[\w./-]+( |$)", line) and "\n" not in line and not _hears(answer):
            yield line


def _changes_files(episode: Episode) -> Iterator[bool]:
    for case in episode.cases:
        done = effect(case.world, intents_of(case, case.expect.any_of[0]))
        yield any(place[0] == "files" for place in done.changed)


def _hears(answer: Json) -> bool:
    """Whether an answer names a state, is computed, or leaves something behind itself."""
    answers = answer if isinstance(answer, list) else [answer]
    return any(isinstance(one, dict) and {"while", "run", "writes"} & one.keys() for one in answers)
