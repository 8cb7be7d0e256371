"""Prompts and outcomes, line by line; a bad line is that line's error, a missing file the user's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from perturb.cli.wire_commands import opened, parse_lines, prompt_lines
from perturb.core.errors import UserError
from perturb.formats.m2.template import render

TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"properties": {"n": {"type": "integer"}}}}}]
CALL = '<minimax:tool_call>\n<invoke name="f">\n<parameter name="n">5</parameter>\n</invoke>\n</minimax:tool_call>'


def lines(rows: Iterable[Any]) -> list[bytes]:
    return [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]


def test_prompts_and_what_is_wrong_with_a_line() -> None:
    messages = [{"role": "user", "content": "é"}]
    called = {"function": {"name": "f", "arguments": '{"n": 5}'}}
    rows: list[Any] = [
        {"messages": messages, "tools": None},
        {"messages": [*messages, {"role": "assistant", "content": "", "tool_calls": [called]}], "tools": TOOLS},
        b"{not json\n",
        b"\n",
        {"messages": [{"role": "tool", "content": "r"}]},
        {"messages": messages, "add_generation_prompt": False},
        [1],
        {"messages": "hi"},
        {"messages": [{"role": "user", "content": "\ud800"}]},
        {"messages": [{"role": "assistant", "tool_calls": ["x"]}]},
        {"messages": messages, "retention": "some"},
        b"\xff\n",
        b"[" * 100_000 + b"\n",
    ]
    got = list(prompt_lines(lines(rows)))
    assert got[0] == {"prompt": render(messages)}
    assert '<parameter name="n">5</parameter>' in got[1]["prompt"]
    assert got[4] == {"prompt": render(messages, add_generation_prompt=False)}
    wrong = {place: answer["error"].split(":")[0] for place, answer in enumerate(got) if "error" in answer}
    assert wrong == {2: "line 3", 3: "line 5", **{place: f"line {place + 2}" for place in range(5, 12)}}


@pytest.mark.parametrize(
    ("raw", "finish", "outcome"),
    [
        (f"t</think>{CALL}", "stop", "ok_parse"),
        ("t</think>words", "stop", "no_call"),
        ("t</think><minimax:tool_call>", "stop", "malformed"),
        ("t</think><minimax:tool_call>", "length", "cut"),
        ("t", None, "reasoning_only"),
    ],
)
def test_outcomes(raw: str, finish: str | None, outcome: str) -> None:
    (got,) = parse_lines(lines([{"tools": TOOLS, "raw": raw, "finish": finish}]))
    assert (got["outcome"], got["thinking"]) == (outcome, "t")
    assert got["calls"] == ([{"name": "f", "arguments": {"n": 5}}] if outcome == "ok_parse" else [])
    assert ("detail" in got) == (outcome not in ("ok_parse", "no_call"))


def test_lines_that_are_no_reply() -> None:
    rows: list[Any] = [{"raw": 5}, {"raw": "x", "tools": {}}, {"raw": "x", "finish": "maybe"}, b"nope"]
    assert [row["error"][:7] for row in parse_lines(lines(rows))] == [f"line {n}:" for n in (1, 2, 3, 4)]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.jsonl"), opened(tmp_path / "none.jsonl"):
        pass
