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


def replicas(count: int = 960) -> None:
    """Two servers that can do 16 at once, a quarter of a second each, against one."""
    with running(delay=0.25, slots=16) as one, running(delay=0.25, slots=16) as other:
        alone, both = timed(connect([one]), count), timed(connect([one, other]), count)
    print(f"replicas: {count} requests, one server {alone:.2f} s, two {both:.2f} s: {alone / both:.2f} ×")


def journal(count: int = 100_000) -> None:
    """A whole campaign of `count` decisions through a server: memory of the process, and opening the journal again."""
    with tempfile.TemporaryDirectory() as folder, running() as url:
        for what in ("campaign", "opening"):
            command = [sys.executable, "-m", "tests.benchmarks.servers", what, url, folder, str(count)]
            print(f"journal: {subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()}")


def memory() -> float:
    """The most that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def campaign(url: str, folder: str, count: str) -> None:
    """In a process of its own: plan, ask, judge and journal, by the runner itself."""
    from perturb.campaign import plan, runner
    from perturb.core.registry import load_builtin

    load_builtin()
    # One plan has some 64,000 requests; two samples of each are more.
    selection = plan.Selection(samples=2, requests=int(count))
    answerer = runner.from_engine(connect([url]))
    timed(connect([url]), 500)
    empty, start = memory(), time.perf_counter()
    done = [0, 0.0]

    def progress(n: int) -> None:
        done[0] += n

    runner.run(selection, answerer, Path(folder), progress)
    seconds = time.perf_counter() - start
    size = (Path(folder) / "journal.jsonl").stat().st_size / 2**20
    print(
        f"{done[0]} requests in {seconds:.0f} s, {done[0] / seconds:.0f} a second; peak memory {memory():.0f} MiB, "
        f"{empty:.0f} MiB of it before the first request; journal {size:.0f} MiB"
    )


def opening(_url: str, folder: str, _count: str) -> None:
    """In a process of its own: how long until a journal can be gone on with."""
    from perturb.campaign.journal import Journal

    start = time.perf_counter()
    with Journal(Path(folder)):
        seconds = time.perf_counter() - start
    print(f"opened in {seconds:.2f} s, peak memory {memory():.0f} MiB")


if __name__ == "__main__":
    if sys.argv[1:2] in (["campaign"], ["opening"]):
        {"campaign": campaign, "opening": opening}[sys.argv[1]](*sys.argv[2:])
    else:
        slow_neighbours()
        client()
        replicas()
        journal()
