"""One stream for all who ask: nobody waits for a neighbour, everything is asked once, what broke is asked again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from perturb.campaign.answers import Answers, content_key
from perturb.campaign.plan import Item, Selection, plan
from perturb.core.errors import EngineError
from perturb.core.values import Failure, Response
from perturb.engines.base import INEXPRESSIBLE

PLANNED = list(plan(Selection(limit=6, scaffolds=("mini_agent", "cline_like"), operators=("tools.rename_tool",))))
ITEMS = list({content_key(item): item for item in PLANNED}.values())[:12]
ROOM = 4


def slow_engine(
    slow: set[str], asked: list[str]
) -> Callable[[Callable[[], Item | None]], Iterator[tuple[Item, Response]]]:
    """Holds `ROOM` requests; answers the oldest that is not slow, a slow one only when nothing else is there."""

    def answer(pull: Callable[[], Item | None]) -> Iterator[tuple[Item, Response]]:
        held: list[Item] = []
        while True:
            while len(held) < ROOM and (item := pull()) is not None:
                asked.append(item.id)
                held.append(item)
            if not held:
                return
            item = next((one for one in held if one.id not in slow), held[0])
            held.remove(item)
            yield item, Response("fine", "stop")

    return answer


def test_nobody_waits_for_a_slow_neighbour(tmp_path: Path) -> None:
    asked: list[str] = []
    answers = Answers(slow_engine({ITEMS[0].id}, asked), folder=tmp_path, patience=0)
    answers.ahead(ITEMS)
    assert answers.ask([ITEMS[1]])
    assert not answers.known(ITEMS[0])
    # What comes later was asked meanwhile, as far as there was room.
    assert len(asked) == ROOM
    answers.ask(ITEMS[2:])
    answers.ask([ITEMS[0]])
    assert sorted(asked) == sorted(item.id for item in ITEMS)
    again = Answers(lambda _pull: iter(()), folder=tmp_path, patience=0)
    assert all(map(again.known, ITEMS))


def test_several_threads_share_one_stream() -> None:
    asked: list[str] = []
    answers = Answers(slow_engine({ITEMS[0].id}, asked), patience=0)
    done: list[str] = []

    def work(mine: list[Item]) -> None:
        for item in mine:
            answers.ask([item])
            done.append(item.id)

    threads = [threading.Thread(target=work, args=(ITEMS[place::3],)) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == sorted(asked) == sorted(item.id for item in ITEMS)


def test_what_an_engine_had_when_it_broke_is_asked_again() -> None:
    times = 0

    def breaks_once(pull: Callable[[], Item | None]) -> Iterator[tuple[Item, Response | Failure]]:
        nonlocal times
        times += 1
        first, second = pull(), pull()
        assert first
        assert second
        if times == 1:
            raise EngineError("gone")
        yield first, Response("fine", "stop")
        yield second, Failure(INEXPRESSIBLE[0], "no words")

    answers = Answers(breaks_once, patience=0)
    with pytest.raises(EngineError, match="gone"):
        answers.ask(ITEMS[:2])
    assert [type(got) for got in answers.ask(ITEMS[:2])] == [Response, Failure]


def test_an_engine_that_forgets_a_request_is_an_error() -> None:
    answers = Answers(lambda pull: iter([(pull(), Response("fine", "stop"))] if pull() else []), patience=0)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(EngineError, match="1 requests unanswered"):
        answers.ask(ITEMS[:2])
