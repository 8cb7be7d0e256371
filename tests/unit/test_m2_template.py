"""The prompt text against what M2's own template gave, and its rules one by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perturb.formats.m2.template import GENERATION, TemplateError, render

VECTORS = Path(__file__).parents[3] / "shared/data/minimax-m2/render-vectors.jsonl"
THOUGHTS = [
    {"role": "user", "content": "one"},
    {"role": "assistant", "content": "a", "reasoning_content": "early"},
    {"role": "user", "content": "two"},
    {"role": "assistant", "content": "b", "reasoning_content": "late"},
]
CALLING = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"x": 1}}}]}


@pytest.mark.skipif(not VECTORS.exists(), reason="the reference vectors are not beside this checkout")
def test_every_reference_vector() -> None:
    records = [json.loads(line) for line in VECTORS.read_text("utf-8").splitlines()]
    assert len(records) >= 62
    for record in records:
        assert _outcome(record) == (record["prompt"] if record["error"] is None else None), record["name"]


def _outcome(record: dict[str, Any]) -> str | None:
    try:
        return render(record["messages"], record["tools"] or (), add_generation_prompt=record["add_generation_prompt"])
    except TemplateError:
        return None


@pytest.mark.parametrize(
    ("retention", "kept"), [("template", {"late"}), ("keep_all", {"early", "late"}), ("drop_all", set())]
)
def test_retention_says_which_thinking_stays(retention: str, kept: set[str]) -> None:
    text = render(THOUGHTS, retention=retention)
    assert {thought for thought in ("early", "late") if thought in text} == kept


def test_result_after_a_user_message_belongs_to_the_last_call() -> None:
    text = render([CALLING, {"role": "user", "content": "wait"}, {"role": "tool", "content": "r"}])
    assert text.endswith("wait[e~[\n]~b]tool\n<response>r</response>[e~[\n" + GENERATION)


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "tool", "content": "r"}],
        [CALLING, {"role": "assistant", "content": "x"}, {"role": "tool", "content": "r"}],
        [CALLING, {"role": "tool", "content": None}],
        [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}],
        [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "[1]"}}]}],
        [{"role": "assistant", "tool_calls": [{"function": {"arguments": {}}}]}],
    ],
)
def test_what_the_template_refuses(messages: list[dict[str, Any]]) -> None:
    with pytest.raises(TemplateError):
        render(messages)


def test_a_tool_without_a_function_is_refused() -> None:
    with pytest.raises(TemplateError):
        render([], [{"name": "f"}])


def test_arguments_as_json_text_read_like_objects() -> None:
    as_text = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": '{"x": 1}'}}]}
    assert render([as_text]) == render([CALLING])


def test_missing_content_is_empty_and_null_is_spelled() -> None:
    assert "]~b]user\n[e~[" in render([{"role": "user"}])
    assert "]~b]user\nNone[e~[" in render([{"role": "user", "content": None}])


def test_the_tool_cache_never_confuses_tools_and_keeps_key_order() -> None:
    def shown(function: dict[str, Any]) -> str:
        return render([], [{"type": "function", "function": function}]).partition("<tool>")[2].partition("</tool>")[0]

    tool = {"name": "f", "parameters": {"b": 1, "a": 1.0}}
    assert shown(tool) == '{"name": "f", "parameters": {"b": 1, "a": 1.0}}'
    tool["parameters"] = {"a": 2**70, "é": True}
    assert shown(tool) == '{"name": "f", "parameters": {"a": 1180591620717411303424, "é": true}}'
