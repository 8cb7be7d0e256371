"""One engine for many workers: the controlling process answers over a local socket that only its workers can open."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

from perturb.campaign.plan import Item
from perturb.campaign.runner import Answerer
from perturb.core.errors import EngineError, UserError
from perturb.core.values import Failure, Response
from perturb.testing.keeper import Keeper

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
    with suppress(EOFError, OSError), connection:
        while True:
            items: list[Item] | None = connection.recv()
            connection.send(_reply(keeper, items))


def _reply(keeper: Keeper, items: list[Item] | None) -> Reply:
    """The answers to `items`; to None, whether answers are known by the case (simulated) and where they are kept."""
    try:
        with keeper.lock:
            answers = keeper.answers
            if items is None:
                return None, (answers.key, str(keeper.folder))
            return None, answers.ask(items)
    except UserError as error:
        return str(error), None
    except Exception as error:
        return f"{type(error).__name__}: {error}", None


class Remote:
    """A worker's end."""

    def __init__(self, where: dict[str, str]) -> None:
        address = (where["host"], int(where["port"]))
        self._connection = Client(address, family="AF_INET", authkey=bytes.fromhex(where["secret"]))
        self.key, self.folder = self._ask(None)

    def _ask(self, items: list[Item] | None) -> Any:
        self._connection.send(items)
        trouble, answers = self._connection.recv()
        if trouble is not None:
            raise EngineError(trouble)
        return answers

    @property
    def answerer(self) -> Answerer:
        """Answers of the shared engine, everything that is wanted in one message."""

        def answer(pull: Callable[[], Item | None]) -> Iterator[tuple[Item, Response | Failure]]:
            while items := list(iter(pull, None)):
                yield from zip(items, self._ask(items), strict=True)

        return answer
