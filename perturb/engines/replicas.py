"""Servers of one model: which one is asked next, which one is rested, which one is given up. No network here."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field

from perturb.core.errors import UserError
from perturb.core.values import Failure

# Statuses that no request of a run will get past: a wrong key, no permission, a wrong address or model.
FINAL = ("http_401", "http_403", "http_404")
# What one server may do wrong and another not: no answer in time, or one that no server of this API would give.
_STRAY = ("timeout", "bad_http", "bad_json", "bad_body")
# What another server of the same model would say to the request as well.
_THE_REQUESTS = ("http_400", "http_413", "http_422")
# Failures in a row, with no answer in between, after which a server is rested.
_IN_A_ROW = 3
_LONGEST_REST_S = 30.0


def is_stray(kind: str) -> bool:
    """Whether a failure may be its server's alone, so that another is asked, and this one not for ever.

    >>> is_stray("bad_json"), is_stray("http_301"), is_stray("http_400")
    (True, True, False)
    """
    return kind in _STRAY or (kind.startswith("http_") and kind not in _THE_REQUESTS)


@dataclass
class Replica:
    """One server. `failures` counts every failed try by kind, `models` the models that its answers say to be from.

    `limit` is the name it wants the token limit under.
    """

    base_url: str
    answered: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    outstanding: int = 0
    in_a_row: int = 0
    rests_until: float = 0.0
    given_up: str = ""
    limit: str = "max_tokens"


class Replicas:
    """Hands out servers, at most `slots` requests on each. Lives in one event loop."""

    def __init__(self, servers: list[Replica], slots: int) -> None:
        self.servers, self.slots = servers, slots
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[asyncio.Future[None]] = deque()
        for server in servers:
            server.outstanding, server.rests_until = 0, 0.0

    async def take(self, avoid: Replica | None = None) -> Replica:
        """The server with the least outstanding, once one has a free slot; not `avoid` while another will do.

        A rested server is asked only when every server is rested. Raises UserError when all are given up.
        """
        while (server := self._free(avoid)) is None:
            turn: asyncio.Future[None] = self._loop.create_future()
            self._waiting.append(turn)
            await turn
        server.outstanding += 1
        return server

    def _free(self, avoid: Replica | None) -> Replica | None:
        alive = [server for server in self.servers if not server.given_up]
        if not alive:
            raise UserError("; ".join(f"{server.base_url}: {server.given_up}" for server in self.servers))
        awake = self.awake() or alive
        wanted = [server for server in awake if server is not avoid] or awake
        free = [server for server in wanted if server.outstanding < self.slots]
        return min(free, key=lambda server: server.outstanding, default=None)

    def awake(self) -> list[Replica]:
        """The servers that are neither rested nor given up."""
        now = self._loop.time()
        return [server for server in self.servers if not server.given_up and server.rests_until <= now]

    def answered(self, server: Replica) -> None:
        """`server` gave an answer."""
        server.answered += 1
        server.in_a_row = 0
        self._leave(server)

    def failed(self, server: Replica, failure: Failure, pause_s: float, servers_fault: bool) -> None:
        """`server` gave none. One of several that keeps failing, or is not there, is rested for a while."""
        server.failures[failure.kind] += 1
        if failure.kind in FINAL:
            server.given_up = f"{failure.kind}: {failure.detail}"
        elif servers_fault:
            server.in_a_row += 1
            if failure.kind in ("unreachable", "timeout") or server.in_a_row >= _IN_A_ROW:
                self._rest(server, max(pause_s, min(2.0 ** (server.in_a_row - 4), _LONGEST_REST_S)))
        self._leave(server)

    def _rest(self, server: Replica, seconds: float) -> None:
        until = self._loop.time() + seconds
        if until > server.rests_until:
            server.rests_until = until
            self._loop.call_later(seconds, self._wake)

    def _leave(self, server: Replica) -> None:
        server.outstanding -= 1
        if server.given_up:
            self._wake()
            return
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
