"""The command line as a person or a program meets it: real processes, real files, real signals."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from perturb.cli import again
from perturb.core.errors import UserError

ROOT = Path(__file__).parents[2]
Done = subprocess.CompletedProcess[str]


def perturb(*arguments: str, cwd: Path | None = None) -> Done:
    command = [sys.executable, "-m", "perturb.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd or ROOT, timeout=300, check=False)


def one_line_error(done: Done, *words: str) -> None:
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def test_a_run_prints_exactly_one_json_object(tmp_path: Path) -> None:
    done = perturb("run", "--agent", "perfect", "--limit", "2", "--out", str(tmp_path / "run"), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["simulated"] is True
    assert found["counts"]["joint"] == found["counts"]["scored"] == found["counts"]["requests"] > 50
    for name in ("by_part", "by_scaffold", "by_operator"):
        for row in found[name].values():
            assert {"n", "base", "perturbed", "difference", "interval"} <= row.keys()
    page = (tmp_path / "run" / "report.html").read_text()
    assert "Simulated agent" in page
    assert "http://" not in page


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("operators", {"name", "part", "relation", "summary"}),
        ("scaffolds", {"name", "family", "protocol", "result_role", "home"}),
        ("fixtures", {"id", "family", "decisions"}),
        ("agents", {"name", "defect", "summary"}),
        ("scorers", {"name", "summary"}),
        ("checks", {"name", "summary"}),
        ("formats", {"name", "summary"}),
    ],
)
def test_lists(kind: str, keys: set[str]) -> None:
    rows = json.loads(perturb("list", kind, "--json").stdout)
    assert rows
    assert all(
        keys <= row.keys() and all(row[key] not in (None, "") or key == "defect" for key in keys) for row in rows
    )


def test_what_ships_is_as_much_as_promised() -> None:
    rows = json.loads(perturb("list", "operators", "--json").stdout)
    parts = [row["part"] for row in rows]
    assert len(rows) >= 32
    assert all(parts.count(part) >= 4 for part in set(parts))
    assert len(set(parts)) == 8
    assert {row["relation"] for row in rows} == {"invariant", "equivariant", "directional"}
    fixtures = json.loads(perturb("list", "fixtures", "--json").stdout)
    count = {f: sum(row["family"] == f for row in fixtures) for f in ("cli", "ide", "browser", "search", "service")}
    assert all(count[f] >= least for f, least in zip(count, (12, 10, 12, 8, 6), strict=True)), count
    assert sum(row["decisions"] for row in fixtures) >= 200


def test_unknown_names_suggest_the_nearest(tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "x")]
    one_line_error(perturb("run", "--agent", "perfct", *out), "perfct", "perfect")
    one_line_error(perturb("run", "--agent", "perfect", "--operator", "tools.renam_tool", *out), "tools.rename_tool")
    one_line_error(perturb("run", "--agent", "perfect", "--scaffold", "cline_lik", *out), "cline_like")
    one_line_error(perturb("run", "--agent", "perfect", "--fixture", "cli-retry-budgt", *out), "cli-retry-budget")
    assert not (tmp_path / "x").exists()


def test_models_that_are_not_there(tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "x")]
    one_line_error(perturb("run", "--base-url", "http://127.0.0.1:9/v1", *out), "127.0.0.1:9")
    one_line_error(perturb("run", "--model", str(tmp_path / "no-model"), *out), "no-model")


def test_a_malformed_fixture_names_file_line_and_field(tmp_path: Path) -> None:
    source = json.loads((ROOT / "fixtures/cli/cli-retry-budget.json").read_text())
    source["turns"][1]["do"][0]["args"] = "not an object"
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(source, indent=1))
    line = next(n for n, text in enumerate(bad.read_text().splitlines(), 1) if "not an object" in text)
    out = str(tmp_path / "x")
    done = perturb("run", "--agent", "perfect", "--fixture", str(bad), "--out", out)
    one_line_error(done, "bad.json", f"line {line}", "turns.1.do.0.args")
    bad.write_text('{"version": 1,\n "id": }')
    one_line_error(perturb("run", "--agent", "perfect", "--fixture", str(bad), "--out", out), "bad.json", "line 2")


@pytest.mark.parametrize(
    ("check", "params", "said"),
    [
        ("text.end_with", {"value": "//"}, "unknown check 'text.end_with'; did you mean 'text.ends_with'?"),
        ("text.ends_with", {}, "text.ends_with needs the parameter 'value'"),
        ("text.max_words", {"n": "many"}, "text.max_words: 'n' is not a whole number"),
        ("text.lacks", {"words": [1]}, "text.lacks: 'words' is not a list of texts"),
    ],
)
def test_a_rule_that_cannot_be_checked_is_named(tmp_path: Path, check: str, params: dict[str, Any], said: str) -> None:
    fixture = json.loads((ROOT / "fixtures" / "cli" / "cli-csv-count.json").read_text())
    fixture["instructions"][1] |= {"check": check, "params": params}
    (tmp_path / "mine.json").write_text(json.dumps(fixture, indent=1))
    done = perturb("run", "--agent", "perfect", "--fixture", "mine.json", cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "mine.json: line " in done.stderr
    assert "instructions.1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--model", "./missing"), "no such model folder"),
        (("--model", "EMPTY"), "config.json"),
        (("--model", "EMPTY", "--ray", "--replicas", "0"), "--replicas"),
        (("--model", "HALF", "--engine-arg", "dtype"), "not KEY=VALUE"),
        (("--model", "HALF", "--lora", "tuned"), "not NAME=PATH"),
        (("--model", "HALF", "--lora", "tuned=./missing"), "adapter_config.json"),
        (("--model", "HALF", "--chat-template", "missing.jinja"), "missing.jinja"),
        (("--agent", "perfect", "--format", "m22"), "did you mean 'm2'"),
    ],
)
def test_a_model_that_cannot_be_loaded_is_one_line(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    (tmp_path / "EMPTY").mkdir()
    (tmp_path / "HALF").mkdir()
    (tmp_path / "HALF" / "config.json").write_text("{}", "utf-8")
    one_line_error(perturb("run", *options, "--limit", "1", cwd=tmp_path), said)


def test_a_folder_of_another_run_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "run"
    first = perturb("run", "--agent", "perfect", "--limit", "1", "--out", str(out))
    assert first.returncode == 0
    before = (out / "journal.jsonl").read_bytes()
    one_line_error(perturb("run", "--agent", "null", "--limit", "1", "--out", str(out)), "another run", "model")
    assert (out / "journal.jsonl").read_bytes() == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    one_line_error(perturb("run", "--agent", "perfect", "--out", str(tmp_path / "mine")), "not empty")


def test_a_killed_run_resumes_to_the_same_journal(tmp_path: Path) -> None:
    arguments = ["run", "--agent", "perfect", "--limit", "40", "--out"]
    command = [sys.executable, "-m", "perturb.cli.main", *arguments, str(tmp_path / "killed")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = tmp_path / "killed" / "journal.jsonl"
    while process.poll() is None and not (journal.exists() and journal.stat().st_size > 200_000):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    # A torn last line, as a kill in the middle of a write leaves it.
    journal.write_bytes(journal.read_bytes()[:-20])
    kept = journal.read_bytes().count(b"\n")
    assert perturb("resume", str(tmp_path / "killed")).returncode == 0
    assert perturb(*arguments, str(tmp_path / "whole")).returncode == 0
    assert 0 < kept < journal.read_bytes().count(b"\n")
    assert journal.read_bytes() == (tmp_path / "whole" / "journal.jsonl").read_bytes()


def test_show_and_score(tmp_path: Path) -> None:
    out = tmp_path / "run"
    perturb("run", "--agent", "memorises_tool_names", "--limit", "3", "--operator", "tools.*", "--out", str(out))
    records = [json.loads(line) for line in (out / "journal.jsonl").read_text().splitlines()]
    wrong = next(r for r in records if r["verdict"]["outcome"] == "wrong_tool")
    shown = perturb("show", wrong["id"], "--run", str(out))
    assert shown.returncode == 0, shown.stderr
    assert all(word in shown.stdout for word in ("wrong_tool", "what changed", "prompt", "expected", "simulated"))
    before = (out / "journal.jsonl").read_bytes()
    assert perturb("score", str(out)).returncode == 0
    assert (out / "journal.jsonl").read_bytes() == before
    one_line_error(perturb("show", "nothing@1/here#0", "--run", str(out)), "nothing@1")


USER_MODULE = '''
from dataclasses import replace
from perturb import Score, Section, agent, ideal, operator, scorer

@operator(part="system", relation="invariant")
def add_motto(case, draw):
    """Add a motto to the system prompt."""
    motto = draw.choice(["Measure twice.", "Less is more."])
    return replace(case, system=(*case.system, Section("Motto", motto, "operator")))

@operator(part="system", relation="invariant")
def broken(case, draw):
    """Forgets to change anything."""
    return replace(case, lineage=("x",))

@agent()
def mine(case, base):
    """The ideal answer, from a user's file."""
    return ideal(case)

@scorer
def brevity(case, answer, verdict):
    """Whether the message is short."""
    return Score(1.0 if len(answer.reply.text) < 2000 else 0.0)
'''


def test_a_users_own_module(tmp_path: Path) -> None:
    module = tmp_path / "mine.py"
    module.write_text(USER_MODULE)
    names = [row["name"] for row in json.loads(perturb("list", "operators", "--json", "--load", str(module)).stdout)]
    assert "system.add_motto" in names
    selected = ["--operator", "system.add_motto", "--limit", "3", "--out", str(tmp_path / "run"), "--json"]
    found = json.loads(perturb("run", "--agent", "mine", "--load", str(module), *selected).stdout)
    assert found["by_operator"]["system.add_motto"]["n"] == 3
    assert found["scores"]["brevity"] == 1.0
    checked = perturb("check", str(module), "--json")
    assert checked.returncode == 1
    assert {breach["name"] for breach in json.loads(checked.stdout)} == {"system.broken"}


def test_check_looks_at_what_a_file_brings(tmp_path: Path) -> None:
    fixture = tmp_path / "mine.json"
    fixture.write_bytes((ROOT / "fixtures" / "cli" / "cli-csv-count.json").read_bytes())
    done = perturb("check", str(fixture))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every law holds for cli-csv-count" in done.stderr
    assert "of 55 fixtures" not in done.stderr, "what was looked at is one fixture"
    for name, text in (("empty.py", "x = 1\n"), ("notes.txt", "x"), ("bad.json", "{}")):
        (tmp_path / name).write_text(text)
        one_line_error(perturb("check", str(tmp_path / name)), name)


def test_a_broken_module_is_one_line(tmp_path: Path) -> None:
    module = tmp_path / "bad.py"
    module.write_text("import nothing_of_that_name\n")
    one_line_error(perturb("list", "operators", "--load", str(module)), "bad.py", "nothing_of_that_name")


def test_an_agent_that_breaks_is_a_failure_of_the_run(tmp_path: Path) -> None:
    module = tmp_path / "mine.py"
    module.write_text(
        "from perturb import agent\n"
        "@agent()\n"
        "def broken(case, base):\n"
        "    'Raises on everything that was perturbed.'\n"
        "    if case.lineage:\n"
        "        raise KeyError('tool')\n"
        "    from perturb import ideal\n"
        "    return ideal(case)\n"
    )
    out = str(tmp_path / "run")
    done = perturb("run", "--agent", "broken", "--load", str(module), "--limit", "2", "--out", out, "--json")
    assert done.returncode == 3
    counts = json.loads(done.stdout)["counts"]
    assert counts["failed"] == counts["perturbed"] > 0
    assert counts["joint"] == counts["scored"] == counts["base"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--agent", "perfect", "--extra-body", "{"), "--extra-body: not JSON"),
        (("--agent", "perfect", "--fixture", "EMPTY"), "no fixture here"),
        (("--agent", "perfect", "--fixture", ""), "--fixture: is empty"),
        (("--agent", "perfect", "--fixture", "DEEP"), "more than"),
    ],
)
def test_what_no_run_can_be_made_of(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """A folder without fixtures, one that is half a disk, an option for a server that is not there."""
    (tmp_path / "EMPTY").mkdir()
    for number in range(1_100 if "DEEP" in arguments else 0):
        (tmp_path / "DEEP" / str(number)).mkdir(parents=True)
    named = [str(tmp_path / one) if one in ("EMPTY", "DEEP") else one for one in arguments]
    command = [sys.executable, "-m", "perturb.cli.main", "run", *named, "--limit", "1", "--out", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_template_that_a_folder_names_is_read_only_when_it_is_named_again() -> None:
    engine = {"base_url": [], "model": "m", "engine_args": [], "chat_template": "/etc/passwd"}
    manifest = {"engine": engine, "sampling": {}, "selection": {"seed": 0}}
    options = argparse.Namespace(base_url=(), model="m", engine_args=[], chat_template="")
    with pytest.raises(UserError, match="--chat-template /etc/passwd"):
        again.settings(Path("run"), manifest, options)
