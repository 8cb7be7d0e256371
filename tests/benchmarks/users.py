"""Benchmarks of the three ways of use, each side by side in one run: ratios, printed, never asserted.

Run: ``make bench-users``. The engine is real (vLLM on the CPU) on a checkpoint of random weights.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

from perturb.campaign.asking import Asking
from perturb.core.registry import load_builtin

ROOT = Path(__file__).parents[2]
EXAMPLES = 128
TOKENS = 48
# A thinking model's answer to one agent step is a few hundred tokens.
ANSWER = 192


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def fuzzing(model: Path) -> None:
    """Examples a second: a batched property test against a plain one, on the same loaded engine."""
    from hypothesis import HealthCheck, given, settings

    from perturb.campaign.answers import Answers, content_key
    from perturb.campaign.plan import Item
    from perturb.campaign.runner import from_engine
    from perturb.engines.base import Sampling
    from perturb.engines.vllm import VLLMEngine
    from perturb.search.speculation import batched
    from perturb.strategies import decisions

    engine = VLLMEngine.load(str(model), Sampling(max_tokens=ANSWER))
    answerer = from_engine(engine)
    seen: list[str] = []

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(item=decisions(scaffolds=["mini_agent"], fixtures=["cli-*"]))
    def plain(asking: Asking, item: Item) -> None:
        asking(item)
        # After the question: the pass that only collects questions never comes here.
        seen.append(item.id)

    ratios = []
    for _ in range(3):
        rates = []
        for test in (plain, batched(plain)):
            seen.clear()
            asking = Asking(Answers(answerer, content_key))
            # Neither may profit from prompts that the other has left in the cache.
            engine.llm.reset_prefix_cache()
            seconds = timed(functools.partial(test, asking))
            rates.append((len(seen) / seconds, asking.answers))
        (slow, one), (fast, many) = rates
        ratios.append(fast / slow)
        print(
            f"fuzzing, {ANSWER} tokens an answer: "
            f"plain {slow:.1f} examples a second ({one.asked} requests, {one.batches} batches), "
            f"batched {fast:.1f} ({many.asked} requests, {many.batches} batches): {fast / slow:.1f} ×"
        )
    print(f"fuzzing: batched / plain, median of 3: {median(ratios):.1f} ×")


CAMPAIGN = """
import pytest
from perturb.testing.assertions import assert_call_rate
@pytest.mark.perturb(limit={limit}, operators={operators!r})
def test_all(perturb_campaign):
    assert_call_rate(perturb_campaign, at_least=0)
"""


def plugin(model: Path, folder: Path) -> None:
    """The same cases through pytest and through ``perturb run``: both whole processes, engine loading included."""
    operators = ["tools.*", "user.*", "system.*"]
    (folder / "test_all.py").write_text(CAMPAIGN.format(limit=8, operators=operators))
    chosen = [word for glob in operators for word in ("--operator", glob)]
    run = [sys.executable, "-m", "perturb.cli.main", "run", "--model", str(model), "--limit", "8", *chosen]
    test = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--perturb-model",
        str(model),
        "test_all.py",
    ]
    ratios = []
    for number in range(3):
        ran = [*run, "--max-tokens", str(TOKENS), "--out", str(folder / f"run{number}")]
        tested = [*test, "--perturb-max-tokens", str(TOKENS), "--perturb-out", f"test{number}"]
        by_run, by_test = (timed(functools.partial(_quiet, command, folder)) for command in (ran, tested))
        ratios.append(by_test / by_run)
        counts = [
            sum(1 for _ in (folder / name / "journal.jsonl").open()) for name in (f"run{number}", f"test{number}")
        ]
        print(
            f"plugin: perturb run {by_run:.1f} s ({counts[0]} requests), pytest {by_test:.1f} s ({counts[1]} requests)"
        )
    print(f"plugin: pytest / perturb run, median of 3: {median(ratios):.3f}")


def _quiet(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])


def unused(folder: Path) -> None:
    """A pytest run of a project that does not use the plugin, with and without it, alternating."""
    (folder / "plain").mkdir()
    (folder / "plain" / "test_plain.py").write_text("def test_plain(): pass\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_plain.py"]
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(30):
        with_it = bool(number % 2)
        arguments = command if with_it else [*command, "-p", "no:perturb"]
        times[with_it].append(timed(functools.partial(_quiet, arguments, folder / "plain")))
    with_it, without = min(times[True]), min(times[False])
    print(f"unused: pytest {1000 * without:.0f} ms, with the plugin {1000 * (with_it - without):+.0f} ms (best of 15)")


DECISIONS = """
import pytest
from perturb.testing.assertions import assert_correct
@pytest.mark.perturb(limit=100)
def test_decision(perturb_decision):
    assert_correct(perturb_decision)
"""


def allure(folder: Path) -> None:
    """A report of 5,000 (simulated) decisions: how long it takes to generate, and to open a failure's page."""
    tool, chromium = ROOT / "node_modules" / ".bin" / "allure", shutil.which("chromium")
    if not tool.exists() or chromium is None:
        print("allure: skipped, Allure 3 or Chromium is not here")
        return
    (folder / "test_many.py").write_text(DECISIONS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", "test_many.py"]
    arguments = ["--perturb-agent", "memorises_tool_names", "--alluredir", "results"]
    wrote = timed(lambda: subprocess.run([*command, *arguments], cwd=folder, capture_output=True, check=False))
    tests = len(list((folder / "results").glob("*-result.json")))
    make = [sys.executable, "-m", "perturb.cli.main", "allure", "results", "--out", "report", "--allure", str(tool)]
    made = timed(lambda: _quiet(make, folder))
    print(f"allure: {tests} decisions tested in {wrote:.1f} s, report generated in {made:.1f} s")
    print(f"allure: a failure's page opens in {_opened(folder / 'report', chromium):.2f} s")


def _opened(site: Path, chromium: str) -> float:
    from playwright.sync_api import sync_playwright

    handler = functools.partial(_Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.get_by_text("tools.namespace_prefix ·").first.click()
        page.get_by_text("verdict.txt").first.wait_for()
        failure = page.url
        page.close()
        page = browser.new_page()
        start = time.perf_counter()
        page.goto(failure)
        page.get_by_text("verdict.txt").first.wait_for()
        seconds = time.perf_counter() - start
        browser.close()
        server.shutdown()
    return seconds


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the inherited name
        pass


def main() -> None:
    from perturb.formats.m2.checkpoint import build

    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    load_builtin()
    wanted = sys.argv[1:] or ["unused", "allure", "plugin", "fuzzing"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder / "model")
        for job in wanted:
            {
                "unused": lambda: unused(folder),
                "allure": lambda: allure(folder),
                "plugin": lambda: plugin(folder / "model", folder),
                "fuzzing": lambda: fuzzing(folder / "model"),
            }[job]()


if __name__ == "__main__":
    main()
