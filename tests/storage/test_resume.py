"""What `resume` goes on with, asks again and refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from perturb.campaign.journal import read
from tests.attack._command import FIXTURE, RUN, SMALL, command, process
from tests.loopback import Server, ok

MODULE = '''
from dataclasses import replace
import perturb
from perturb import Score, Section, operator, scaffold, scorer

SHORT = 2000

@operator(part="system", relation="invariant")
def add_motto(case, draw):
    """Add a motto to the system prompt."""
    return replace(case, system=(*case.system, Section("Motto", "Measure twice.", "operator")))

@scorer
def brevity(case, answer, verdict):
    """Whether the message is short."""
    return Score(1.0 if len(answer.reply.text) < SHORT else 0.0)

def aside(case):
    return "One call at a time."

@scaffold
def mine():
    return replace(perturb.core.registry.SCAFFOLDS["mini_agent"], name="mine", aside=aside)
'''


def begun(place: Path) -> tuple[Path, list[str]]:
    """A run with a module and a fixture of its own, half of it done; what `resume` needs."""
    module, fixture, folder = place / "mine.py", place / "mine.json", place / "run"
    module.write_text(MODULE)
    shutil.copy(FIXTURE, fixture)
    selected = ("--fixture", str(fixture), "--scaffold", "mine", "--operator", "*.a*", "--limit", "1")
    loaded = ["--load", str(module)]
    done = process("run", "--agent", "perfect", *selected, *loaded, "--out", str(folder))
    assert done.code == 0, done.err
    lines = (folder / "journal.jsonl").read_bytes().splitlines(True)
    (folder / "journal.jsonl").write_bytes(b"".join(lines[: len(lines) // 2]))
    return folder, ["resume", str(folder), *loaded]


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("mine.py", "Measure twice.", "Less is more.", "operators system.add_motto"),
        ("mine.py", "SHORT = 2000", "SHORT = 20", "scorers brevity"),
        ("mine.py", "One call at a time.", "Call by call.", "scaffolds mine"),
        ("mine.json", '"id": "cli-csv-count"', '"id": "cli-csv-counts"', "fixtures cli-csv-count (gone)"),
        ("mine.json", "pantry", "larder", "fixtures cli-csv-count"),
    ],
)
def test_what_has_changed_is_named(tmp_path: Path, file: str, old: str, new: str, named: str) -> None:
    folder, resume = begun(tmp_path)
    before = (folder / "journal.jsonl").read_bytes()
    replaced(tmp_path / file, old, new)
    done = process(*resume)
    assert done.one_line(2, str(folder), named, "--restart", "--keep-old"), done.err
    assert (folder / "journal.jsonl").read_bytes() == before


def test_keep_old_keeps_what_was_answered_and_asks_the_rest(tmp_path: Path) -> None:
    folder, resume = begun(tmp_path)
    before = (folder / "journal.jsonl").read_bytes()
    replaced(tmp_path / "mine.py", "One call at a time.", "Call by call.")
    done = process(*resume, "--keep-old")
    assert done.code == 0, done.err
    assert "holds answers from before a change of: scaffolds mine" in done.err
    assert (folder / "journal.jsonl").read_bytes().startswith(before)
    # It stays said, and going on needs no second word.
    assert "before a change of: scaffolds mine" in process(*resume).err
    assert process(*resume).code == 0


def test_restart_sets_aside_and_asks_all_again(tmp_path: Path) -> None:
    folder, resume = begun(tmp_path)
    before = (folder / "journal.jsonl").read_bytes()
    replaced(tmp_path / "mine.py", "One call at a time.", "Call by call.")
    done = process(*resume, "--restart")
    assert done.code == 0, done.err
    assert (folder / "journal-1.jsonl").read_bytes() == before
    assert not {r["digest"] for r in map(json.loads, before.splitlines())} & {r["digest"] for r in read(folder)}
    assert process(*resume).code == 0


def test_score_makes_todays_scorers_the_runs(tmp_path: Path) -> None:
    folder, resume = begun(tmp_path)
    replaced(tmp_path / "mine.py", "SHORT = 2000", "SHORT = 0")
    assert process("score", *resume[1:]).code == 0
    assert {record["scores"]["brevity"] for record in read(folder)} == {0.0}
    assert process(*resume).code == 0


def test_a_run_that_is_started_again_is_refused_by_the_same_words(tmp_path: Path) -> None:
    folder, resume = begun(tmp_path)
    manifest = json.loads((folder / "run.json").read_text())
    manifest["made_of"]["code"]["judging"] = "of another version"
    (folder / "run.json").write_text(json.dumps(manifest))
    selected = ("--fixture", str(tmp_path / "mine.json"), "--scaffold", "mine", "--operator", "*.a*", "--limit", "1")
    done = process("run", "--agent", "perfect", *selected, *resume[2:], "--out", str(folder))
    assert done.one_line(2, "code judging", "--restart", "--keep-old"), done.err


@pytest.mark.parametrize("key", ["agent", "seed", "samples", "limit", "temperature", "max-tokens", "scaffold"])
def test_another_run_is_refused_naming_what_differs(tmp_path: Path, key: str) -> None:
    folder = str(tmp_path / "run")
    assert command(*RUN, "--out", folder).code == 0
    others = {"agent": "null", "scaffold": "cline_like", "temperature": "0.5"}
    field = {"agent": "model", "temperature": "sampling", "max-tokens": "sampling"}.get(key, "selection")
    done = command(*RUN, "--out", folder, f"--{key}", others.get(key, "2"))
    assert done.one_line(2, field), done.err


def test_what_failed_is_asked_again_and_its_tries_are_counted(tmp_path: Path, server: Server) -> None:
    """The first half of the requests fail for good; `resume` asks those alone."""
    folder = str(tmp_path / "run")
    answer = ok({"content": "I would rather not."})
    failing = True

    def reply(_number: int, asked: dict[str, Any]) -> Any:
        hard = "typos" if failing and len(json.dumps(asked)) % 2 else ""
        return (400, {}, b'{"error": "no"}') if hard else answer

    server.reply = reply
    first = process("run", "--base-url", server.url, *SMALL, "--out", folder)
    failed = {record["id"] for record in read(Path(folder)) if record["failure"]}
    assert first.code == 3
    assert failed
    failing = False
    before = len(server.asked)
    assert process("resume", folder, "--base-url", server.url).code == 0
    assert len(server.asked) - before == len(failed)
    records = {record["id"]: record for record in read(Path(folder))}
    assert all(record["failure"] is None for record in records.values())
    assert {name for name, record in records.items() if record["tries"] > 1} == failed


def test_a_session_of_another_kind_is_not_resumed_as_a_run(tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    fuzzed = ("fuzz", "--agent", "perfect", *SMALL, "--rounds", "1", "--batch", "4", "--minutes", "1", "--out", folder)
    assert command(*fuzzed).code == 0
    assert command("resume", folder).one_line(2, "perturb fuzz --out")
    assert command(*fuzzed).code == 0


def test_a_journal_of_version_one_is_refused_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert command(*RUN, "--out", str(folder)).code == 0
    manifest = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({k: v for k, v in manifest.items() if k != "version"}))
    assert command("resume", str(folder)).one_line(2, "run.json: version: a run of version 1")
