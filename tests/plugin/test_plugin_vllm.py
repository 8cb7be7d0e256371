"""The pytest plugin over the real engine: with workers and without, one engine and the same records."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from perturb.formats.m2.checkpoint import build

pytestmark = [pytest.mark.vllm, pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed")]

MINE = """
import pytest
from perturb import assert_calls

@pytest.mark.perturb(operators=["tools.rename_tool", "user.typos"], scaffolds=["mini_agent"], limit=6)
def test_decision(perturb_decision):
    assert_calls(perturb_decision)

@pytest.mark.perturb(operators=["system.*"], scaffolds=["mini_swe_like"], limit=4)
def test_campaign(perturb_campaign):
    assert perturb_campaign.records
"""

# Every process of the run says whether it loaded the engine.
WITNESS = """
import os, pathlib, sys

def pytest_unconfigure():
    who = os.environ.get("PYTEST_XDIST_WORKER", "main")
    pathlib.Path(f"loaded-{who}").write_text(str("vllm" in sys.modules))
"""


def test_one_engine_and_the_same_records(tmp_path: Path) -> None:
    build(tmp_path / "model")
    (tmp_path / "test_mine.py").write_text(MINE)
    (tmp_path / "conftest.py").write_text(WITNESS)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    seen = [_outcome(tmp_path, workers) for workers in ("0", "2")]
    assert seen[0] == seen[1]
    outcomes, records = seen[0]
    assert len(outcomes) > 1
    assert records
    assert {failure for _, _, _, failure in records} == {None}
    loaded = {path.name: path.read_text() for path in tmp_path.glob("loaded-*")}
    assert loaded == {"loaded-main": "True", "loaded-gw0": "False", "loaded-gw1": "False"}


def _outcome(folder: Path, workers: str) -> tuple[list[str], list[tuple[str, str, int, str | None]]]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rA",
        "-n",
        workers,
        "--perturb-model",
        "model",
        "--perturb-max-tokens",
        "24",
    ]
    done = subprocess.run(
        [*command, "--perturb-out", f"out-{workers}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 1, done.stdout + done.stderr  # random weights call no tool rightly
    said = sorted(x.split(" - ")[0] for x in done.stdout.splitlines() if x.startswith(("PASSED", "FAILED", "ERROR")))
    assert not [line for line in said if line.startswith("ERROR")]
    return said, sorted(map(_asked, (folder / f"out-{workers}" / "journal.jsonl").read_bytes().splitlines()))


def _asked(line: bytes) -> tuple[str, str, int, str | None]:
    """What of a record is the same in any batch: bfloat16 and a neighbour can turn a near tie between two tokens."""
    record = json.loads(line)
    return record["id"], record["digest"], record["response"]["prompt_tokens"], record["failure"]
