"""Labelled command lines: what they mean to do, what they change, whether they leave the machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturb.cli.intents import answers
from perturb.toolbox.shell.analysis import analyse
from perturb.toolbox.shell.meaning import Place

ROWS = [json.loads(line) for line in (Path(__file__).parent / "commands.jsonl").read_text().splitlines()]


def answer(row: dict[str, Any]) -> dict[str, Any]:
    (got,) = answers(
        [json.dumps({name: row[name] for name in ("id", "cwd", "command", "world") if name in row}).encode()]
    )
    return got


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['id']} {row['command'][:30]!r}" for row in ROWS])
def test_a_labelled_line(row: dict[str, Any]) -> None:
    got = answer(row)
    assert got["intents"] == row["intents"]
    assert (sorted(got["effects"]), got["network"]) == (sorted(row["effects"]), row["network"])
    if "lossy" in row:
        assert bool(got["lossy"]) is row["lossy"]


def lines(*rows: Any) -> list[bytes]:
    return [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]


def test_a_bad_line_is_that_lines_error() -> None:
    good = {"id": "a", "cwd": "/w", "command": "ls"}
    rows = lines(
        good, b"{not json", b"\n", [1], {"id": "b"}, {"id": "c", "command": 5, "cwd": "/"}, {**good, "cwd": "w"},
        {**good, "world": 5}, {**good, "world": {"files": {"a": 1}}}, {**good, "command": "echo \ud800 > x"}, b"\xff",
        b"[" * 100_000, good,
    )  # fmt: skip
    got = list(answers(rows))
    assert [("error" in one, one["id"]) for one in got] == [
        (False, "a"), (True, None), (True, None), (True, "b"), (True, "c"), (True, "a"),
        (True, "a"), (True, "a"), (False, "a"), (True, None), (True, None), (False, "a"),
    ]  # fmt: skip
    assert got[3]["error"] == "line 5: command: not a text"


def test_the_command_reads_stdin_and_says_2_where_a_line_was_wrong() -> None:
    for text, code in (('{"id": 1, "cwd": "/w", "command": "cat a"}\n', 0), ("nonsense\n", 2)):
        command = [sys.executable, "-m", "perturb.cli.main", "intents", "-"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (code, "")
        assert json.loads(done.stdout)


def test_what_only_running_shows_is_an_effect_where_the_world_is_given() -> None:
    world = {"files": {"a.pyc": "", "b.py": "x\n", "list": "b.py\n"}}
    cleaned = answer({"id": 1, "cwd": "/w", "command": "find . -name '*.pyc' -delete", "world": world})
    removed = answer({"id": 1, "cwd": "/w", "command": "while read f; do rm $f; done < list", "world": world})
    assert (cleaned["effects"], removed["effects"]) == (["/w/a.pyc"], ["/w/b.py"])


SHELL = st.text(alphabet="abc*+()[]{}|\\ '\"$`<>&;\n-.0x#!=~/é漢\t\0%,:E", max_size=60)
PIECES = st.sampled_from([row["command"] for row in ROWS])


@settings(max_examples=300, deadline=None)
@given(st.one_of(SHELL, st.tuples(PIECES, SHELL, PIECES, st.integers(0, 30)).map(lambda t: t[0][: t[3]] + t[1] + t[2])))
def test_any_text_gets_an_answer(command: str) -> None:
    found = analyse(command, Place("/w", "/h", {"/w/a.py": "1\n", "/w/src/b.py": "x"}))
    assert all(path.startswith("/") for path in found.effects)
    json.dumps([dict(intent.args) for intent in found.intents])


@pytest.mark.parametrize(
    "command",
    [
        "(" * 20_000,
        "$(" * 9_000,
        "{a,b}" * 5_000,
        "<<A " * 5_000,
        "cat " + "x " * 20_000,
        "a|" * 10_000,
        "f() { f; }; f",
    ],
)
def test_a_hostile_line_is_read_in_little_time(command: str) -> None:
    assert analyse(command, Place("/w")).intents in ((), analyse("make", Place("/w")).intents) or "cat" in command
