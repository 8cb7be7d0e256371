"""Gold held against a real model: base answers that mostly differ from it, for a person to accept or reject.

What a model keeps doing where the gold says otherwise is its weakness or the gold's. Only a person can say which;
this finds the places, tells what the world makes of each answer, and puts what is accepted into the fixture.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from perturb.campaign.naming import item_of
from perturb.campaign.plan import Selection
from perturb.campaign.responses import response_from
from perturb.campaign.rounds import judged, replayed
from perturb.core.errors import UserError
from perturb.core.values import Case, Intent, Json, Reply
from perturb.judging.effect import effect
from perturb.judging.ideal import understand
from perturb.judging.telling import told
from perturb.scaffolding.parsing import parse
from perturb.trajectories.episodes import Episode
from perturb.trajectories.lines import line_of_step

# Outcomes that say something about the gold; the others are no answer to it.
_ARGUABLE = ("wrong_argument", "wrong_tool", "missing_call", "extra_side_effect", "unexpected_call", "no_call")


@dataclass(frozen=True, slots=True)
class Heard:
    """One base answer that was not right: its case, what it did in all rounds, and what was made of it."""

    case: Case
    intents: tuple[Intent, ...]
    outcome: str
    reason: str


def findings(
    records: Iterable[dict[str, Any]], episodes: Iterable[Episode], chosen: Selection
) -> Iterator[dict[str, Json]]:
    """One entry for each step that most base answers miss, and each thing that was done there, most frequent first.

    `decision` is "?" in all of them. Answers in several scaffolds to one step count together.
    """
    paths = {episode.id: episode.path for episode in episodes}
    asked: dict[str, int] = defaultdict(int)
    missed: dict[str, list[Heard]] = defaultdict(list)
    for record in records:
        if record["kind"] == "perturbed" or not record["verdict"]:
            continue
        asked[record["case"]] += 1
        if record["verdict"]["outcome"] in _ARGUABLE:
            missed[record["case"]] += _heard(record, chosen)
    for name in sorted(missed):
        if 2 * len(missed[name]) > asked[name]:
            yield from _entries(name, missed[name], asked[name], paths)


def _heard(record: dict[str, Any], chosen: Selection) -> list[Heard]:
    """The recorded answer as today's judge sees it; none when it is right today, or cannot be made again."""
    try:
        item = item_of(record["id"], chosen.fixtures, chosen.tools)
    except UserError:
        return []
    answers = [response_from(kept) for kept in (*record.get("rounds", ()), record["response"])]
    item = replayed(item, answers[:-1], len(answers))
    last = answers[len(item.before)]
    verdict = judged(item, last, 0).verdict
    replies = [(said.case, parse(said.response, said.case)) for said in item.before]
    replies.append((item.case, parse(last, item.case)))
    intents = [i for case, reply in replies if isinstance(reply, Reply) for i in understand(case, reply).intents]
    done = tuple(intent for intent in intents if isinstance(intent, Intent))
    return [] if verdict.calls or not done else [Heard(item.decided, done, verdict.outcome, verdict.reason)]


def _entries(name: str, missed: list[Heard], asked: int, paths: dict[str, str]) -> Iterator[dict[str, Json]]:
    groups: dict[str, list[Heard]] = defaultdict(list)
    for one in missed:
        groups[repr(one.intents)].append(one)
    for group in sorted(groups.values(), key=len, reverse=True):
        first = group[0]
        path = paths.get(first.case.cluster, "")
        ideal = [{"action": p.action, "args": dict(p.args)} for p in first.case.expect.any_of[0]]
        yield {
            "decision": "?",
            "step": name,
            "fixture": path,
            "line": _line(path, name),
            "answers": f"{len(group)} of {asked}",
            "scaffolds": sorted({one.case.scaffold for one in group}),
            "outcome": f"{first.outcome}: {first.reason}",
            "gold": ideal,
            "world": told(effect(first.case.world, first.intents)),
            "accept": [_pattern(intent) for intent in first.intents],
        }


def _line(path: str, name: str) -> int:
    if not path.endswith(".json"):
        return 0
    with open(path, encoding="utf-8") as file:
        return line_of_step(file.read(), int(name.rpartition("@")[2]))


def _pattern(intent: Intent) -> dict[str, Json]:
    """An intent as an alternative. Of words, those that carry something are kept: a person will say which matter."""
    if intent.action != "say":
        return {"action": intent.action, "args": dict(intent.args)}
    text = str(intent.args["text"])
    words = [w.strip(".,;:!?()'\"") for w in text.split()]
    marked = [w for w in words if re.search(r"\d", w) or (w[1:] != w[1:].lower()) or "/" in w]
    return {"action": "say", "args": {"text": {"$has": list(dict.fromkeys(marked)) or [text], "$example": text}}}
