"""The pytest plugin, in real pytest runs of a user's project."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

from tests.loopback import Server, ok

MINE = """
import pytest
from perturb import assert_calls, assert_correct, assert_no_drop, assert_robust, assert_unhurt

@pytest.mark.perturb(
    operators=["tools.rename_tool", "user.typos"],
    scaffolds=["mini_agent", "playwright_mcp_like"],
    fixtures=["cli-csv-count", "browser-form"],
)
def test_decision(perturb_decision):
    assert_correct(perturb_decision)

@pytest.mark.perturb(operators=["tools.*_names", "user.*"], limit=30)
def test_cell(perturb_cell):
    assert_no_drop(perturb_cell)

@pytest.mark.perturb(operators=["user.*"], limit=30)
def test_campaign(perturb_campaign):
    assert_robust(perturb_campaign, part="user", margin=0.2)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "test_mine.py").write_text(MINE)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    return tmp_path


def pytest_in(
    folder: Path, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **(environment or {})}
    )


def collected(folder: Path, *arguments: str) -> list[str]:
    out = pytest_in(folder, "--collect-only", *arguments).stdout
    return [line for line in out.splitlines() if "::" in line]


def records(folder: Path) -> list[bytes]:
    return sorted((folder / "journal.jsonl").read_bytes().splitlines())


def test_ids_are_enumerated_stable_and_select(project: Path) -> None:
    every = collected(project)
    assert every == collected(project)
    assert any("cli-csv-count@1/mini_agent+tools.rename_tool[" in line for line in every)
    chosen = collected(project, "-k", "rename_tool and browser")
    assert chosen
    assert all("rename_tool" in line and "browser" in line for line in chosen)
    assert len(set(every)) == len(every)
    assert not (project / "runs").exists()


def test_no_choice_is_made_twice(project: Path) -> None:
    """An option beats the ini file; both narrow what the marker selects."""
    (project / "pytest.ini").write_text("[pytest]\nperturb_agent = null\nperturb_operator = user.*\n")
    assert not any("rename_tool" in line for line in collected(project))
    chosen = collected(
        project, "--perturb-operator", "tools.rename_*", "--perturb-scaffold", "mini_agent", "-k", "decision"
    )
    assert chosen
    assert all("mini_agent+tools.rename_tool" in line for line in chosen), chosen
    narrow = collected(project, "--perturb-operator", "tools.rename_*", "--perturb-fixture", "cli-*", "-k", "decision")
    assert narrow
    assert all("[cli-csv-count@" in line for line in narrow), narrow
    assert not any("@" in line for line in collected(project, "--perturb-fixture", "ide-*", "-k", "decision"))
    done = pytest_in(project, "--perturb-agent", "perfect", "-k", "decision and typos")
    assert done.returncode == 0, done.stdout
    assert "simulated agent: perfect" in done.stdout


def test_patience_is_an_option(project: Path) -> None:
    """And a run that goes on keeps its own."""
    chosen = ("--perturb-agent", "looks_first", "-k", "decision and typos and mini_agent", "--perturb-out", "out")
    pytest_in(project, *chosen, "--perturb-patience", "0")
    kept = [orjson.loads(line) for line in records(project / "out")]
    assert kept
    assert {(record["detours"], len(record["rounds"])) for record in kept} == {(0, 0)}
    again = pytest_in(project, *chosen, "--perturb-resume", "out")
    assert "out: was run with --perturb-patience 0" in again.stdout + again.stderr
    more = pytest_in(project, *chosen[:-1], "other")
    assert more.returncode == 0, more.stdout
    assert any(orjson.loads(line)["detours"] for line in records(project / "other"))


@pytest.mark.parametrize("option", [("operator", "results.timeout"), ("scaffold", "cline_like"), ("fixture", "ide-*")])
def test_options_that_leave_nothing_skip(project: Path, option: tuple[str, str]) -> None:
    marker = 'operators=["tools.rename_tool"], scaffolds=["mini_agent"], fixtures=["cli-csv-count"]'
    (project / "test_mine.py").write_text(
        "import pytest\n"
        + "".join(
            f"@pytest.mark.perturb({marker})\ndef test_{name}(perturb_{name}):\n    assert 0\n"
            for name in ("decision", "cell", "campaign")
        )
    )
    name, value = option
    done = pytest_in(project, "--perturb-agent", "perfect", f"--perturb-{name}", value, "-rs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 skipped" in done.stdout
    assert "leave nothing of what this test selects" in done.stdout


def test_workers_change_nothing(project: Path) -> None:
    seen = []
    for workers in ("0", "2", "4"):
        out = f"out-{workers}"
        done = pytest_in(project, "--perturb-agent", "memorises_tool_names", "-n", workers, "-rA", "--perturb-out", out)
        lines = [line for line in done.stdout.splitlines() if line.startswith(("PASSED", "FAILED"))]
        seen.append((sorted(line.split(" - ")[0] for line in lines), records(project / out)))
    outcomes, kept = seen[0]
    assert {line.split()[0] for line in outcomes} == {"PASSED", "FAILED"}
    assert len(kept) > len(outcomes)
    assert seen[0] == seen[1] == seen[2]


def test_a_failure_says_what_a_person_needs(project: Path) -> None:
    (project / "test_mine.py").write_text(MINE.replace("tools.rename_tool", "tools.namespace_prefix"))
    done = pytest_in(project, "--perturb-agent", "memorises_tool_names", "-k", "decision and namespace", "-x")
    assert done.returncode == 1
    for part in (
        "what changed (the base was right):",
        "{+",
        "expected: ",
        "got:      ",
        "wrong_tool",
        "replay:   perturb",
    ):
        assert part in done.stdout
    name = next(line for line in done.stdout.splitlines() if "replay:" in line).split("'")[1]
    again = [sys.executable, "-m", "perturb.cli.main", "replay", name, "--run", "runs/pytest-1"]
    assert subprocess.run(again, cwd=project, capture_output=True, check=False).returncode == 1


def servers_answer(server: Server) -> None:
    server.reply = lambda *_: ok({"content": "I would rather not."})


def test_a_server_that_fails_makes_errors_and_no_failures(project: Path, server: Server) -> None:
    server.reply = lambda *_: (400, {}, b"no such thing")
    done = pytest_in(project, "--perturb-base-url", server.url, "-k", "decision and typos and mini_agent")
    assert done.returncode == 1
    assert "failed" not in done.stdout.splitlines()[-1]
    assert "error" in done.stdout.splitlines()[-1]
    assert "the engine gave no answer: http_400" in done.stdout
    kept = [orjson.loads(line) for line in records(project / "runs" / "pytest-1")]
    assert kept
    assert all(record["failure"]["kind"] == "http_400" and record["verdict"] is None for record in kept)


def test_one_engine_answers_all_workers_once(project: Path, server: Server) -> None:
    servers_answer(server)
    done = pytest_in(project, "--perturb-base-url", server.url, "-n", "3", "-k", "decision", "--perturb-out", "out")
    assert done.returncode == 1
    asked = [orjson.dumps([a["messages"], a.get("tools"), a.get("seed")]) for a in server.asked]
    assert len(asked) == len(set(asked))
    ids = {orjson.loads(line)["id"] for line in records(project / "out")}
    assert len(asked) <= len(ids)


def test_only_what_was_selected_is_asked(project: Path, server: Server) -> None:
    servers_answer(server)
    pytest_in(project, "--perturb-base-url", server.url, "-k", "decision and typos and mini_agent")
    kept = [orjson.loads(line) for line in records(project / "runs" / "pytest-1")]
    assert {r["operator"] for r in kept if r["kind"] == "perturbed"} == {"user.typos"}
    assert len(server.asked) == len(kept)


def test_an_interrupted_run_goes_on(project: Path, server: Server) -> None:
    def slow(number: int, _: object) -> tuple[int, dict[str, str], bytes]:
        time.sleep(0.02 if number < 10 else 0.2)
        return ok({"content": "No."})

    server.reply = slow
    command = [sys.executable, "-m", "pytest", "-q", "--perturb-base-url", server.url, "-k", "campaign"]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.DEVNULL, start_new_session=True) as running:
        log = project / "runs" / "pytest-1" / "answers.jsonl"
        while not log.exists() or log.read_bytes().count(b"\n") < 20:
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGKILL)
    answered = log.read_bytes().count(b"\n")
    before = len(server.asked)
    servers_answer(server)
    done = pytest_in(project, "--perturb-base-url", server.url, "-k", "campaign", "--perturb-resume")
    assert done.returncode == 1
    needed = len(records(project / "runs" / "pytest-1"))
    assert not (project / "runs" / "pytest-2").exists()
    # At most what was known: equal requests of different names are one answer.
    assert len(server.asked) - before <= needed - answered


BAD: list[tuple[Sequence[str], str]] = [
    ([], "no model: give --perturb-base-url, --perturb-model or --perturb-agent"),
    (["--perturb-agent", "perfekt"], "unknown agent 'perfekt'; did you mean 'perfect'?"),
    (["--perturb-agent", "perfect", "--perturb-operator", "toolz.*"], "unknown operator 'toolz.*'"),
    (["--perturb-agent", "perfect", "--perturb-scaffold", "nano_agent"], "did you mean 'mini_agent'?"),
    (["--perturb-agent", "perfect", "--perturb-seed", "x"], "--perturb-seed: 'x' is no whole number"),
    (["--perturb-base-url", "http://127.0.0.1:9/v1"], "127.0.0.1:9"),
    (["--perturb-agent", "perfect", "--perturb-load", "none.py"], "none.py: no such file"),
    (["--perturb-agent", "perfect", "--perturb-resume"], "no run to resume"),
    (["--perturb-agent", "perfect", "--perturb-out", "pytest.ini"], "pytest.ini"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[message[:30] for _, message in BAD])
def test_bad_input_is_one_clear_message(project: Path, arguments: Sequence[str], message: str) -> None:
    done = pytest_in(project, *arguments)
    said = done.stdout + done.stderr
    assert done.returncode in (2, 4), said
    assert message in said
    assert "Traceback" not in said
    assert "INTERNALERROR" not in said


@pytest.mark.vllm
def test_a_model_that_is_not_there(project: Path) -> None:
    done = pytest_in(project, "--perturb-model", "/no/such/model")
    assert done.returncode == 4
    assert "/no/such/model" in done.stdout + done.stderr


def test_a_marker_that_is_wrong(project: Path) -> None:
    (project / "test_mine.py").write_text(MINE.replace("limit=30", "limits=30"))
    done = pytest_in(project, "--perturb-agent", "perfect")
    assert done.returncode == 2
    assert "does not take limits" in done.stdout + done.stderr


def test_a_folder_that_cannot_be_written(project: Path) -> None:
    (project / "runs").write_text("a file, where a folder is to be made")
    done = pytest_in(project, "--perturb-agent", "perfect")
    assert done.returncode == 4
    assert "runs" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_project_that_does_not_use_it_sees_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_plain.py").write_text(
        "import sys\ndef test_plain():\n"
        "    loaded = {name.split('.')[0] for name in sys.modules}\n"
        "    assert 'scaffolds' not in loaded\n"
        "    ours = [name for name in sys.modules if name.startswith('perturb.')]\n"
        "    assert set(ours) <= {'perturb.testing', 'perturb.testing.plugin'}\n"
    )
    plain = ("-p", "no:allure_pytest", "-p", "no:hypothesispytest", "-p", "no:xdist", "-p", "no:cacheprovider")
    with_plugin, without = pytest_in(tmp_path, *plain), pytest_in(tmp_path, *plain, "-p", "no:perturb")
    assert with_plugin.returncode == 0, with_plugin.stdout
    assert with_plugin.stdout.split(" in ")[0] == without.stdout.split(" in ")[0]
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / ".perturb").exists()


def test_a_property_test_over_the_model(project: Path) -> None:
    (project / "test_mine.py").write_text(
        "from hypothesis import given, settings\n"
        "from perturb import assert_correct, batched, strategies\n"
        "@batched\n@settings(max_examples=60, deadline=None)\n"
        "@given(item=strategies.decisions(operators=['tools.*'], steps=2))\n"
        "def test_tools(perturb_model, item):\n    assert_correct(perturb_model(item))\n"
    )
    assert pytest_in(project, "--perturb-agent", "perfect").returncode == 0
    done = pytest_in(project, "--perturb-agent", "memorises_tool_names")
    assert done.returncode == 1
    assert "minimal:  tools." in done.stdout
    # The line of the test, and no frame of the plugin's or of the batching.
    assert ">       assert_correct(perturb_model(item))" in done.stdout
    assert "speculation.py" not in done.stdout
    assert "plugin.py" not in done.stdout
    assert "@example(item=item_of('" in done.stdout
    kept = list((project / ".perturb" / "examples").iterdir())
    assert [path.name for path in kept] == ["test_mine.test_tools.txt"]


def test_a_hostile_path_drives_no_terminal(project: Path) -> None:
    odd = project / "x\x1b]0;owned\x07\u202e"
    odd.mkdir()
    (odd / "bad.json").write_text('{"id": 1}')
    done = pytest_in(project, "--perturb-agent", "perfect", "--perturb-fixture", str(odd))
    assert done.returncode != 0
    assert not any(mark in done.stdout + done.stderr for mark in ("\x1b]0", "\x07", "\u202e"))
