"""Every importer: its sample is known for what it is, comes in whole, and goes out as it was."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturb.core.errors import UserError
from perturb.core.registry import load_builtin
from perturb.recordings.leftover import beyond, whole
from perturb.recordings.records import members, records
from perturb.recordings.registry import EXPORTERS, HEAD, IMPORTERS
from perturb.recordings.tool_lists import read_toolset, tool_specs
from perturb.recordings.values import LeftOut, Recording
from tests.recordings.samples import BAD, SAMPLES, SPEC, TOOL, written

load_builtin()
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
# Formats of one line an event: their exporter gives lines.
LINES = ("claude-code", "codex", "openhands-events")


def same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def read(form: str, path: Path) -> list[Recording]:
    found = list(IMPORTERS[form].read(path))
    assert not [one for one in found if isinstance(one, LeftOut)]
    return [one for one in found if isinstance(one, Recording)]


def test_every_importer_has_a_sample_and_an_exporter() -> None:
    ours = {name for name, one in IMPORTERS.items() if one.read.__module__.startswith("perturb.recordings.importers.")}
    # Forms of this project, and one that holds cases, have tests of their own.
    ours -= {"bfcl", "perturb", "fixture", "cases"}
    assert ours == {form for form, _ in SAMPLES}
    assert ours <= set(EXPORTERS)


@pytest.mark.parametrize(("form", "name"), SAMPLES)
def test_a_file_is_known_for_what_it_is(tmp_path: Path, form: str, name: str) -> None:
    path = written(tmp_path, form, name)
    head = path.read_bytes()[:HEAD]
    assert [one for one in IMPORTERS if IMPORTERS[one].recognises(head, path)] == [form]


@pytest.mark.parametrize(("form", "name"), SAMPLES)
def test_what_comes_in_goes_out_as_it_was(tmp_path: Path, form: str, name: str) -> None:
    found = read(form, written(tmp_path, form, name))
    source = SAMPLES[form, name][1]
    out = [EXPORTERS[form](one) for one in found]
    if form in LINES:
        given_lines = [Counter(json.dumps(line, sort_keys=True) for line in one["lines"]) for one in out]
        union: Counter[str] = Counter()
        for lines in given_lines:
            union |= lines
        assert union == Counter(json.dumps(line, sort_keys=True) for line in source)
    else:
        assert same(out, source)


@pytest.mark.parametrize(("form", "name"), SAMPLES)
def test_texts_are_read_not_only_kept(tmp_path: Path, form: str, name: str) -> None:
    """What the conversation says stands in the messages: the round trip does not rest on a stored copy alone."""
    found = read(form, written(tmp_path, form, name))
    messages = [message for one in found for message in one.messages]
    assert {message.role for message in messages} & {"user", "assistant"}
    if name not in ("text.jsonl", "prompts.jsonl", "results.jsonl"):
        assert any(message.calls for message in messages)
        assert any(message.role == "tool" and message.text for message in messages)
    assert all(one.messages and one.format == form and one.where for one in found)


@pytest.mark.parametrize(("form", "name"), SAMPLES)
def test_arguments_that_are_no_json_stay_as_they_are(tmp_path: Path, form: str, name: str) -> None:
    calls = [call for one in read(form, written(tmp_path, form, name)) for m in one.messages for call in m.calls]
    assert all(call.args is None for call in calls if call.raw == BAD)
    assert all(call.args is not None for call in calls if call.raw != BAD)


def test_a_session_forks_into_threads(tmp_path: Path) -> None:
    path = written(tmp_path, "claude-code", "session.jsonl")
    found = read("claude-code", path)
    assert [one.messages[-1].text for one in found] == ["And in b.py?", "And in c.py?", "Found."]
    parallel = found[0].messages[1]
    assert [call.id for call in parallel.calls] == ["t1", "t2"]
    assert parallel.thinking == "Look."
    assert [(m.answers, m.failed) for m in found[0].messages if m.role == "tool"] == [("t1", False), ("t2", True)]


def test_what_a_simulated_user_does_is_not_shown_to_the_agent(tmp_path: Path) -> None:
    found = read("tau2-bench", written(tmp_path, "tau2-bench", "results.json"))[0]
    assert [m.role for m in found.messages] == ["system", "assistant", "user", "assistant", "tool"]
    assert found.messages[0].text == "Be kind."
    assert found.success is False


def test_commands_in_a_text_are_calls(tmp_path: Path) -> None:
    for form, name in (("mini-swe-agent", "run.traj.json"), ("swe-agent", "written.traj")):
        messages = read(form, written(tmp_path, form, name))[0].messages
        assert [call.name for call in messages[2].calls] == ["bash"]
        assert "```" not in messages[2].text
        assert messages[3].role == "tool"


@settings(deadline=None)
@given(JSON, JSON)
def test_the_rest_makes_it_whole(source: Any, said: Any) -> None:
    assert same(whole(said, beyond(source, said)), source)
    assert beyond(source, json.loads(json.dumps(source))) == {}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.dictionaries(st.sampled_from('abé"[{\\'), JSON, max_size=3), max_size=5), st.integers(0, 3))
def test_a_list_is_read_item_by_item(items: list[Any], indent: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.json"
        path.write_text(json.dumps(items, indent=indent or None, ensure_ascii=bool(indent % 2)))
        assert same([value for _, value in records(path)], items)
        path.write_text(json.dumps({"a": {"x": 1}, "inside": items, "b": 5}, indent=indent or None))
        assert same([json.loads(text) for key, _, text in members(path, "inside") if key == "inside"], items)


def test_pieces_of_a_file_may_be_cut_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.json"
    items = [{"a": 'x"\\ [{é' * 3, "b": [{"c": "}"}]}, {"d": "\\"}]
    path.write_text(json.dumps(items, ensure_ascii=False))
    for size in range(1, 20):
        monkeypatch.setattr("perturb.recordings.records._CHUNK", size)
        assert same([json.loads(text) for _, _, text in members(path)], items)


@pytest.mark.parametrize("text", ['[{"a": 1} {"b": 2}]', '[{"a": 1}', '[{"a": 1}]]', '[{"a": 1}, "x]', "[{}],"])
def test_what_stands_between_records_must_be_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"list\.json: line 1"):
        list(records(path))


def test_a_broken_line_is_named_and_harms_no_other(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(
        b'{"messages": [{"role": "user", "content": "a"}]}\n{"messages": [\n\xff\n{"messages": []}\n{"a": 1, "a": 2}\n'
    )
    found = list(IMPORTERS["openai"].read(path))
    assert isinstance(found[0], Recording)
    reasons = [(one.where.rpartition(": ")[2], one.reason) for one in found[1:] if isinstance(one, LeftOut)]
    assert [line for line, _ in reasons] == ["line 2", "line 3", "line 4", "line 5"]
    assert "holds no message" in reasons[2][1]
    assert "twice" in reasons[3][1]


@pytest.mark.parametrize(
    "dialect",
    [
        [TOOL],
        [SPEC],
        json.dumps([TOOL]),
        [{"name": "read_file", "description": "Read a file.", "input_schema": SPEC["parameters"]}],
        [{"name": "read_file", "description": "Read a file.", "inputSchema": SPEC["parameters"], "annotations": {}}],
        [{"type": "web_search_20250305", "name": "web_search"}, {"type": "function", **SPEC}],
        [{"name_for_model": "read_file", "description_for_model": "Read a file.", "parameters": SPEC["parameters"]}],
    ],
)
def test_tools_of_every_dialect(dialect: Any) -> None:
    assert tool_specs(dialect) == (SPEC,)


@pytest.mark.parametrize(
    "shape",
    [
        lambda tool: {"tools": [tool]},
        lambda tool: {"jsonrpc": "2.0", "id": 1, "result": {"tools": [tool]}},
        lambda tool: [tool],
        lambda tool: tool,
        lambda tool: [{"name": "server", "tools": {"one": {"tools": [tool]}}}],
    ],
)
def test_an_mcp_tool_list_is_a_toolset(tmp_path: Path, shape: Any) -> None:
    tool = {"name": "read_file", "description": "Read a file.", "inputSchema": SPEC["parameters"]}
    path = tmp_path / "tools.json"
    path.write_text(json.dumps(shape(tool)))
    assert read_toolset(path) == (SPEC,)
    path.write_text("{}")
    with pytest.raises(UserError, match=r"tools\.json: holds no tool list"):
        read_toolset(path)
