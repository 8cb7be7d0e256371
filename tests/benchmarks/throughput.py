"""Benchmarks: ratios and rates, printed, never asserted. Run: ``make bench``."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain, islice
from itertools import count as count_up
from pathlib import Path

from perturb.campaign.plan import Selection, plan
from perturb.core.registry import load_builtin
from perturb.core.values import Request
from perturb.engines.base import Sampling
from perturb.formats.m2.template import render as prompt


def planning(count: int) -> None:
    """Planning, perturbing and rendering down to M2's prompt text, on one core."""
    # One plan is some 55,000 requests; more of them take another seed.
    items = chain.from_iterable(plan(Selection(seed=seed)) for seed in count_up())
    next(items)
    start, characters, done = time.perf_counter(), 0, 0
    for item in islice(items, count):
        characters += len(prompt(item.request.messages, item.request.tools, retention=item.request.retention))
        done += 1
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"planning: {done} requests, {done / seconds:.0f} a second per core, "
        f"{characters / done / 4:.0f} tokens each (4 characters a token), peak memory {memory:.0f} MiB"
    )


def start_up() -> None:
    """The command's help and the package's import, as ratios to starting Python."""

    def best(*arguments: str) -> float:
        times = []
        for _ in range(7):
            start = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - start)
        return min(times)

    bare, package, command = best("-c", "pass"), best("-c", "import perturb"), best("-m", "perturb.cli.main", "--help")
    print(f"start: python {bare:.3f} s, import perturb +{package - bare:.3f} s, perturb --help {command:.3f} s in all")


def feed(requests: Iterable[Request]) -> Callable[[], tuple[int, Request] | None]:
    """What an engine pulls."""
    numbered = enumerate(requests)
    return lambda: next(numbered, None)


def engine() -> None:
    """The whole run on vLLM (CPU) against one LLM.generate call on the same prompts, side by side."""
    from perturb.campaign.runner import from_engine, run
    from perturb.engines.vllm import VLLMEngine
    from perturb.formats.m2.checkpoint import build

    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        build(model)
        loaded = VLLMEngine.load(str(model))
        selection, sampling = Selection(limit=8, operators=("tools.*", "system.*")), Sampling(max_tokens=48)
        requests = [item.request for item in plan(selection)]
        list(replace(loaded, sampling=sampling).stream(feed(requests[:8])))
        ratios = []
        for attempt in range(3):
            start = time.perf_counter()
            list(replace(loaded, sampling=sampling.with_seed(1000 + attempt)).stream(feed(requests)))
            alone = time.perf_counter() - start
            out = Path(folder) / f"run{attempt}"
            out.mkdir()
            start = time.perf_counter()
            run(
                selection,
                from_engine(replace(loaded, sampling=sampling.with_seed(2000 + attempt))),
                out,
                lambda _count: None,
            )
            ratios.append((time.perf_counter() - start) / alone)
        print(
            f"engine: {len(requests)} requests, perturb run / one generate call = {sorted(ratios)[1]:.2f} (median of 3)"
        )


if __name__ == "__main__":
    load_builtin()
    for size in (1_000, 10_000, 100_000):
        planning(size)
    start_up()
    if "--no-engine" not in sys.argv:
        engine()
