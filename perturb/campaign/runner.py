"""The only room that knows every other: plan → engine or agent → score → journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from perturb.campaign.journal import Journal
from perturb.campaign.plan import Item, Selection, Tally, plan
from perturb.core.registry import Agent
from perturb.core.values import Failure, Response
from perturb.engines.base import Engine, Sampling
from perturb.judging.ideal import spoken
from perturb.judging.scoring import scored

# Requests handed to an engine at once: enough for continuous batching, little enough to keep memory flat.
BATCH = 512

Answerer = Callable[[list[Item]], Iterator[tuple[int, Response | Failure]]]
Progress = Callable[[int], None]


def from_engine(engine: Engine, sampling: Sampling) -> Answerer:
    """Answers from a real engine; samples of the same request differ in their draw."""

    def answer(items: list[Item]) -> Iterator[tuple[int, Response | Failure]]:
        yield from engine.generate([item.request for item in items], sampling)

    return answer


def from_agent(agent: Agent) -> Answerer:
    """Answers from a simulated agent, spoken in the case's own protocol and parsed like any other."""

    def answer(items: list[Item]) -> Iterator[tuple[int, Response | Failure]]:
        for place, item in enumerate(items):
            yield place, _spoken_by(agent, item)

    return answer


def _spoken_by(agent: Agent, item: Item) -> Response | Failure:
    """What `agent` says. An agent that breaks is a failure of the run, as an engine that breaks is."""
    try:
        return spoken(item.case, agent.answer(item.case, item.base).reply)
    except Exception as error:
        return Failure("agent", f"{agent.name}: {type(error).__name__}: {error}")


def run(selection: Selection, answerer: Answerer, folder: Path, progress: Progress) -> Tally:
    """Ask what is not yet answered, score it and journal it. Interrupt at will: what is journalled stays."""
    tally = Tally()
    with Journal(folder) as journal:
        for batch in batched(plan(selection, tally), BATCH):
            left = [item for item in batch if item.id not in journal.done]
            progress(len(batch) - len(left))
            for place, got in answerer(left):
                journal.append(record(left[place], got))
                progress(1)
            journal.sync()
    return tally


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of at most `size` items."""
    stream = iter(items)
    while batch := list(islice(stream, size)):
        yield batch


def record(item: Item, got: Response | Failure, judgement: dict[str, Any] | None = None) -> dict[str, Any]:
    """The journal line of one answered item: facts only, no clock, no host, no path. Judges it unless that is done."""
    facts: dict[str, Any] = {
        "v": 1,
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
        yield record(item, response_from(kept)) if kept else known


def response_from(data: dict[str, Any]) -> Response:
    """A journalled response as the value it was."""
    from perturb.core.values import Call

    calls = data["calls"]
    parsed = None if calls is None else tuple(Call(c["tool"], c["args"]) for c in calls)
    return Response(**{**data, "calls": parsed})
