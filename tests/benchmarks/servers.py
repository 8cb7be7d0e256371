"""What asking servers costs: ratios within one run, printed, never asserted. Run: ``make bench-servers``."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from perturb.core.values import Request, Response
from perturb.engines.connect import connect
from perturb.engines.server import Servers
from perturb.engines.settings import Settings
from tests.benchmarks.stub import running

SLOW_S, FAST_S, EVERY = 5.0, 0.02, 512


def feed(count: int) -> Callable[[], tuple[int, Request] | None]:
    """What an engine pulls: conversations of some 4,000 characters."""
    history = ({"role": "system", "content": "Work with care. " * 250},)
    numbered = iter(range(count))

    def pull() -> tuple[int, Request] | None:
        number = next(numbered, None)
        return None if number is None else (number, Request((*history, {"role": "user", "content": f"n {number}"})))

    return pull


def timed(servers: Servers, count: int) -> float:
    """Seconds until `count` requests are answered; all of them must be."""
    start = time.perf_counter()
    answered = sum(isinstance(got, Response) for _, got in servers.stream(feed(count)))
    assert answered == count
    return time.perf_counter() - start


def slow_neighbours(count: int = 2110) -> None:
    """One request in 512 takes 5 s, the others 20 ms: nobody waits for it."""
    for connections in (16, 64, 256):
        how = Settings(concurrency=connections)
        with running(delay=FAST_S) as url:
            without = timed(connect([url], settings=how), count)
        with running(delay=FAST_S, slow=SLOW_S, every=EVERY) as url:
            total = timed(connect([url], settings=how), count)
        bound = SLOW_S + without
        print(
            f"slow neighbours: {count} requests, {connections} connections: {total:.2f} s; without slow ones "
            f"{without:.2f} s + {SLOW_S:g} s = {bound:.2f} s: {total / bound:.2f} ×"
        )


def client(count: int = 10_000) -> None:
    """Requests a second of CPU time against an instant server, which is another process."""
    with running() as url:
        servers = connect([url])
        timed(servers, 500)
        cpu, start = time.process_time(), time.perf_counter()
        timed(servers, count)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - start
    print(f"client: {count} requests, {count / cpu:.0f} a second of CPU, {count / wall:.0f} a second by the clock")


def replicas(count: int = 1200) -> None:
    """Two servers that can do 16 at once, 0.1 s each, against one."""
    with running(delay=0.1, slots=16) as one, running(delay=0.1, slots=16) as other:
        alone, both = connect([one]), connect([one, other])
        rates = [timed(alone, count) / timed(both, count) for _ in range(3)]
    print(f"replicas: {count} requests, two servers / one: {sorted(rates)[1]:.2f} × (median of 3)")


def journal(count: int = 100_000) -> None:
    """A whole campaign of `count` decisions through a server: memory of the process, and opening the journal again."""
    with tempfile.TemporaryDirectory() as folder, running() as url:
        for code in ("campaign", "opening"):
            command = [sys.executable, "-m", "tests.benchmarks.servers", code, url, folder, str(count)]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            print(f"journal: {said.strip()}")


def campaign(url: str, folder: str, count: int) -> None:
    """In a process of its own: plan, ask, judge and journal."""
    from itertools import chain, islice
    from itertools import count as count_up

    from perturb.campaign import runner
    from perturb.campaign.plan import Selection, plan
    from perturb.core.registry import load_builtin

    load_builtin()
    servers = connect([url])
    empty = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    # One plan is some 55,000 requests; more of them take another seed, under other names.
    seeds = (plan(Selection(seed=seed)) for seed in count_up())
    start = time.perf_counter()
    names = runner.run_items(islice(chain.from_iterable(seeds), count), runner.from_engine(servers), Path(folder))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{names} requests in {seconds:.0f} s, peak memory {peak:.0f} MiB ({empty:.0f} MiB before the first)")


if __name__ == "__main__":
    slow_neighbours()
    client()
    replicas()
