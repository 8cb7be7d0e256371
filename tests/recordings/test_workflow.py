"""Recordings where fixtures go: the command line, pytest, Hypothesis and Allure take a user's own log as it is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from perturb.campaign.journal import Records
from perturb.cli.main import main
from perturb.core.values import Case
from perturb.recordings import registry
from perturb.recordings.choosing import chosen_episodes
from perturb.strategies import cases
from tests.recordings.test_cutting import BOOK, WEATHER, chat

ONE = ("--scaffold", "recorded", "--operator", "tools.rename_*", "--operator", "user.casing")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    tools = [{"type": "function", "function": spec} for spec in (WEATHER, BOOK)]
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"messages": chat(), "tools": tools}) + "\n")
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    """What a command prints as JSON."""
    main([*map(str, arguments), "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_log_is_run_shown_shrunk_replayed_and_compared(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, sound = tmp_path / "run", tmp_path / "sound"
    found = said(capsys, "run", "--fixture", log, "--agent", "memorises_tool_names", *ONE, "--out", out)
    assert {name: row["decisions"] for name, row in found["oracles"].items()} == {"agreement": 1, "recorded": 2}
    assert found["base"]["accuracy"] == 1
    assert found["agreement"]["overall"]["base"] == 1
    assert found["agreement"]["by_part"]["user"]["difference"] == 0
    wrong = next(r["id"] for r in Records(out) if r["verdict"] and not r["verdict"]["joint"])
    shown = said(capsys, "show", wrong, "--run", out)
    assert (shown["expected"]["oracle"], shown["verdict"]["outcome"]) == ("recorded", "wrong_tool")
    without = next(r for r in Records(out) if r["oracle"] == "agreement")
    assert (without["verdict"], without["meaning"]) == (None, "words")
    assert "rename_tool" in said(capsys, "shrink", wrong, "--run", out)["recipe"]
    assert said(capsys, "replay", wrong, "--run", out)["verdict"]["outcome"] == "wrong_tool"
    assert (
        said(capsys, "run", "--fixture", log, "--agent", "perfect", *ONE, "--out", sound)["overall"]["perturbed"] == 1
    )
    assert main(["compare", str(out), str(sound)]) == 0


def test_only_the_last_step_is_asked_where_that_is_wanted(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    said(capsys, "run", "--fixture", log, "--agent", "perfect", "--steps", "last", *ONE, "--out", out)
    assert {record["case"] for record in Records(out)} == {"mine@3"}
    assert main(["run", "--fixture", str(log), "--agent", "perfect", "--steps", "none"]) == 2


def test_left_out_steps_are_said_with_their_place(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with log.open("a") as file:
        file.write("{broken\n")
    assert main(["import", str(log), "--out", str(tmp_path / "out.jsonl")]) == 0
    told = capsys.readouterr()
    assert "mine.jsonl: line 2" in told.err + told.out
    assert "1 recording read, 1 left out" in told.err + told.out


def test_tools_are_named_for_a_run_whose_log_has_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, tools, out = tmp_path / "mine.jsonl", tmp_path / "tools.json", tmp_path / "run"
    log.write_text(json.dumps({"messages": chat()}) + "\n")
    tools.write_text(json.dumps({"tools": [WEATHER, BOOK, {**BOOK, "name": "never_called"}]}))
    main(["run", "--fixture", str(log), "--agent", "perfect", *ONE, "--dry-run"])
    assert "tools inferred from the calls in 1" in capsys.readouterr().err
    main(["run", "--fixture", str(log), "--tools", str(tools), "--agent", "perfect", *ONE, "--out", str(out)])
    assert "inferred" not in capsys.readouterr().err
    named = next(record["id"] for record in Records(out) if record["kind"] == "perturbed")
    assert "never_called" in json.dumps(said(capsys, "show", named, "--run", out))
    assert said(capsys, "replay", named, "--run", out)["verdict"]["joint"]
    assert main(["resume", str(out)]) == 0
    assert main(["run", "--fixture", str(log), "--tools", str(log), "--agent", "perfect"]) == 2


def test_named_tools_that_nothing_needs_are_said(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tools = tmp_path / "tools.json"
    tools.write_text(json.dumps([WEATHER]))
    assert main(["import", str(log), "--tools", str(tools), "--out", str(tmp_path / "out.jsonl")]) == 0
    assert "is not used" in capsys.readouterr().err
    assert main(["run", "--fixture", str(log), "--tools", str(tools), "--agent", "perfect", *ONE, "--dry-run"]) == 0
    assert "is not used" in capsys.readouterr().err
    log.write_text(json.dumps({"messages": chat()}) + "\n")
    assert main(["import", str(log), "--tools", str(tools), "--out", str(tmp_path / "out.jsonl")]) == 0
    assert "is not used" not in capsys.readouterr().err


def test_a_folder_of_logs_is_read_and_equal_names_stay_apart(log: Path, tmp_path: Path) -> None:
    folder, other = tmp_path / "logs", tmp_path / "logs" / "more" / log.name
    other.parent.mkdir(parents=True)
    other.write_text(log.read_text().replace("Paris", "Oslo"))
    log.rename(folder / log.name)
    (folder / "mine.rules.json").write_text("[]")
    found = list(chosen_episodes((str(folder), str(other))))
    assert [episode.id for episode in found] == ["mine", "mine-2"]
    assert [case.id for case in found[1].cases] == ["mine-2@1", "mine-2@2", "mine-2@3"]
    assert "Oslo" in repr(found[1].cases[0].turns)
    out = tmp_path / "run"
    assert main(["run", "--fixture", str(folder), "--agent", "perfect", *ONE, "--out", str(out)]) == 0
    assert len({record["case"] for record in Records(out)}) == 6
    wanted = next(record["id"] for record in Records(out) if record["case"] == "mine-2@1")
    assert main(["replay", wanted, "--run", str(out)]) == 0


def test_what_is_named_twice_comes_once() -> None:
    assert [e.id for e in chosen_episodes(("cli-csv-count", "cli-csv-*"))].count("cli-csv-count") == 1


def test_the_page_tells_oracles_and_agreement_apart(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert main(["run", "--fixture", str(log), "--agent", "perfect", *ONE, "--out", str(out)]) == 0
    page = (out / "report.html").read_text()
    part = page.partition("Who says what is right")[2].partition("<h2")[0]
    rows = re.findall(r"<tr><th>(.*?)</th><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td>", part)
    assert [(rows[0][0], rows[0][1], rows[0][3]), (rows[1][0], rows[1][1], rows[1][3])] == [
        ("by the recorded action", "2", "100.0 %"),
        ("no gold", "1", "–"),
    ]
    assert "agreement, not accuracy" in part


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("yield 3", "gave int, which is no Recording"),
        ("yield Recording('talk', 'faulty', (Message('user', 4),))", "`$.messages[0].text`"),
        ("yield Recording('talk', 'faulty', (Message('bot', 'a'),))", "`$.messages[0].role`"),
        ("yield {}['messages']", "own.py:6: KeyError: 'messages'"),
    ],
)
def test_a_mistake_of_ones_own_importer_is_told_as_ones_own(
    body: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, log = tmp_path / "own.py", tmp_path / "log.txt"
    own.write_text(
        "from perturb import Message, Recording, importer\n\n\n"
        "@importer('faulty', recognises=lambda head, path: head.startswith(b'FAULTY'))\n"
        f"def faulty(path):\n    {body}\n"
    )
    log.write_text("FAULTY\n")
    try:
        assert main(["import", str(log), "--load", str(own), "--out", str(tmp_path / "out.jsonl")]) == 2
    finally:
        registry.IMPORTERS.pop("faulty", None)
    error = capsys.readouterr().err
    assert "the importer 'faulty' failed" in error
    assert told in error
    assert "Traceback" not in error


def test_an_importer_of_ones_own_is_one_small_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "own.py"
    own.write_text(
        "from perturb import Message, Recording, importer\n\n\n"
        "@importer('dialogue', recognises=lambda head, path: head.startswith(b'DIALOGUE'))\n"
        "def dialogue(path):\n"
        "    said = [line.partition(': ')[::2] for line in path.read_text().splitlines()[1:]]\n"
        "    yield Recording('talk', 'dialogue', tuple(Message(role, text) for role, text in said), where=str(path))\n"
    )
    talk = tmp_path / "talk.txt"
    talk.write_text("DIALOGUE\nuser: Good morning, what do you sell?\nassistant: Bread and cakes.\n")
    out = tmp_path / "run"
    asked = said(capsys, "run", "--load", own, "--fixture", talk, "--agent", "perfect", *ONE, "--out", out)
    assert asked["oracles"]["agreement"]["decisions"] == 1


TEST = """
import pytest


@pytest.mark.perturb(fixtures=["mine.jsonl"], scaffolds=["recorded"], operators=["tools.rename_tool", "user.casing"])
def test_own(perturb_decision):
    assert not perturb_decision.hurt
"""


def pytest_in(folder: Path, *arguments: str) -> str:
    """The last line of a pytest run."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip().splitlines()[-1]


def test_pytest_and_allure_take_it(log: Path) -> None:
    (log.parent / "test_own.py").write_text(TEST)
    assert pytest_in(log.parent, "--perturb-agent", "perfect").startswith("5 passed")
    told = pytest_in(log.parent, "--perturb-agent", "memorises_tool_names", "--alluredir", "allure")
    assert told.startswith("1 failed, 4 passed")
    results = [json.loads(path.read_text()) for path in (log.parent / "allure").glob("*-result.json")]
    assert {one["status"] for one in results} == {"passed", "failed"}


def test_hypothesis_draws_from_it(log: Path) -> None:
    drawn: set[str] = set()

    @settings(max_examples=20, database=None)
    @given(cases(fixtures=[str(log)], scaffolds=["recorded"]))
    def draw(case: Case) -> None:
        drawn.add(case.id)

    draw()
    assert drawn == {"mine@1", "mine@2", "mine@3"}
