"""Broken, slow and hostile servers on the loopback interface: one outcome per request, none of them a score."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from perturb.core.errors import UserError
from perturb.core.values import Failure, Request, Response
from perturb.engines import http, server
from perturb.engines.api import Api
from perturb.engines.connect import connect
from perturb.engines.replicas import Replica
from perturb.engines.server import Servers
from perturb.engines.settings import Settings
from tests.benchmarks.stub import ANSWER, framed
from tests.faults.broken_servers import FAULTS, UNUSUAL, Raw, raw, says, sends

DEADLINE_S = 0.4
KEY = "sk-not-for-anyone-else"
RETRIED = ("unreachable", "truncated", "http_408", "http_429", "http_5xx")
REQUESTS = 6


@pytest.fixture
def hostile() -> Iterator[Raw]:
    with raw() as made:
        yield made


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_BODY", 2**20)
    monkeypatch.setattr(server, "TRIES", 3)


def engine(*urls: str, timeout_s: float = DEADLINE_S, concurrency: int = 4) -> Servers:
    settings = Settings(concurrency=concurrency, timeout_s=timeout_s, pause_s=0.01, key=KEY)
    return connect(urls, "stub", settings=settings)


def outcomes(servers: Servers, count: int = REQUESTS) -> dict[int, Response | Failure]:
    numbered = iter(range(count))

    def pull() -> tuple[int, Request] | None:
        number = next(numbered, None)
        return None if number is None else (number, Request(({"role": "user", "content": str(number)},)))

    got = list(servers.stream(pull))
    assert sorted(key for key, _ in got) == list(range(count)), "one outcome per request"
    return dict(got)


@pytest.mark.parametrize("name", FAULTS)
def test_one_request_of_many(hostile: Raw, name: str) -> None:
    """Whatever happens to one request, the others are answered and it is a failure or answered by a later try."""
    fault, kind = FAULTS[name]
    place = len(name) % 3 and REQUESTS // 2  # the first, or one in the middle
    hostile.plan = lambda number: fault if number == place else None
    got = outcomes(engine(hostile.url))
    failed = [one for one in got.values() if isinstance(one, Failure)]
    if kind in RETRIED:
        assert failed == []
        assert sorted(one.tries for one in got.values()) == [1] * (REQUESTS - 1) + [2]
    else:
        assert [(one.kind, one.tries) for one in failed] == [(kind, 1)]


@pytest.mark.parametrize("name", FAULTS)
def test_every_request(hostile: Raw, name: str) -> None:
    fault, kind = FAULTS[name]
    hostile.plan = lambda _number: fault
    servers = engine(hostile.url)
    start = time.monotonic()
    got = outcomes(servers)
    assert {one.kind for one in got.values() if isinstance(one, Failure)} == {kind}
    assert all(isinstance(one, Failure) for one in got.values())
    tries = 3 if kind in RETRIED else 1
    assert {one.tries for one in got.values()} == {tries}
    assert hostile.asked == REQUESTS * tries
    assert servers.health()[0]["failed_tries"] == {kind: REQUESTS * tries}
    assert time.monotonic() - start < 4 * DEADLINE_S + 2.0
    assert not any(KEY in one.detail for one in got.values() if isinstance(one, Failure))


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_no_request_will_get_past_stops_the_run(hostile: Raw, status: int) -> None:
    hostile.plan = lambda _number: says(status, f"no: {KEY}".encode())
    with pytest.raises(UserError, match=f"http_{status}") as caught:
        outcomes(engine(hostile.url), 500)
    assert hostile.asked <= 8
    assert KEY not in str(caught.value)


def test_redirects_are_not_followed_with_the_key(hostile: Raw) -> None:
    with raw() as other:
        hostile.plan = lambda _number: says(307, location=other.url)
        got = outcomes(engine(hostile.url))
        assert {one.kind for one in got.values() if isinstance(one, Failure)} == {"http_307"}
        assert other.asked == 0
    assert all(KEY.encode() in head for head in hostile.heads)


BROKEN = (
    "closes at once",
    "503",
    "500",
    "silence",
    "truncated",
    "401",
    "garbage",
    "html",
    "an error in a 200",
    "301",
    "418",
)


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_replica_costs_nobody_an_answer(hostile: Raw, broken: str) -> None:
    """Its requests go to the other, and it is rested or given up: it is not asked again for each request."""
    named = {"truncated": FAULTS["a body cut by its length"][0], "401": says(401), "418": says(418)}
    fault = named.get(broken) or FAULTS[broken][0]
    with raw() as sound:
        hostile.plan = lambda _number: fault
        servers = engine(hostile.url, sound.url)
        got = outcomes(servers, 200)
    assert all(isinstance(one, Response) for one in got.values())
    health = servers.health()
    assert [one["answered"] for one in health] == [0, 200]
    assert sum(health[0]["failed_tries"].values()) == hostile.asked < 40


def test_a_replica_that_comes_back_is_asked_again(hostile: Raw) -> None:
    with raw() as sound:
        hostile.plan = lambda number: FAULTS["closes at once"][0] if number < 8 else None
        # Slow enough that the rest is over before the end.
        sound.plan = lambda _number: sends(b"", framed(ANSWER), every_s=0.02)
        servers = engine(hostile.url, sound.url, timeout_s=5.0)
        outcomes(servers, 400)
    assert servers.health()[0]["answered"] > 50


def test_a_server_that_is_not_there_is_no_obstacle() -> None:
    with raw() as sound:
        servers = engine("http://127.0.0.1:9/v1", sound.url)
        assert all(isinstance(one, Response) for one in outcomes(servers, 50).values())


def test_giant_bodies_stay_bounded_in_memory(hostile: Raw) -> None:
    hostile.plan = lambda _number: FAULTS["a giant body"][0]
    servers = engine(hostile.url, timeout_s=5.0)
    tracemalloc.start()
    try:
        outcomes(servers, 16)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Four at once, a mebibyte each, and what is on its way.
    assert peak < 24 * 2**20


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_answer_is_an_answer(hostile: Raw, name: str) -> None:
    hostile.plan = lambda number: UNUSUAL[name] if number % 2 else None
    got = outcomes(engine(hostile.url, timeout_s=5.0))
    assert [one for one in got.values() if not isinstance(one, Response) or one.tries != 1] == []


@pytest.mark.parametrize("late_s", [0.0, 0.03])
def test_an_answer_that_nobody_asked_for_is_nobodys(hostile: Raw, late_s: float) -> None:
    """A second answer on a connection, at once or while it is idle, is never taken for that to the next request."""
    stale = ANSWER.replace(b"Fine", b"Odd.")
    assert len(stale) == len(ANSWER)

    async def twice(writer: asyncio.StreamWriter) -> bool:
        writer.write(framed(ANSWER) + (b"" if late_s else framed(stale)))
        await asyncio.sleep(late_s)
        writer.write(framed(stale) if late_s else b"")
        await asyncio.sleep(1.0)
        return False

    hostile.plan = lambda _number: twice
    servers, left = engine(hostile.url, timeout_s=5.0, concurrency=1), iter(range(4))

    def pull() -> tuple[int, Request] | None:
        time.sleep(2 * late_s)
        number = next(left, None)
        return None if number is None else (number, Request(({"role": "user", "content": "a"},)))

    assert [got.text for _, got in servers.stream(pull) if isinstance(got, Response)] == ["Fine."] * 4


def test_answers_that_name_another_model_are_told(hostile: Raw) -> None:
    other = json.dumps({**json.loads(ANSWER), "model": "another"}).encode()
    hostile.plan = lambda number: sends(framed(other)) if number == 1 else None
    servers = engine(hostile.url)
    outcomes(servers)
    assert servers.health()[0]["other_models"] == {"another": 1}


def test_a_long_retry_after_is_waited_for_and_bounded(hostile: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LONGEST_WAIT_S", 0.5)
    hostile.plan = lambda number: says(429, retry_after="86400") if number == 0 else None
    start = time.monotonic()
    got = outcomes(engine(hostile.url), 3)
    assert all(isinstance(one, Response) for one in got.values())
    assert 0.5 <= time.monotonic() - start < 2.0


def test_a_fault_of_our_own_is_that_requests_failure(hostile: Raw) -> None:
    def broken(*_: object) -> Response:
        raise RuntimeError("a bug")

    sound = engine(hostile.url)
    api = Api("x", "/v1/chat/completions", sound.api.body, broken, sound.api.headers)
    got = outcomes(Servers((Replica(hostile.url),), api, sound.identity, sound.settings), 3)
    assert {one.kind for one in got.values() if isinstance(one, Failure)} == {"engine"}


def test_an_interrupted_stream_leaves_nothing_behind(hostile: Raw) -> None:
    """Closed in the middle, with requests that hang: at once, and without its thread or its connections."""
    hostile.plan = lambda number: FAULTS["silence"][0] if number else None
    before = threading.active_count()
    answers = engine(hostile.url, timeout_s=30.0).stream(lambda: ("k", Request(({"role": "user", "content": "a"},))))
    next(answers)
    start = time.monotonic()
    answers.close()  # type: ignore[attr-defined]  # a generator
    assert time.monotonic() - start < 1.0
    assert threading.active_count() == before
