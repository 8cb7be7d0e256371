"""The only room that knows every other: plan → engine or agent → score → journal."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from perturb.campaign.folder import VERSION
from perturb.campaign.journal import Journal
from perturb.campaign.plan import Item, Selection, Tally, plan
from perturb.core.registry import Agent
from perturb.core.values import Call, Failure, Request, Response
from perturb.engines.base import Engine
from perturb.judging.ideal import spoken
from perturb.judging.scoring import scored

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


def from_engine(engine: Engine) -> Answerer:
    """Answers from a real engine; samples of the same request differ in their draw."""

    def answer(pull: Callable[[], Item | None]) -> Iterator[tuple[Item, Response | Failure]]:
        def request() -> tuple[Item, Request] | None:
            item = pull()
            return None if item is None else (item, item.request)

        yield from engine.stream(request)

    return answer


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


def run(selection: Selection, answerer: Answerer, folder: Path, progress: Progress, *, keep_old: bool = False) -> Tally:
    """Ask what is not yet answered, score it and journal it. Interrupt at will: what is journalled stays.

    One stream from the plan to the journal: items are made when the engine has room for them, and answers are judged
    and written as they come, so that memory holds what is under way and nothing else.
    """
    tally = Tally()
    with Journal(folder, keep_old) as journal:
        for item, got in answerer(Feed(_left(plan(selection, tally), journal, progress))):
            journal.append(record(item, got))
            progress(1)
    return tally


def _left(items: Iterable[Item], journal: Journal, progress: Progress) -> Iterator[Item]:
    for item in items:
        if journal.holds(item.id, item.digest):
            progress(1)
        else:
            yield item


def record(item: Item, got: Response | Failure, judgement: dict[str, Any] | None = None) -> dict[str, Any]:
    """The journal line of one answered item: facts only, no clock, no host, no path. Judges it unless that is done."""
    facts: dict[str, Any] = {
        "v": VERSION,
        "id": item.id,
        "kind": item.kind,
        "base": item.base_id,
        "case": item.case.id,
        "cluster": item.case.cluster,
        "family": item.case.family,
        "scaffold": item.base.scaffold,
        "seen_in": item.case.scaffold,
        "operator": item.operator,
        "part": item.part,
        "relation": item.relation,
        "recipe": item.recipe,
        "sample": item.sample,
        "digest": item.digest,
        "tries": got.tries,
        "response": got if isinstance(got, Response) else None,
        "failure": got if isinstance(got, Failure) else None,
        "verdict": None,
        "scores": {},
        "unscored": None,
    }
    if isinstance(got, Response):
        facts.update(judged(item, got) if judgement is None else judgement)
    return facts


def judged(item: Item, response: Response) -> dict[str, Any]:
    """The verdict and scores, or why there are none: an error of ours is never a score."""
    try:
        verdict, scores = scored(item.case, response)
    except Exception as error:
        return {"unscored": f"{type(error).__name__}: {error}"}
    return {"verdict": verdict, "scores": scores}


def rescored(selection: Selection, records: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Recorded responses judged again by today's scorers. Records whose case has changed since are left out."""
    for item in plan(selection):
        known = records.get(item.id)
        if known is None or known["digest"] != item.digest:
            continue
        kept = known["response"]
        yield {**record(item, response_from(kept)), "tries": known["tries"]} if kept else known


def response_from(data: dict[str, Any]) -> Response:
    """A journalled response as the value it was. Fields that this version does not know are left out."""
    calls = data["calls"]
    parsed = None if calls is None else tuple(Call(c["tool"], c["args"]) for c in calls)
    known = {field.name: data[field.name] for field in fields(Response) if field.name in data}
    return Response(**{**known, "calls": parsed})
