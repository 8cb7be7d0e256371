"""Call protocols: what is emitted reads back as it was, and any text gets an answer in linear time."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from perturb.core.errors import UnrepresentableError
from perturb.core.scaffold import Protocol
from perturb.core.values import Call, Reply
from perturb.scaffolding.protocols import fenced, json_forms, native, xml_tags

TEXT = [fenced.FENCED, xml_tags.XML_TAGS, json_forms.JSON_ACTIONS, json_forms.JSON_IN_TAGS]
TOOLS = (
    {
        "type": "function",
        "function": {
            "name": "write_file",
            "description": "Writes.",
            "parameters": {
                "type": "object",
                "properties": {
                    "path": {"type": "string"},
                    "lines": {"type": "integer"},
                    "force": {"type": "boolean"},
                    "tags": {"type": "array"},
                },
                "required": ["path"],
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "bash",
            "description": "Runs a command.",
            "parameters": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
        },
    },
)
# Fragments of every protocol's own marks, so that the hostile cases come up all the time.
MARKS = st.sampled_from(
    [
        "\n",
        "```",
        "```bash_action\n",
        "</path>",
        "<path>",
        "</write_file>",
        "<bash>",
        "</tool_call>",
        '{"a":',
        "\\",
        '"',
    ]
)
WORDS = (
    st.lists(st.one_of(MARKS, st.text(max_size=8)), max_size=6)
    .map("".join)
    .filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text))
)
ARGS = st.fixed_dictionaries(
    {"path": WORDS},
    optional={
        "lines": st.integers(-(2**40), 2**40),
        "force": st.booleans(),
        "tags": st.lists(st.one_of(WORDS, st.none(), st.integers(0, 9)), max_size=3),
    },
)
WRITE = st.builds(Call, st.just("write_file"), ARGS)
COMMAND = st.builds(Call, st.just("bash"), st.fixed_dictionaries({"command": WORDS}))


def replies(protocol: Protocol) -> st.SearchStrategy[Reply]:
    calls: st.SearchStrategy[Any] = COMMAND if protocol.name == "fenced" else st.one_of(WRITE, COMMAND)
    most = protocol.calls_per_reply or 3
    return st.builds(Reply, st.just(""), WORDS.map(str.strip), st.lists(calls, max_size=most).map(tuple))


@pytest.mark.parametrize("protocol", TEXT, ids=lambda p: p.name)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_what_is_said_is_heard(protocol: Protocol, data: st.DataObject) -> None:
    reply = data.draw(replies(protocol))
    try:
        text = protocol.emit(reply)
    except UnrepresentableError:
        assume(False)
    # Words that hold a call of another tool are the one thing that emitting alone cannot see.
    assume("<bash>" not in reply.text)
    assert protocol.parse(text, TOOLS) == reply


@pytest.mark.parametrize("protocol", TEXT, ids=lambda p: p.name)
@settings(max_examples=100, deadline=None)
@given(text=WORDS)
def test_any_text_is_a_reply_or_a_value_error(protocol: Protocol, text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(protocol.parse(text, TOOLS), Reply)


@pytest.mark.parametrize("protocol", TEXT, ids=lambda p: p.name)
@pytest.mark.parametrize(
    "unit", ["<", "<a>", "<write_file>", "x <bash>", "```bash_action\n", "<tool_call>", "[", '{"action":[']
)
def test_parsing_is_linear(protocol: Protocol, unit: str) -> None:
    started = time.perf_counter()
    with contextlib.suppress(ValueError):
        protocol.parse(unit * 60_000, TOOLS)
    assert time.perf_counter() - started < 20


@pytest.mark.parametrize("protocol", TEXT, ids=lambda p: p.name)
def test_the_native_syntax_is_a_leak(protocol: Protocol) -> None:
    with pytest.raises(ValueError, match=r"^leaked_protocol"):
        protocol.parse('I read.\n<minimax:tool_call>\n<invoke name="bash"></invoke>\n</minimax:tool_call>', TOOLS)


@pytest.mark.parametrize("protocol", TEXT, ids=lambda p: p.name)
def test_documents_name_every_tool(protocol: Protocol) -> None:
    text = protocol.document(TOOLS)
    assert "bash" in text
    assert "write_file" in text


def test_native_leaves_calls_to_the_engine() -> None:
    reply = Reply("", "Reading.", (Call("bash", {"command": "ls"}),))
    assert native.NATIVE.emit(reply) == "Reading."
    assert native.NATIVE.document(TOOLS) == ""


def test_fenced_takes_the_shell_and_words_round_it() -> None:
    text = "I look.\n\n```bash_action \nls\n```\nThen more."
    assert fenced.FENCED.parse(text, TOOLS) == Reply("", "I look.\n\nThen more.", (Call("bash", {"command": "ls"}),))


@pytest.mark.parametrize("text", ["```bash_action ls```", "```bash_action\nls", "so: ```bash_action\nls\n```"])
def test_a_broken_fence_is_malformed(text: str) -> None:
    with pytest.raises(ValueError, match="block"):
        fenced.FENCED.parse(text, TOOLS)


@pytest.mark.parametrize(
    "call",
    [
        Call("bash", {"command": "cat <<E\n```\nE"}),
        Call("bash", {"command": 3}),
        Call("bash", {"command": "a", "t": 1}),
    ],
    ids=["fence", "number", "two"],
)
def test_fenced_refuses_what_it_cannot_hold(call: Call) -> None:
    with pytest.raises(UnrepresentableError):
        fenced.FENCED.emit(Reply("", "", (call,)))


def test_xml_values_are_typed_by_the_schema() -> None:
    text = "<write_file>\n<path>\n7\n</path>\n<lines>7</lines><force>true</force>\n</write_file>"
    assert xml_tags.XML_TAGS.parse(text, TOOLS).calls == (Call("write_file", {"path": "7", "lines": 7, "force": True}),)


def test_xml_reads_every_call_and_leaves_the_count_to_the_rules() -> None:
    text = "<bash><command>a</command></bash>\n<bash><command>b</command></bash>"
    assert len(xml_tags.XML_TAGS.parse(text, TOOLS).calls) == 2


def test_xml_hears_a_tool_that_does_not_exist() -> None:
    text = "Going.\n<open_file>\n<path>a</path>\n</open_file>\n"
    assert xml_tags.XML_TAGS.parse(text, TOOLS) == Reply("", "Going.", (Call("open_file", {"path": "a"}),))


@pytest.mark.parametrize("text", ["Use <bash> for that.", "a < b > c", "<b>bold</b>", "see <path>x</path> there"])
def test_xml_prose_is_prose(text: str) -> None:
    assert xml_tags.XML_TAGS.parse(text, TOOLS) == Reply("", text)


@pytest.mark.parametrize(
    "text", ["<bash>\n<command>ls", "<bash><command>ls</bash>", "<bash><command>a</command><command>b</command></bash>"]
)
def test_xml_broken_calls_are_malformed(text: str) -> None:
    with pytest.raises(ValueError, match=r"closed|twice"):
        xml_tags.XML_TAGS.parse(text, TOOLS)


@pytest.mark.parametrize("value", ["</path>", "x</write_file>"])
def test_xml_refuses_a_value_with_its_closing_tag(value: str) -> None:
    with pytest.raises(UnrepresentableError):
        xml_tags.XML_TAGS.emit(Reply("", "", (Call("write_file", {"path": value}),)))


@pytest.mark.parametrize(
    "text",
    ["Hello.", "[]", "{}", '{"action": {"a": {}}}', '{"action": [{"a": 1}]}', '{"action": [{"a": {}, "b": {}}]}'],
)
def test_json_actions_is_the_whole_reply(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|action|arguments"):
        json_forms.JSON_ACTIONS.parse(text, TOOLS)


def test_json_actions_may_come_in_a_fence() -> None:
    text = '```json\n{"next_goal": "Go.", "action": [{"teleport": {"x": 1}}]}\n```'
    assert json_forms.JSON_ACTIONS.parse(text, TOOLS) == Reply("", "Go.", (Call("teleport", {"x": 1}),))


def test_json_in_tags_can_say_its_own_closing_tag() -> None:
    reply = Reply("", "", (Call("write_file", {"path": "</tool_call>"}),))
    assert json_forms.JSON_IN_TAGS.parse(json_forms.JSON_IN_TAGS.emit(reply), TOOLS) == reply
