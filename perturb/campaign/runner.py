"""The only room that knows every other: plan → engine or agent → score → journal."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perturb.campaign.exposure import exposed
from perturb.campaign.folder import VERSION
from perturb.campaign.journal import Journal
from perturb.campaign.lines import REPLIES
from perturb.campaign.plan import Item, Selection, Tally, plan
from perturb.campaign.responses import response_from
from perturb.campaign.rounds import Judgement, judged, meant, replayed
from perturb.campaign.unfinished import Unfinished
from perturb.core.registry import Agent
from perturb.core.values import Failure, Request, Response
from perturb.engines.base import Engine
from perturb.judging.ideal import spoken

# Items in, answered items out, by the rules of :meth:`perturb.engines.base.Engine.stream`.
Answerer = Callable[[Callable[[], Item | None]], Iterator[tuple[Item, Response | Failure]]]
Progress = Callable[[int], None]


class Feed:
    """What is asked next: first what was pushed, then the items of an iterable, made when they are needed.

    Push while answers are read: a follow-up request goes out as soon as the engine has room.

    >>> feed = Feed("ab")
    >>> feed(), feed.push("c"), feed(), feed(), feed()
    ('a', None, 'c', 'b', None)
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = iter(items)
        self._pushed: deque[Item] = deque()

    def push(self, item: Item) -> None:
        """Ask `item` before anything that is still planned."""
        self._pushed.append(item)

    def __call__(self) -> Item | None:
        return self._pushed.popleft() if self._pushed else next(self._items, None)


@dataclass(frozen=True, slots=True)
class FromEngine:
    """Answers from a real engine; samples of the same request differ in their draw."""

    engine: Engine

    def __call__(self, pull: Callable[[], Item | None]) -> Iterator[tuple[Item, Response | Failure]]:
        def request() -> tuple[Item, Request] | None:
            item = pull()
            return None if item is None else (item, item.request)

        yield from self.engine.stream(request)


def from_engine(engine: Engine) -> Answerer:
    """Answers from a real engine."""
    return FromEngine(engine)


def from_agent(agent: Agent, form: str = "m2") -> Answerer:
    """Answers from a simulated agent, spoken in the case's own protocol and parsed like any other."""

    def answer(pull: Callable[[], Item | None]) -> Iterator[tuple[Item, Response | Failure]]:
        while (item := pull()) is not None:
            yield item, _spoken_by(agent, item, form)

    return answer


def _spoken_by(agent: Agent, item: Item, form: str) -> Response | Failure:
    """What `agent` says. An agent that breaks is a failure of the run, as an engine that breaks is."""
    try:
        return spoken(item.case, agent.answer(item.case, item.base).reply, form)
    except Exception as error:
        return Failure("agent", f"{agent.name}: {type(error).__name__}: {error}")


def run(
    selection: Selection,
    answerer: Answerer,
    folder: Path,
    progress: Progress,
    *,
    keep_old: bool = False,
    tally: Tally | None = None,
    verbatim: frozenset[str] = REPLIES,
) -> Tally:
    """Ask what is not yet answered, score it and journal it. Interrupt at will: what is journalled stays.

    One stream from the plan to the journal: items are made when the engine has room for them, and answers are judged
    and written as they come, so that memory holds what is under way and nothing else. `tally` is filled meanwhile.
    """
    tally = tally if tally is not None else Tally()
    with Journal(folder, keep_old, verbatim) as journal, Unfinished(folder, verbatim) as unfinished:
        left = _left(plan(selection, tally), journal, progress)
        feed = Feed(unfinished.resumed(item, selection.patience) for item in left)
        for item, got in answerer(feed):
            judgement = _judged(item, got, selection.patience) if isinstance(got, Response) else None
            if isinstance(judgement, Judgement) and judgement.following is not None:
                unfinished.append(judgement.following)
                feed.push(judgement.following)
                continue
            journal.append(record(item, got, judgement))
            progress(1)
        unfinished.clear(journal)
    return tally


def _left(items: Iterable[Item], journal: Journal, progress: Progress) -> Iterator[Item]:
    for item in items:
        if journal.holds(item.id, item.digest):
            progress(1)
        else:
            yield item


def _judged(item: Item, response: Response, patience: int) -> Judgement | str:
    """The judgement, or why there is none: an error of ours is never a score."""
    try:
        return judged(item, response, patience)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def record(item: Item, got: Response | Failure, judgement: Judgement | str | None = None) -> dict[str, Any]:
    """The journal line of one decision: facts only, no clock, no host, no path.

    `judgement` is that of the last answer, or why there is none; without it the answer is judged as it stands. `rounds`
    are the answers before it, which decided nothing.
    """
    case = item.decided
    if judgement is None and isinstance(got, Response):
        judgement = _judged(item, got, 0)
    if isinstance(judgement, Judgement) and judgement.verdict.outcome == "undecided":
        judgement = f"undecided: {judgement.verdict.reason}"
    found = judgement if isinstance(judgement, Judgement) else None
    oracle = _oracle(item, got) if case.oracle != "fixture" else {}
    if "meaning" in oracle:
        # Without a gold nothing is right or wrong.
        found, judgement = None, None
    return {
        **_asked(item),
        "tries": got.tries,
        "rounds": [said.response for said in item.before],
        "detours": found.verdict.detours if found else 0,
        "response": got if isinstance(got, Response) else None,
        "failure": got if isinstance(got, Failure) else None,
        "verdict": found.verdict if found else None,
        "scores": found.scores if found else {},
        "unscored": judgement if isinstance(judgement, str) else None,
        "exposed": exposed(item.base, case, item.part),
        **oracle,
    }


def _asked(item: Item) -> dict[str, Any]:
    """The fields that say what was asked."""
    case = item.decided
    return {
        "v": VERSION,
        "id": item.id,
        "kind": item.kind,
        "base": item.base_id,
        "case": case.id,
        "cluster": case.cluster,
        "family": case.family,
        "scaffold": item.base.scaffold,
        "seen_in": case.scaffold,
        "operator": item.operator,
        "part": item.part,
        "relation": item.relation,
        "recipe": item.recipe,
        "sample": item.sample,
        "digest": item.digest,
    }


def _oracle(item: Item, got: Response | Failure) -> dict[str, Any]:
    """Which oracle speaks for a recorded decision; without a gold, what the answer comes to."""
    case = item.decided
    if case.oracle != "agreement" or not isinstance(got, Response):
        return {"oracle": case.oracle}
    return {"oracle": case.oracle, "meaning": meant(item, got)}


def rescored(selection: Selection, records: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Recorded responses judged again by today's scorers. Records whose case has changed since are left out."""
    for item in plan(selection):
        known = records.get(item.id)
        if known is None or known["digest"] != item.digest:
            continue
        yield {**known, **_anew(item, known, selection.patience)} if known["response"] else known


def _anew(item: Item, known: dict[str, Any], patience: int) -> dict[str, Any]:
    """The verdict of today on a record's answers, in the order they came; the answers themselves stay."""
    answers = [response_from(kept) for kept in (*known.get("rounds", ()), known["response"])]
    item = replayed(item, answers[:-1], patience)
    fresh = record(item, answers[len(item.before)], _judged(item, answers[len(item.before)], patience))
    names = ("verdict", "scores", "unscored", "detours", "oracle", "meaning")
    return {name: fresh[name] for name in names if name in fresh}
