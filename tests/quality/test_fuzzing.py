"""Fuzzing sessions: find what was planted, minimal and once; go on after a kill as if nothing had been."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson

from perturb.agents.sound import null, perfect
from perturb.campaign.answers import Answers, case_key
from perturb.campaign.plan import Selection
from perturb.campaign.runner import from_agent
from perturb.core.registry import Agent
from perturb.core.values import Answer, Case
from perturb.search.fuzz import Fuzzer, Session, fuzz

PAIR = ("environment.another_home", "user.typos")


def planted(case: Case, base: Case) -> Answer:
    names = {step.partition("[")[0] for step in case.lineage}
    return null(case, base) if set(PAIR) <= names or "thinking.strip_all" in names else perfect(case, base)


def session_in(folder: Path, rounds: int) -> Session:
    folder.mkdir(exist_ok=True)
    agent = Agent("planted", "", "Fails on one operator, and on a pair.", planted)
    selection = Selection(operators=("environment.*", "thinking.*", "user.*"), limit=60)
    fuzzer = Fuzzer(Answers(from_agent(agent), case_key, folder), selection, folder)
    return fuzz(fuzzer, lambda session: session.rounds < rounds)


def test_planted_failures_are_found_minimal_and_once(tmp_path: Path) -> None:
    found = session_in(tmp_path, 25)
    chains = {finding.operators for finding in found.findings.values()}
    assert {tuple(sorted(chain)) for chain in chains} == {("thinking.strip_all",), tuple(sorted(PAIR))}
    assert all(finding.drop == 1.0 for finding in found.findings.values())
    assert found.useless == set()


def test_going_on_is_the_same_as_never_stopping(tmp_path: Path) -> None:
    whole = session_in(tmp_path / "whole", 4)
    session_in(tmp_path / "parts", 2)
    log = tmp_path / "parts" / "fuzz.jsonl"
    # What a kill leaves: a line cut in the middle.
    log.write_bytes(log.read_bytes() + b'{"tried": "cli-')
    parts = session_in(tmp_path / "parts", 4)
    assert parts.ranked() == whole.ranked()
    assert log.read_bytes() == (tmp_path / "whole" / "fuzz.jsonl").read_bytes()


def test_a_killed_session_goes_on_and_its_findings_replay(tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-m", "perturb.cli.main", "fuzz", "--agent", "position_bias", "--out", str(out)]
    with subprocess.Popen([*command, "--minutes", "5"], stderr=subprocess.DEVNULL) as running:
        while not (out / "fuzz.jsonl").exists() or b'"round"' not in (out / "fuzz.jsonl").read_bytes():
            time.sleep(0.05)
        os.kill(running.pid, signal.SIGKILL)
    before = (out / "fuzz.jsonl").read_bytes().count(b"\n")
    done = subprocess.run([*command, "--rounds", "12", "--json"], capture_output=True, check=True)
    told = orjson.loads(done.stdout)
    assert told["simulated"] is True
    assert told["counts"]["rounds"] >= 12
    assert (out / "fuzz.jsonl").read_bytes().count(b"\n") > before
    assert told["findings"]
    assert all(finding["part"] == "tools" for finding in told["findings"])
    name = told["findings"][0]["name"]
    again = subprocess.run([sys.executable, "-m", "perturb.cli.main", "replay", name, "--run", str(out)], check=False)
    assert again.returncode == 1
