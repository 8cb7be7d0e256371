"""perturb audit: what most base answers do instead of the gold, judged by one edit, applied by one command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perturb.cli.main import main
from perturb.trajectories.loading import shipped_folder


@pytest.fixture
def run(tmp_path: Path) -> tuple[Path, Path]:
    """A user's fixture, and a run on it of an agent that edits another line than the gold."""
    data = json.loads((shipped_folder() / "cli" / "cli-duplicate-port.json").read_text())
    fixture = tmp_path / "mine.json"
    fixture.write_text(json.dumps({**data, "id": "mine"}, indent=2) + "\n")
    out = tmp_path / "run"
    named = ["--fixture", str(fixture), "--scaffold", "claude_code_like", "--operator", "thinking.strip_all"]
    assert main(["run", "--agent", "edits_the_neighbour", *named, "--out", str(out), "--samples", "2"]) == 0
    return fixture, out


def entries(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((out / "audit.json").read_text())
    return found


def test_what_most_answers_do_is_listed_with_what_the_world_says(run: tuple[Path, Path], capsys: Any) -> None:
    fixture, out = run
    assert main(["audit", str(out)]) == 1
    (entry,) = entries(out)
    assert (entry["step"], entry["decision"], entry["answers"]) == ("mine@2", "?", "2 of 2")
    assert "changed /code/harbor/compose.yaml" in entry["world"][0]
    assert any(line.strip().startswith("+") and line.endswith("changed") for line in entry["world"])
    assert fixture.read_text().splitlines()[entry["line"] - 1].strip() == "{"
    shown = capsys.readouterr().out
    assert "gold:" in shown
    assert f"{fixture}: line {entry['line']}" in shown


def test_an_accepted_answer_is_right_from_then_on(run: tuple[Path, Path]) -> None:
    fixture, out = run
    main(["audit", str(out)])
    file = out / "audit.json"
    file.write_text(file.read_text().replace('"?"', '"accept"'))
    assert main(["audit", "--apply", str(file)]) == 0
    step = [turn for turn in json.loads(fixture.read_text())["turns"] if "user" not in turn][1]
    assert step["accept"][-1] == entries(out)[0]["accept"]
    before = fixture.read_text()
    assert main(["audit", "--apply", str(file)]) == 0
    assert fixture.read_text() == before
    assert main(["audit", str(out)]) == 0
    assert entries(out) == []


def test_a_rejected_answer_is_not_asked_about_again(run: tuple[Path, Path]) -> None:
    fixture, out = run
    before = fixture.read_text()
    main(["audit", str(out)])
    file = out / "audit.json"
    file.write_text(file.read_text().replace('"?"', '"reject"'))
    assert main(["audit", "--apply", str(file)]) == 0
    assert fixture.read_text() == before
    assert main(["audit", str(out)]) == 0
    assert [entry["decision"] for entry in entries(out)] == ["reject"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"decision": "yes"}, "entry 0: decision: 'yes' is none of"),
        ({"step": "mine@x"}, "entry 0: step"),
        ({"accept": 3}, "entry 0: accept"),
        ({"decision": "accept", "step": "mine@99"}, "has no step 99"),
        ({"decision": "accept", "accept": [{"action": "fs.fly", "args": {}}]}, "fs.fly"),
    ],
)
def test_what_cannot_be_applied_is_named_and_changes_nothing(
    run: tuple[Path, Path], capsys: Any, change: dict[str, Any], words: str
) -> None:
    fixture, out = run
    before = fixture.read_text()
    main(["audit", str(out)])
    file = out / "audit.json"
    file.write_text(json.dumps([{**entries(out)[0], **change}]))
    assert main(["audit", "--apply", str(file)]) == 2
    assert words in capsys.readouterr().err
    assert fixture.read_text() == before
