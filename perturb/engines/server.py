"""Servers over HTTP as a stream: one connection pool, many requests under way, none waits for another.

The event loop runs in a thread of its own, so that answers are read and deadlines kept while whoever iterates is busy
judging. Requests go in and answers come out one by one.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import Counter
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from perturb.core.errors import UserError
from perturb.core.format import TemplateError
from perturb.core.plain import shortened
from perturb.core.values import Failure, Request, Response
from perturb.engines.api import Api, Asking, address
from perturb.engines.base import RECOMMENDED, Key, Pull, Sampling
from perturb.engines.http import exchange, pause
from perturb.engines.pool import session
from perturb.engines.rendered import Rendering
from perturb.engines.replicas import FINAL, Replica, Replicas, is_stray
from perturb.engines.settings import Settings

DEFAULTS = Settings()
# Tries of one request in all.
TRIES = 6
# Requests made ahead of need, so that a slot that falls free need not wait for the judge.
_AHEAD = 32


@dataclass(frozen=True)
class Servers:
    """One model behind one or more servers that speak `api`. Make one with :func:`perturb.engines.connect.connect`."""

    replicas: tuple[Replica, ...]
    api: Api
    identity: Mapping[str, str]
    settings: Settings = DEFAULTS
    sampling: Sampling = RECOMMENDED
    # Makes the prompts, where the API takes text.
    rendering: Rendering | None = None

    def stream(self, pull: Pull[Key]) -> Iterator[tuple[Key, Response | Failure]]:
        """Answers as they come. Raises UserError once every server has refused the key, the address or the model."""
        outbox: queue.SimpleQueue[tuple[Key | None, Response | Failure | Exception]] = queue.SimpleQueue()
        room, under_way = self.settings.concurrency * len(self.replicas) + _AHEAD, 0
        with _Loop() as loop:
            asker = _Asker(self)
            loop.call(asker.open())
            try:
                while True:
                    while under_way < room and (pulled := pull()):
                        under_way += 1
                        loop.submit(_told(asker, *pulled, outbox))
                        if not outbox.empty():
                            break
                    if not under_way:
                        return
                    key, got = outbox.get()
                    under_way -= 1
                    if isinstance(got, Exception):
                        raise got
                    yield key, got  # type: ignore[misc]  # a key that was pulled, even where that is None
            finally:
                loop.call(asker.close())

    def health(self) -> list[dict[str, Any]]:
        """What each server did: requests answered, failed tries by kind, and answers that name another model.

        A gateway may answer under another name of the same model: that is told, and no failure.
        """
        return [
            {
                "server": r.base_url,
                "answered": r.answered,
                "failed_tries": dict(sorted(r.failures.items())),
                "other_models": {name: n for name, n in sorted(r.models.items()) if name != self.identity["name"]},
            }
            for r in self.replicas
        ]


async def _told(asker: _Asker, key: Any, request: Request, outbox: queue.SimpleQueue[Any]) -> None:
    try:
        outbox.put((key, await asker.answer(request)))
    except UserError as error:
        outbox.put((key, error))
    except Exception as error:
        # Whatever breaks here is ours, and this request's alone.
        outbox.put((key, Failure("engine", shortened(f"{type(error).__name__}: {error}", 300))))


class _Loop:
    """An event loop in a thread. Leaving it cancels what is under way."""

    def __enter__(self) -> _Loop:
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="perturb-servers")
        self._thread.start()
        return self

    def call(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` and wait for it."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def submit(self, work: Coroutine[Any, Any, None]) -> None:
        """Start `work`."""
        self._loop.call_soon_threadsafe(self._start, work)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def __exit__(self, *_: object) -> None:
        self.call(self._cancel())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Asker:
    """One connection pool, inside the loop."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.settings = servers.settings

    async def open(self) -> None:
        self.session = session(self.settings, self.servers.api)
        self.replicas = Replicas(list(self.servers.replicas), self.settings.concurrency)

    async def close(self) -> None:
        await self.session.close()

    async def answer(self, request: Request) -> Response | Failure:
        """An answer, after several tries if need be, or the last failure."""
        avoid: Replica | None = None
        tries = 0
        while True:
            server = await self.replicas.take(avoid)
            tries += 1
            got, wait_s = await self._try(server, request)
            if isinstance(got, Response):
                self.replicas.answered(server)
                return replace(got, tries=tries)
            wait_s = pause(tries, self.settings.pause_s, wait_s)
            passing, stray = got.retryable or got.kind in FINAL, is_stray(got.kind)
            self.replicas.failed(server, got, wait_s, passing or stray)
            elsewhere = any(other is not server for other in self.replicas.awake())
            if (tries >= TRIES and got.kind not in FINAL) or not (passing or (stray and elsewhere)):
                return replace(got, tries=tries)
            avoid = server
            if not elsewhere and not server.given_up:
                await asyncio.sleep(wait_s)

    async def _try(self, server: Replica, request: Request) -> tuple[Response | Failure, float | None]:
        """What one try gave, and how long the server asks to wait."""
        prompt = self._prompt(request)
        body = prompt if isinstance(prompt, Failure) else self._body(server, request, prompt)
        if isinstance(body, Failure):
            return body, None
        url = address(server.base_url, self.servers.api.path)
        how = self.settings
        got = await exchange(self.session, "POST", url, body, how.timeout_s, how.proxy, how.secrets)
        if isinstance(got, bytes):
            return self._heard(prompt, read(self.servers.api, got, server.models)), None
        if "max_completion_tokens" in got.failure.detail and server.limit == "max_tokens":
            # The server knows the token limit by its newer name only: not a failure of the request.
            server.limit = "max_completion_tokens"
            return await self._try(server, request)
        return got.failure, got.wait_s

    def _prompt(self, request: Request) -> str | Failure:
        """The prompt text; "" where the server renders."""
        try:
            return self.servers.rendering.prompt(request) if self.servers.rendering else ""
        except TemplateError as error:
            return Failure("unrenderable", shortened(str(error), 300))

    def _heard(self, prompt: str | Failure, got: Response | Failure) -> Response | Failure:
        rendering = self.servers.rendering
        if rendering is None or isinstance(got, Failure) or isinstance(prompt, Failure):
            return got
        return rendering.heard(prompt, got)

    def _body(self, server: Replica, request: Request, prompt: str) -> bytes | Failure:
        identity = self.servers.identity
        asking = Asking(identity["name"], self.servers.sampling, identity.get("owned_by", ""), server.limit, prompt)
        try:
            body = self.servers.api.body(request, asking)
            if isinstance(body, Failure):
                return body
            merged = {**body, **self.settings.extra}
            return orjson.dumps({name: value for name, value in merged.items() if value is not None})
        except (TypeError, ValueError, LookupError, AttributeError, RecursionError) as error:
            return Failure("unrenderable", shortened(f"no request: {type(error).__name__}: {error}", 300))


def read(api: Api, data: bytes, models: Counter[str] | None = None) -> Response | Failure:
    """The response that the body of a 200 holds; a Failure for anything else. `models` counts who is said to answer."""
    try:
        answer = orjson.loads(data)
        got = api.response(answer)
        if models is not None and isinstance(answer.get("model"), str):
            models[shortened(answer["model"], 200)] += 1
        return got
    except orjson.JSONDecodeError as error:
        return Failure("bad_json", shortened(f"the answer is no JSON: {error}", 300))
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        said = shortened(data[:20_000].decode("utf-8", "replace"), 200)
        why = shortened(f"{type(error).__name__}: {error}", 100)
        return Failure("bad_body", f"not an answer of this API: {why}: {said}")
