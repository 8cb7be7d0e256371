"""The reply parser: each outcome, the types, the law ``parse(emit(r)) == r``, and time on hostile text."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from perturb.core.errors import UnrepresentableError
from perturb.core.values import Call, JsonObject, Reply, Unparsed
from perturb.formats.m2.parse import emit, parse, split_thinking
from perturb.formats.m2.schema_types import typed
from perturb.formats.m2.template import GENERATION, render

ANY = ["string", "number", "boolean", "object", "array", "null"]


def tool(name: str, **properties: Any) -> JsonObject:
    return {
        "type": "function",
        "function": {"name": name, "description": "", "parameters": {"type": "object", "properties": properties}},
    }


TOOLS = (
    tool("run", cmd={"type": "string"}, timeout={"type": "number"}, env={"type": "object"}),
    tool("read", path={"type": "string"}, start={"type": "integer"}),
)
READ = (
    '<invoke name="read">\n<parameter name="path">a.py</parameter>\n<parameter name="start">10</parameter>\n</invoke>'
)
BLOCK = f"<minimax:tool_call>\n{READ}\n</minimax:tool_call>"


def read(raw: str, finish: str = "stop") -> Reply | Unparsed:
    return parse(raw, TOOLS, finish)


def test_thinking_words_and_parallel_calls() -> None:
    raw = "look\n</think>\n\nReading.<minimax:tool_call>\n" + READ + "\n" + READ + "\n</minimax:tool_call>[e~[\n"
    call = Call("read", {"path": "a.py", "start": 10})
    assert read(raw) == Reply("look", "Reading.", (call, call))


def test_words_after_the_block_are_kept_and_blank_ones_are_not() -> None:
    assert read(f"t</think>a\n\n{BLOCK}\n\nb").text == "a\n\n\n\nb"
    assert read(f"t</think>\n\n\n{BLOCK}\n").text == ""


def test_an_opening_tag_left_on_is_taken_off() -> None:
    assert split_thinking("<think>\nplan\n</think>\n\nHi") == ("plan", "Hi", True)


@pytest.mark.parametrize(
    ("raw", "finish", "kind"),
    [
        ("thinking", "stop", "reasoning_only"),
        ("thinking", "length", "cut"),
        ("t</think>\n\n", "stop", "reasoning_only"),
        ("t</think>\n\nhalf a sent", "length", "cut"),
        (f"t</think>{BLOCK[:-5]}", "stop", "malformed"),
        (f"t</think>{BLOCK[:-5]}", "length", "cut"),
        (f"t</think>{BLOCK[:60]}", "length", "cut"),
        ("t</think><minimax:tool_call>\nread(a.py)\n</minimax:tool_call>", "length", "malformed"),
        ("t</think><minimax:tool_call>\n</minimax:tool_call>", "stop", "malformed"),
        (f"t</think>{BLOCK.replace('start', 'path')}", "stop", "malformed"),
        (f"t</think>{BLOCK.replace('a.py', '</parameter>')}", "stop", "malformed"),
        ('t</think><minimax:tool_call><invoke name="x\n">', "length", "malformed"),
        ('t</think><minimax:tool_call><invoke name="', "length", "cut"),
    ],
)
def test_what_is_no_answer_says_why(raw: str, finish: str, kind: str) -> None:
    got = read(raw, finish)
    assert isinstance(got, Unparsed)
    assert (got.kind, got.thinking) == (kind, "thinking" if raw == "thinking" else "t")


def test_a_complete_call_counts_even_at_the_token_limit() -> None:
    assert isinstance(read(f"t</think>{BLOCK}", "length"), Reply)


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        ("5", {"type": "integer"}, 5),
        ("5", {"type": "string"}, "5"),
        ("5", {}, "5"),
        ("five", {"type": "integer"}, "five"),
        ("True", {"type": "boolean"}, "True"),
        ('["a"]', {"type": ["string", "array"]}, ["a"]),
        ("5", {"type": ["string", "array"]}, "5"),
        ("null", {"type": ["string", "null"]}, None),
        ("null", {"anyOf": [{"type": "string"}, {"type": "null"}]}, None),
        ("2", {"enum": [1, 2]}, 2),
        ("2", {"enum": ["1", "2"]}, "2"),
        ('{"a": 1}', {"$ref": "#/$defs/Item"}, {"a": 1}),
        ("[" * 300 + "]" * 300, {"type": "array"}, "[" * 300 + "]" * 300),
        ("NaN", {"type": "number"}, "NaN"),
        ("7", {"$ref": "#/$defs/Loop"}, "7"),
    ],
)
def test_the_schema_types_the_text(text: str, schema: JsonObject, value: Any) -> None:
    root = {"$defs": {"Item": {"type": "object"}, "Loop": {"$ref": "#/$defs/Loop"}}}
    assert typed(text, schema, root) == value


_WORDS = st.text(st.characters(exclude_categories=["Cs"])) | st.lists(
    st.sampled_from(["\n", " ", "</think>", "<think>", "<minimax:tool_call>", "</parameter>", "</invoke>", "[e~[", "a"])
).map("".join)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=6,
)
_CALLS = st.builds(
    Call,
    st.sampled_from(["run", "read", "other", "any"]),
    st.dictionaries(st.sampled_from(["path", "cmd", "start", "timeout", "env", "any"]) | _WORDS, _JSON, max_size=3),
)
_REPLIES = st.builds(Reply, _WORDS, _WORDS, st.lists(_CALLS, max_size=3).map(tuple))
_LAW_TOOLS = (*TOOLS, tool("any", path={"type": ANY}, any={"type": ANY}))


@given(_REPLIES)
@example(Reply("\nwhy\n", "\n\n so \n"))
@example(Reply("", "\nso\n\n", (Call("run", {"cmd": "\n a\n"}), Call("run", {}))))
@example(Reply("", "the <think> tag </think>"))
def test_what_is_emitted_parses_back(reply: Reply) -> None:
    assume(reply.calls or reply.text.strip())
    try:
        raw = emit(reply, _LAW_TOOLS)
    except UnrepresentableError:
        return
    assert parse(raw, _LAW_TOOLS, "stop") == reply


@given(_WORDS.map(str.strip).filter(bool), _CALLS, st.booleans())
def test_what_is_emitted_is_what_the_template_renders(words: str, call: Call, with_thinking: bool) -> None:
    reply = Reply("because" if with_thinking else "", words, (call,))
    try:
        raw = emit(reply)
    except UnrepresentableError:
        return
    message = {
        "role": "assistant",
        "content": words,
        "reasoning_content": reply.thinking,
        "tool_calls": [{"function": {"name": call.tool, "arguments": call.args}}],
    }
    expected = render([message], add_generation_prompt=False)
    start = render([], add_generation_prompt=False)
    if with_thinking:
        assert start + GENERATION + raw + "[e~[\n" == expected
    else:
        assert start + "]~b]ai\n" + raw.removeprefix("\n</think>\n\n") + "[e~[\n" == expected


@pytest.mark.parametrize(
    "reply",
    [
        Reply("a</think>b", "x"),
        Reply("<think>a", "x"),
        Reply("", "see <minimax:tool_call>"),
        Reply("", "bye[e~["),
        Reply("", "\n", (Call("run", {"cmd": "ls"}),)),
        Reply("", "", (Call("run", {"cmd": "echo </parameter>"}),)),
        Reply("", "", (Call("run", {'a"b': "x"}),)),
        Reply("", "", (Call("", {}),)),
        Reply("", "", (Call("run", {"cmd": 5}),)),
        Reply("", "", (Call("run", {"timeout": "5"}),)),
    ],
)
def test_what_the_format_cannot_say_is_refused(reply: Reply) -> None:
    with pytest.raises(UnrepresentableError):
        emit(reply, TOOLS)


@given(_WORDS, st.sampled_from(["stop", "length"]))
def test_any_text_gets_an_outcome(raw: str, finish: str) -> None:
    for text in (raw, f"</think>{raw}", f"</think><minimax:tool_call>{raw}", f"</think>{BLOCK[:50]}{raw}"):
        assert isinstance(parse(text, TOOLS, finish), Reply | Unparsed)


@pytest.mark.parametrize(
    "unit",
    [
        "<minimax:tool_call>",
        "<invoke name=",
        '<invoke name="a"></invoke>',
        '<minimax:tool_call><invoke name="a"></invoke></minimax:tool_call>',
        "</think>",
        " ",
        "[",
    ],
)
@pytest.mark.parametrize("before", ["", "</think>", "</think><minimax:tool_call>", f"</think>{BLOCK[:82]}"])
def test_a_megabyte_takes_linear_time(unit: str, before: str) -> None:
    raw = before + unit * (1_000_000 // len(unit))
    start = time.process_time()
    parse(raw, TOOLS, "stop")
    assert time.process_time() - start < 10.0
