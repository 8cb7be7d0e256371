"""The whole command on the real engine: template, sampling, special tokens, parsing, batching, journal, report."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from perturb.formats.m2.checkpoint import build

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed (pip install '.[cpu]')"),
]


def test_run_on_vllm(tmp_path: Path) -> None:
    build(tmp_path / "model")
    out = tmp_path / "run"
    selection = ["--limit", "2", "--operator", "tools.*", "--max-tokens", "24", "--out", str(out), "--json"]
    command = [sys.executable, "-m", "perturb.cli.main", "run", "--model", str(tmp_path / "model"), *selection]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["simulated"] is False
    assert found["model"]["weights"] == "random"
    assert found["counts"]["generated"] == found["counts"]["requests"] == found["counts"]["scored"] > 20
    assert "Random weights" in (out / "report.html").read_text()
    records = [json.loads(line) for line in (out / "journal.jsonl").read_text().splitlines()]
    assert all(r["response"]["raw"] and r["response"]["prompt_tokens"] > 100 for r in records)
    # Prompts of one bound case share their beginning; the engine must have found some of it in its prefix cache.
    assert sum(r["response"]["cached_tokens"] for r in records) > 0
    base = [r for r in records if r["kind"] == "base"]
    assert len({r["response"]["text"] for r in base}) == len(base), "repeats must be drawn anew"
