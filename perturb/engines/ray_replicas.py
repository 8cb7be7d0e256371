"""Replicas of vLLM as Ray actors, on one machine or many, behind the same stream; each answer comes exactly once."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from perturb.core.errors import EngineError, UserError
from perturb.core.values import Failure, Request, Response
from perturb.engines.base import Key, Pull, Sampling
from perturb.engines.model_format import Reading

# How often a replica that died is started again, and how often a request may have been on one that died.
_RESTARTS, _TRIES = 3, 2


@dataclass(frozen=True, slots=True)
class Load:
    """What every replica loads: the arguments of :meth:`perturb.engines.vllm.VLLMEngine.load`.

    `sources` are the user's own modules, by file name: a format of theirs is registered in every replica.
    """

    model: str
    sampling: Sampling
    reading: Reading = field(default_factory=Reading)
    lora: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def register(self) -> None:
        """Register what ships and the user's own modules. Raises UserError naming one that does not load."""
        from perturb.core.registry import load_builtin, load_sources

        load_builtin()
        load_sources(self.sources)


class Replica:
    """Runs in an actor: an engine whose stream is fed and read through two queues, so that it waits for no call."""

    def __init__(self, load: Load) -> None:
        from perturb.engines.vllm import VLLMEngine

        load.register()
        # Ray gives an actor its share of the cores; vLLM is not to bind threads to cores of its own choice.
        os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
        self._engine = VLLMEngine.load(load.model, load.sampling, load.reading, load.lora, **load.arguments)
        self._asked: queue.SimpleQueue[tuple[int, Request]] = queue.SimpleQueue()
        self._answered: queue.SimpleQueue[tuple[int, Response | Failure] | Exception] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def about(self) -> tuple[dict[str, str], int, int]:
        """The engine's identity, how much it holds at once, and the process it runs in."""
        return dict(self._engine.identity), self._engine.in_flight, os.getpid()

    def put(self, batch: list[tuple[int, Request]]) -> None:
        """Ask these."""
        for asked in batch:
            self._asked.put(asked)

    def take(self) -> list[tuple[int, Response | Failure]]:
        """What has been answered; waits for the first. Raises when the engine has stopped."""
        taken = [self._answered.get()]
        while not self._answered.empty():
            taken.append(self._answered.get())
        for got in taken:
            if isinstance(got, Exception):
                raise got
        return [got for got in taken if not isinstance(got, Exception)]

    def _work(self) -> None:
        try:
            while True:
                waiting = [self._asked.get()]

                def pull(waiting: list[tuple[int, Request]] = waiting) -> tuple[int, Request] | None:
                    if waiting:
                        return waiting.pop()
                    return None if self._asked.empty() else self._asked.get()

                for answered in self._engine.stream(pull):
                    self._answered.put(answered)
        except Exception as error:
            self._answered.put(error)


@dataclass
class _Held:
    """A replica as the driver sees it: what it has been asked, and the call that waits for its answers."""

    actor: Any
    asked: dict[int, _Pending] = field(default_factory=dict)
    waiting: Any = None
    # The call that tells when it is up (again); None while it is.
    starting: Any = None


@dataclass
class _Pending:
    key: Any
    request: Request
    tries: int = 0


class RayReplicas:
    """The engine over all replicas. Make one with :meth:`start`."""

    def __init__(self, replicas: list[_Held], identity: Mapping[str, str], in_flight: int) -> None:
        self._replicas = replicas
        self.identity = identity
        self._in_flight = in_flight
        self._numbers = count()

    @classmethod
    def start(cls, address: str, replicas: int, load: Load) -> RayReplicas:
        """Connect to a cluster (``local``: one on this machine) and load every replica. Raises UserError."""
        try:
            import ray
        except ImportError as error:
            raise UserError("Ray is not installed: pip install 'perturb-agents[ray]'") from error
        from perturb.engines.vllm_start import first_line, local_config

        if replicas < 1:
            raise UserError("--replicas: at least 1")
        local_config(load.model)
        try:
            _connect(ray, address)
            share = _share(ray, replicas, load.arguments)
            actor: Any = ray.remote(Replica)
            actor = actor.options(max_concurrency=4, max_restarts=_RESTARTS, **share)
            held = [_Held(actor.remote(load)) for _ in range(replicas)]
            abouts = ray.get([one.actor.about.remote() for one in held])
        except UserError:
            raise
        except Exception as error:
            cause = getattr(error, "cause", None) or error
            raise UserError(f"{load.model}: its replicas could not be started: {first_line(cause)}") from error
        identity, in_flight, _ = abouts[0]
        return cls(held, identity, in_flight)

    def stream(self, pull: Pull[Key]) -> Iterator[tuple[Key, Response | Failure]]:
        """Answers of all replicas as they come. A request goes to the replica that has the fewest under way.

        What a replica had under way when it died is asked of another. Raises EngineError when none is left.
        """
        again: deque[_Pending] = deque()
        try:
            while True:
                self._fill(pull, again)
                if not again and not any(one.asked for one in self._replicas):
                    return
                yield from self._answers(again)
        finally:
            for one in self._replicas:
                one.asked.clear()

    def _answers(self, again: deque[_Pending]) -> Iterator[tuple[Any, Response | Failure]]:
        """What the replicas that report next have answered; waits for one."""
        import ray

        waits = {one.starting or one.waiting: one for one in self._replicas if one.starting or one.asked}
        for ready in ray.wait(list(waits), num_returns=1)[0]:
            one = waits[ready]
            try:
                answers = ray.get(ready)
            except Exception as error:
                yield from self._lost(one, again, error)
                continue
            if one.starting:
                one.starting = None
                continue
            taken = [(one.asked.pop(number, None), got) for number, got in answers]
            one.waiting = one.actor.take.remote() if one.asked else None
            # What was asked by a stream that was left early is nobody's any more.
            yield from ((pending.key, got) for pending, got in taken if pending is not None)

    def _fill(self, pull: Pull[Key], again: deque[_Pending]) -> None:
        """Ask as much as there is room for."""
        batches: dict[int, list[tuple[int, Request]]] = {}
        while up := [one for one in self._replicas if not one.starting and len(one.asked) < self._in_flight]:
            pending = again.popleft() if again else _pulled(pull)
            if pending is None:
                break
            one = min(up, key=lambda one: len(one.asked))
            number = next(self._numbers)
            one.asked[number] = pending
            batches.setdefault(self._replicas.index(one), []).append((number, pending.request))
        for place, batch in batches.items():
            one = self._replicas[place]
            one.actor.put.remote(batch)
            one.waiting = one.waiting or one.actor.take.remote()

    def _lost(self, one: _Held, again: deque[_Pending], error: Exception) -> Iterator[tuple[Any, Failure]]:
        """A replica died: what it had goes to others, and it is waited for where Ray starts it again."""
        import ray
        from ray.exceptions import ActorDiedError, RayTaskError

        lost, one.asked, one.waiting = one.asked, {}, None
        if isinstance(error, RayTaskError):
            # The process lives, its engine does not.
            ray.kill(one.actor, no_restart=False)
        if one.starting and isinstance(error, ActorDiedError):
            self._replicas.remove(one)
        else:
            one.starting = one.actor.about.remote()
        for pending in lost.values():
            pending.tries += 1
            if pending.tries < _TRIES:
                again.append(pending)
            else:
                yield (
                    pending.key,
                    Failure("engine", f"its replica died {pending.tries} times: {error}"[:300], retryable=True),
                )
        if not self._replicas:
            while again:
                yield again.popleft().key, Failure("engine", "no replica is left", retryable=True)
            raise EngineError(f"no replica is left: {error}")


def _pulled(pull: Pull[Key]) -> _Pending | None:
    got = pull()
    return None if got is None else _Pending(*got)


def _connect(ray: Any, address: str) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if ray.is_initialized():
        return
    if address == "local":
        # Requests and answers are small: the shared store needs no third of the memory.
        own: dict[str, Any] = {"include_dashboard": False, "object_store_memory": 200_000_000}
        ray.init(log_to_driver=False, _node_ip_address="127.0.0.1", **own)
    else:
        ray.init(address=address, log_to_driver=False)


def _share(ray: Any, replicas: int, arguments: Mapping[str, Any]) -> dict[str, float]:
    """What one replica needs of the cluster: its GPUs, or its share of the cores where there are none."""
    have = ray.cluster_resources()
    gpus = int(arguments.get("tensor_parallel_size") or 1) * int(arguments.get("pipeline_parallel_size") or 1)
    if have.get("GPU"):
        if have["GPU"] < gpus * replicas:
            raise UserError(f"--replicas {replicas}: {gpus * replicas} GPUs are needed, Ray has {have['GPU']:g}")
        return {"num_gpus": gpus}
    if have.get("CPU", 0) < replicas:
        raise UserError(f"--replicas {replicas}: Ray has {have.get('CPU', 0):g} cores")
    return {"num_cpus": int(have["CPU"] // replicas)}
