"""Cleaning rules: what each is for is found, proven examples and usual conversations are not blamed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from perturb.core.registry import OPERATORS, load_builtin
from perturb.core.values import Call, Instruction, Reply
from perturb.synthesis.cleaning import RULES, Talk, faults
from perturb.synthesis.decisions import decisions
from perturb.synthesis.examples import Left, Wanted, examples, row

load_builtin()


def tool(name: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"path": {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "description": "", "parameters": schema}}


CALL = Call("read_file", {"path": "a.py"})
GOOD = Talk(
    ({"role": "user", "content": "Show me a.py, s'il vous plaît."},),
    Reply("I should call read_file first.", "", (CALL,)),
    (tool("read_file"), tool("list_files")),
)
ASKED = {"role": "assistant", "tool_calls": [{"function": {"name": "read_file", "arguments": '{"path": "a.py"}'}}]}


def after(result: str) -> Talk:
    return replace(GOOD, before=(*GOOD.before, ASKED, {"role": "tool", "content": result}))


def thought(text: str, *calls: Call, said: str = "") -> Talk:
    return replace(GOOD, reply=Reply(text, said, calls))


RULE = Instruction("Say 'done'.", "system", "text.ends_with", {"value": "done"})
BAD = {
    "instruction_broken": [replace(GOOD, reply=Reply("", "I am ready"), rules=(RULE,))],
    "hallucinated_tool": [
        thought("", Call("open_file", {})),
        thought("", Call("read_file", {"path": "a", "lines": 3})),
    ],
    "contradicting_thought": [
        thought("I use list_files to look.", CALL),
        thought("No tool is needed? There is no tool for it.", CALL),
        thought("I will call read_file now.", said="Here it is."),
    ],
    "repeated_call": [after("x = 1"), thought("", CALL, CALL)],
    "truncated_thought": [
        thought("I should look at the", CALL),
        thought("First,", CALL),
        thought("```python\nx = 1", CALL),
        thought("Well.", said="<think>and then"),
    ],
    "language_mixing": [thought("我应该看看。", CALL), thought("Fine.", said="Вот файл")],
}
GOODS = [
    GOOD,
    after("Error: timed out, try again"),
    thought("I could use list_files, but read_file is enough.", CALL),
    thought("There is nothing to do.", said="Done."),
    thought("The delay is 3 µs.", CALL),
    replace(GOOD, before=({"role": "user", "content": "Покажи файл"},), reply=Reply("", "Вот файл")),
    replace(GOOD, reply=Reply("", "All done"), rules=(RULE,)),
]


def test_every_rule_finds_what_it_is_for_and_only_that() -> None:
    assert BAD.keys() == RULES.keys()
    for name, talks in BAD.items():
        for talk in talks:
            assert list(faults(talk)) == [name], talk
    for talk in GOODS:
        assert list(faults(talk)) == [], talk


def clean(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "perturb", "clean", str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_proven_examples_pass_as_a_file_and_others_are_counted(tmp_path: Path) -> None:
    wanted = Wanted(["bare"], sorted(OPERATORS), 0.2, 8)
    rows = [row(one, "openai") for one in islice(examples(decisions(8, words=0.2), wanted, Left()), 120)]
    path = tmp_path / "talks.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    assert clean(path).returncode == 0
    last = rows[0]["messages"][rows[0]["train"][0]]
    last["tool_calls"] = [{"function": {"name": "no_such_tool", "arguments": "{}"}}]
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    done = clean(path, "--out", str(tmp_path / "kept.jsonl"), "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["clean"], found["faults"]["hallucinated_tool"]) == (1, 119, 1)
    assert len((tmp_path / "kept.jsonl").read_bytes().splitlines()) == 119


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "{}",
        '{"messages": 3}',
        '{"messages": [{"role": "assistant", "tool_calls": [{}]}]}',
        '{"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "x", "arguments": "{"}}]}]}',
        '{"messages": [], "train": [4]}',
        '{"messages": [], "rules": [{"text": "", "check": "no.such"}]}',
        "not json",
        "",
    ],
)
def test_a_line_that_is_no_conversation_is_one_line(line: str, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(line)
    done = clean(tmp_path / "x.jsonl")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done
