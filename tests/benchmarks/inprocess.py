"""vLLM in this process against its own ``generate``, and the order of prompts against the best there is.

Run: ``make bench-inprocess``. Prints ratios and counts, asserts nothing.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from perturb.campaign.plan import Selection, plan
from perturb.core.registry import load_builtin
from perturb.core.values import Request, Response
from perturb.engines.base import Sampling
from perturb.engines.vllm import VLLMEngine, sampling_parameters
from perturb.formats.m2.checkpoint import build
from perturb.formats.m2.template import render

REQUESTS, SLOTS, LONGEST = 2_000, 64, 640
BLOCK = 16


def lengths(count: int, seed: int) -> list[int]:
    """Answer lengths in tokens: log-normal, half below 36, one in fifty some ten times that."""
    draw = random.Random(seed)
    return [min(LONGEST, max(2, round(draw.lognormvariate(3.6, 1.1)))) for _ in range(count)]


def conversations(count: int, seed: int) -> list[Request]:
    """Short conversations, every one different. `draw` is its place, by which its length is looked up."""
    draw = random.Random(seed)
    words = ("read", "the file", "and", "run", "all tests", "again", "before", "you change", "the order", "of a list")
    system = {"role": "system", "content": "You work in a terminal."}
    texts = (f"{n}: " + " ".join(draw.choices(words, k=14)) for n in range(count))
    return [Request((system, {"role": "user", "content": text}), draw=n) for n, text in enumerate(texts)]


def feed(requests: Sequence[Request]) -> Callable[[], tuple[int, Request] | None]:
    """What an engine pulls."""
    numbered = enumerate(requests)
    return lambda: next(numbered, None)


@contextmanager
def counted_steps(engine: VLLMEngine) -> Iterator[list[int]]:
    """The number of engine steps made within, in a list of one."""
    core, steps = engine.llm.llm_engine, [0]
    real = core.step

    def step() -> Any:
        steps[0] += 1
        return real()

    core.step = step
    try:
        yield steps
    finally:
        core.step = real


def against_generate(engine: VLLMEngine) -> None:
    """The same prompts and limits, in one ``generate`` call and as a stream, by turns."""
    times: dict[str, list[float]] = {"generate": [], "stream": []}
    work: dict[str, list[float]] = {"generate": [], "stream": []}
    steps: dict[str, list[int]] = {"generate": [], "stream": []}
    for attempt in range(2):
        requests, wanted = conversations(REQUESTS, attempt), lengths(REQUESTS, attempt)

        def forced(sampling: Sampling, request: Request, prompt: str, wanted: list[int] = wanted) -> Any:
            made = sampling_parameters(sampling, request, prompt)
            made.ignore_eos, made.max_tokens = True, wanted[request.draw]
            return made

        bound = replace(engine, sampling=Sampling(max_tokens=LONGEST), parameters=forced)
        prompts = [render(request.messages) for request in requests]
        limits = [forced(bound.sampling, r, p) for r, p in zip(requests, prompts, strict=True)]
        for kind in ("generate", "stream"):
            engine.llm.reset_prefix_cache()
            with counted_steps(engine) as made:
                start, used, first, tokens = time.perf_counter(), time.process_time(), 0.0, 0
                if kind == "generate":
                    outputs = engine.llm.generate(prompts, limits, use_tqdm=False)
                    tokens = sum(len(output.outputs[0].token_ids) for output in outputs)
                else:
                    for _, got in bound.stream(feed(requests)):
                        assert isinstance(got, Response), got
                        first = first or time.perf_counter() - start
                        tokens += got.completion_tokens
                times[kind].append(time.perf_counter() - start)
                work[kind].append(time.process_time() - used)
                steps[kind].append(made[0])
            spent = f"{times[kind][-1]:6.1f} s, {work[kind][-1]:6.1f} s of CPU"
            print(f"  {kind:9}{spent}, {made[0]} steps, {tokens} tokens, first answer {first:.2f} s")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"in process: {REQUESTS} long-tailed answers, {SLOTS} slots: stream / one generate call = {_ratios(times)} in "
        f"time, {_ratios(work)} in CPU time, {_ratios(steps)} in engine steps (peak memory {memory:.0f} MiB)"
    )


def _ratios(measured: Mapping[str, Sequence[float]]) -> str:
    pairs = zip(measured["stream"], measured["generate"], strict=True)
    return " ".join(f"{ours / theirs:.3f}" for ours, theirs in pairs)


def blocks(engine_tokenizer: Any, request: Request) -> list[int]:
    """A prompt's full cache blocks, each named by all tokens up to its end."""
    ids = engine_tokenizer(render(request.messages, request.tools, retention=request.retention))["input_ids"]
    names, name = [], 0
    for at in range(0, len(ids) - BLOCK + 1, BLOCK):
        name = hash((name, *ids[at : at + BLOCK]))
        names.append(name)
    return names


def computed(prompts: Sequence[Sequence[int]], room: int) -> int:
    """Blocks computed when at most `room` are kept, the longest unused thrown away first."""
    kept: OrderedDict[int, None] = OrderedDict()
    made = 0
    for prompt in prompts:
        for name in prompt:
            made += name not in kept
            kept[name] = None
            kept.move_to_end(name)
        while len(kept) > room:
            kept.popitem(last=False)
    return made


def prefix_order(tokenizer: Any) -> None:
    """Computed blocks in the plan's order, and shuffled, over the fewest possible (every prefix once)."""
    prompts = [blocks(tokenizer, item.request) for item in plan(Selection(limit=60))]
    best = len({name for prompt in prompts for name in prompt})
    room = best // 20
    shuffled = random.Random(0).sample(prompts, len(prompts))
    print(
        f"prefix order: {len(prompts)} requests, {best} different blocks of {BLOCK} tokens, room for {room}: computed "
        f"{computed(prompts, room) / best:.3f} x the fewest possible in the plan's order, "
        f"{computed(shuffled, room) / best:.1f} x shuffled"
    )


def main() -> None:
    """Both, on the small random checkpoint."""
    load_builtin()
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        build(model)
        engine = VLLMEngine.load(str(model), max_model_len=1024, max_num_seqs=SLOTS)
        prefix_order(engine.tokenizer)
        list(replace(engine, sampling=Sampling(max_tokens=8)).stream(feed(conversations(64, 9))))
        against_generate(engine)


if __name__ == "__main__":
    sys.exit(main())
