"""The pytest plugin's folder keeps a run folder's promises: one process, damage named, a full disk is one line."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from perturb.campaign.folder import locked
from perturb.campaign.journal import read
from perturb.campaign.lines import sealed

MINE = """
import pytest

@pytest.mark.perturb(operators=["user.t*", "user.c*"], scaffolds=["mini_agent"], fixtures=["cli-csv-count"])
def test_decision(perturb_decision):
    assert perturb_decision.perturbed.verdict.joint
"""


def pytest_in(folder: Path, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--perturb-agent", "perfect"]
    return subprocess.run(
        [*command, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=120, **more
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "test_mine.py").write_text(MINE)
    return tmp_path


@pytest.fixture
def tested(project: Path) -> Path:
    """A project whose tests have run once."""
    done = pytest_in(project)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def test_a_second_session_on_one_folder_is_refused(tested: Path) -> None:
    with locked(tested / "runs" / "pytest-1"):
        done = pytest_in(tested, "--perturb-resume")
    assert done.returncode == 4
    assert "another perturb is at work here" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert pytest_in(tested, "--perturb-resume").returncode == 0


def test_damaged_lines_are_named_and_written_again(tested: Path) -> None:
    folder = tested / "runs" / "pytest-1"
    before = list(read(folder))
    for name in ("journal.jsonl", "answers.jsonl"):
        if (folder / name).exists():
            lines = (folder / name).read_bytes().splitlines(True)
            lines[1] = lines[1].replace(b"a", b"b", 1)
            (folder / name).write_bytes(b"".join(lines))
    done = pytest_in(tested, "--perturb-resume")
    assert done.returncode == 0
    assert "journal.jsonl: 1 damaged line is left out (line 2)" in done.stdout
    assert list(read(folder)) == before


def test_the_verdict_of_today_replaces_that_of_yesterday(tested: Path) -> None:
    folder = tested / "runs" / "pytest-1"
    before = list(read(folder))
    assert len(before) > 4
    old = [{**record, "verdict": {**record["verdict"], "joint": 0, "reason": "yesterday"}} for record in before]
    (folder / "journal.jsonl").write_bytes(b"".join(map(sealed, old)))
    manifest = json.loads((folder / "run.json").read_text())
    manifest["made_of"]["code"]["judging"] = "yesterday's"
    (folder / "run.json").write_text(json.dumps(manifest))
    done = pytest_in(tested, "--perturb-resume")
    assert done.returncode == 0, done.stdout
    assert "holds records from before a change of: code judging" in done.stdout
    assert list(read(folder)) == before


def test_a_disk_that_takes_no_more_ends_the_session_in_one_line(project: Path) -> None:
    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (14_000, 14_000))

    done = pytest_in(project, preexec_fn=little)
    assert done.returncode == 3
    said = done.stdout + done.stderr
    assert "File too large; go on with --perturb-resume" in said
    assert "Traceback" not in said
    assert "INTERNALERROR" not in said
    assert pytest_in(project, "--perturb-resume").returncode == 0
