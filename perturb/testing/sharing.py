"""One engine for many workers: the controlling process answers over a local socket that only its workers can open."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count, islice
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

from perturb.campaign.plan import Item
from perturb.campaign.runner import Answerer
from perturb.core.errors import EngineError, UserError
from perturb.core.values import Failure, Response
from perturb.testing.keeper import Keeper

# Requests of one worker that wait for their answers: more than an engine works on at once.
WINDOW = 512
# (what went wrong, or None; the answers)
Reply = tuple[str | None, Any]


def serve(keeper: Keeper) -> dict[str, str]:
    """Start to answer workers from `keeper`'s model; returns what a worker needs to know, as text."""
    secret = os.urandom(32)
    listener = Listener(family="AF_INET", address=("127.0.0.1", 0), authkey=secret)
    threading.Thread(target=_accept, args=(listener, keeper), daemon=True, name="perturb-engine").start()
    host, port = listener.address
    return {"host": str(host), "port": str(port), "secret": secret.hex()}


def _accept(listener: Listener, keeper: Keeper) -> None:
    while True:
        # A stranger without the secret is turned away; the next one is served.
        with suppress(Exception):
            connection = listener.accept()
            threading.Thread(target=_answer, args=(connection, keeper), daemon=True).start()


def _answer(connection: Connection[Any, Any], keeper: Keeper) -> None:
    waiting: dict[int, str] = {}
    with suppress(EOFError, OSError), connection:
        while True:
            connection.send(_reply(keeper, connection.recv(), waiting))


def _reply(keeper: Keeper, asked: list[tuple[int, Item]] | None, waiting: dict[int, str]) -> Reply:
    """What is answered of `asked` and of what waits already; to None, the key of answers and their folder."""
    try:
        with keeper.lock:
            answers = keeper.answers
        if asked is None:
            return None, (answers.key, str(keeper.folder))
        keys = answers.want([item for _, item in asked])
        waiting.update(zip((number for number, _ in asked), keys, strict=True))
        return None, [(number, got) for number, got in answers.some(waiting) if waiting.pop(number)]
    except UserError as error:
        return str(error), None
    except Exception as error:
        return f"{type(error).__name__}: {error}", None


class Remote:
    """A worker's end."""

    def __init__(self, where: dict[str, str]) -> None:
        address = (where["host"], int(where["port"]))
        self._connection = Client(address, family="AF_INET", authkey=bytes.fromhex(where["secret"]))
        self._numbers = count()
        self.key, self.folder = self._ask(None)

    def _ask(self, items: list[tuple[int, Item]] | None) -> Any:
        self._connection.send(items)
        trouble, answers = self._connection.recv()
        if trouble is not None:
            raise EngineError(trouble)
        return answers

    @property
    def answerer(self) -> Answerer:
        """Answers of the shared engine as they come, up to `WINDOW` requests ahead."""

        def answer(pull: Callable[[], Item | None]) -> Iterator[tuple[Item, Response | Failure]]:
            waiting: dict[int, Item] = {}
            while True:
                pulled = islice(iter(pull, None), WINDOW - len(waiting))
                fresh = [(next(self._numbers), item) for item in pulled]
                waiting.update(fresh)
                if not waiting:
                    return
                for number, got in self._ask(fresh):
                    # What a stream asked that was left early is nobody's any more.
                    if number in waiting:
                        yield waiting.pop(number), got

        return answer
