"""vLLM's own server on the CPU, asked in each of its languages, and with the prompt rendered here."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from perturb.campaign.plan import Selection, plan
from perturb.core.errors import UserError
from perturb.core.values import Request, Response
from perturb.engines.base import INEXPRESSIBLE, Sampling
from perturb.engines.connect import connect
from perturb.engines.settings import Settings
from perturb.formats.m2.checkpoint import build

pytestmark = [pytest.mark.vllm, pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed")]
LENGTH, TOKENS = 4096, 16
_FLAGS = "--enforce-eager --no-enable-chunked-prefill --dtype float32 --disable-log-stats"
_PARSERS = "--enable-auto-tool-choice --tool-call-parser minimax_m2 --reasoning-parser minimax_m2"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("served")
    build(folder / "minimax-m2")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--model", "minimax-m2", "--max-model-len", str(LENGTH), *_FLAGS.split(), *_PARSERS.split()]
    quiet = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1"}
    log = (folder / "log").open("wb")
    with subprocess.Popen(command, cwd=folder, env=os.environ | quiet, stdout=log, stderr=log) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/v1", process, folder / "log")
            yield f"http://127.0.0.1:{port}/v1", folder / "minimax-m2"
        finally:
            process.terminate()
            process.wait(30)
            log.close()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 240
    while process.poll() is None and time.monotonic() < end:
        try:
            connect([url], settings=Settings(pause_s=0.0))
        except UserError:
            time.sleep(1.0)
        else:
            return
    raise AssertionError(log.read_text("utf-8", "replace")[-2000:])


def some() -> list[Request]:
    chosen = Selection(("mini_agent",), ("thinking.*", "tools.rename_tool"), ("cli-csv-count",))
    items = list(plan(chosen))
    return [item.request for item in items][-6:]


@pytest.mark.parametrize(("api", "raw"), [("openai", False), ("openai", True), ("anthropic", False)])
def test_it_answers_in_each_language(serving: tuple[str, Path], api: str, raw: bool) -> None:
    from tokenizers import Tokenizer

    from perturb.formats.m2.template import render

    servers = connect([serving[0]], sampling=Sampling(max_tokens=TOKENS), api=api, raw=raw)
    assert servers.identity["version"].startswith("vllm ")
    requests = some()
    left = list(enumerate(requests))
    got = dict(servers.stream(lambda: left.pop() if left else None))
    answers = {n: one for n, one in got.items() if isinstance(one, Response)}
    if raw:
        assert len(answers) == len(requests), got
        known = Tokenizer.from_file(str(serving[1] / "tokenizer.json"))
        for n, one in answers.items():
            prompt = render(requests[n].messages, requests[n].tools, retention=requests[n].retention)
            assert one.prompt_tokens == len(known.encode(prompt, add_special_tokens=False).ids)
    assert answers
    assert {getattr(one, "kind", "retention") for one in got.values()} <= set(INEXPRESSIBLE)
    assert all(one.raw is raw and 0 < one.completion_tokens <= TOKENS for one in answers.values())
    assert {one.finish for one in answers.values()} <= {"length", "stop", "tool_calls"}
