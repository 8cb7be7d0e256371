"""Trajectories go out in every form: recordings of every format, decisions with and without perturbation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perturb.core.registry import load_builtin
from perturb.formats.m2.template import END_MARK
from perturb.recordings.registry import EXPORTERS, HEAD, IMPORTERS
from perturb.recordings.values import Message, Recording
from tests.attack._command import command
from tests.recordings.samples import BAD, CHAT, SAMPLES, TOOL, written

load_builtin()
FORMS = ("openai", "anthropic", "atif", "inspect", "sft", "m2-text")
GOOD = [message for message in CHAT[:7] if message.get("tool_call_id") != "c2"]
GOOD[2] = {**GOOD[2], "tool_calls": GOOD[2]["tool_calls"][:1]}


def read(form: str, path: Path) -> list[Recording]:
    return [one for one in IMPORTERS[form].read(path) if isinstance(one, Recording)]


def told(message: Message) -> tuple[Any, ...]:
    """What a message says, however it is written."""
    calls = [(call.id, call.name, call.args if call.args is not None else call.raw) for call in message.calls]
    return message.role, message.text, message.thinking, calls, message.answers


@pytest.mark.parametrize("target", ["openai", "anthropic", "atif", "inspect", "sft"])
@pytest.mark.parametrize(("form", "name"), SAMPLES)
def test_any_format_goes_into_any_other_and_back(tmp_path: Path, form: str, name: str, target: str) -> None:
    """What is read of the export says what the source says: texts, thinking, calls, results, in their order."""
    from perturb.recordings.linked import linked

    for found in read(form, written(tmp_path, form, name)):
        if form == target:
            continue
        out = json.loads(json.dumps(EXPORTERS[target](found)))
        path = tmp_path / "out.json"
        path.write_text(json.dumps({"samples": [out]} if target == "inspect" else out))
        (again,) = read("openai" if target == "sft" else target, path)
        kept = [told(m) for m in linked(found.messages) if told(m)[1:] != ("", "", [], "")]
        have = [told(m) for m in again.messages if told(m)[1:] != ("", "", [], "")]
        if target != "anthropic":
            assert have == kept
        else:
            # Neighbouring words of one side are one message there; words of the system later on are its own.
            assert [row[3] for row in have if row[3]] == [row[3] for row in kept if row[3]]
            assert "".join(row[1] for row in have if row[0] != "system").split() == "".join(
                row[1] for row in kept if row[0] != "system"
            ).split() or any(row[0] == "system" for row in kept[1:])


def test_arguments_that_are_no_json_leave_as_they_came(tmp_path: Path) -> None:
    found = read("openai", written(tmp_path, "openai", "body.json"))[0]
    assert (
        BAD in json.loads(json.dumps(EXPORTERS["sft"](found)))["messages"][2]["tool_calls"][1]["function"]["arguments"]
    )


def test_what_to_train_on_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"messages": GOOD, "tools": [TOOL]}) + "\n")
    found = read("openai", path)[0]
    row = EXPORTERS["sft"](found)
    assert [row["messages"][place]["role"] for place in row["train"]] == ["assistant"] * 2
    text = EXPORTERS["m2-text"](found)
    parts = [text["text"][first:end] for first, end in text["train"]]
    assert parts[0].startswith("Look first.\n</think>")
    assert '<parameter name="path">/code/a.py</parameter>' in parts[0]
    assert all(part.endswith(END_MARK) and part.count(END_MARK) == 1 for part in parts)
    assert "print(1)" not in "".join(parts)


@pytest.mark.parametrize("form", FORMS)
def test_the_command_writes_recordings_and_decisions(tmp_path: Path, form: str) -> None:
    mine, out = tmp_path / "mine.jsonl", tmp_path / "out"
    mine.write_text(json.dumps({"messages": GOOD, "tools": [TOOL]}) + "\n")
    plain = command("export", str(mine), "--format", form, "--out", str(out))
    assert (plain.code, "1 trajectories" in plain.err) == (0, True), plain.err
    whole = out.read_text()
    assert "It prints 1." in whole
    assert "Look first." in whole
    done = command("export", str(mine), "--format", form, "--operator", "user.say_it_twice", "--out", str(out))
    assert done.code == 0, done.err
    assert out.read_text().count("It prints 1.") >= 1
    rows = json.loads(out.read_text())["samples"] if form == "inspect" else out.read_text().splitlines()
    assert len(rows) >= 2


def test_a_decision_marks_its_right_answer_alone(tmp_path: Path) -> None:
    mine, out = tmp_path / "mine.jsonl", tmp_path / "out.jsonl"
    mine.write_text(json.dumps({"messages": GOOD, "tools": [TOOL]}) + "\n")
    assert command("export", str(mine), "--format", "sft", "--scaffold", "recorded", "--out", str(out)).code == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert rows
    for row in rows:
        assert row["train"] in ([len(row["messages"]) - 1], [])
        assert row["id"].startswith("mine@")


def test_a_known_form_is_needed(tmp_path: Path) -> None:
    done = command("export", str(tmp_path / "none.jsonl"), "--format", "sft", "--out", str(tmp_path / "out"))
    assert done.one_line(2, "none.jsonl")
    assert not (tmp_path / "out").exists()


def test_exports_are_recognised(tmp_path: Path) -> None:
    found = read("openai", written(tmp_path, "openai", "body.json"))[0]
    for form in ("anthropic", "atif"):
        data = json.dumps(EXPORTERS[form](found)).encode()
        assert [n for n, one in IMPORTERS.items() if one.recognises(data[:HEAD], tmp_path / "x.json")] == [form]


def test_recordings_without_tools_take_those_of_a_list(tmp_path: Path) -> None:
    mine, tools, out = tmp_path / "mine.jsonl", tmp_path / "tools.json", tmp_path / "out.jsonl"
    mine.write_text(json.dumps({"messages": GOOD}) + "\n" + json.dumps({"messages": GOOD, "tools": []}) + "\n")
    spec = TOOL["function"]
    tools.write_text(json.dumps({"tools": [{"name": spec["name"], "inputSchema": spec["parameters"]}]}))  # type: ignore[index]
    assert command("import", str(mine), "--tools", str(tools), "--out", str(out)).code == 0
    kept = [json.loads(line)["recording"]["tools"] for line in out.read_text().splitlines()]
    assert [[tool["name"] for tool in some] for some in kept] == [["read_file"], []]
    assert command("import", str(mine), "--tools", str(mine), "--out", str(out)).one_line(2, "mine.jsonl")
