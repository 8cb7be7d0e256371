"""Recordings as cases: as they were, judged by an oracle that is named, and under the laws like any others."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perturb.core.canonical import canonical
from perturb.core.draw import mildest
from perturb.core.errors import UserError
from perturb.core.registry import OPERATORS, SCAFFOLDS
from perturb.core.values import Case
from perturb.judging.ideal import ideal, spoken
from perturb.judging.scoring import score
from perturb.laws.operators.trying import operator_breaches, tried
from perturb.operators import recipe
from perturb.recordings.cutting import cases_of
from perturb.recordings.loading import import_files, load, loaded, stepped
from perturb.recordings.values import LeftOut, Message, Recording, ToolCall
from perturb.scaffolding.binding import bind
from perturb.scaffolding.render import render

SYSTEM = "You help travellers.\n\n# Rules\nAsk before you book.\n\n# Style\nBe short."
WEATHER = {
    "name": "get_weather",
    "description": "The weather of a day.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "day": {"type": "string", "enum": ["today", "tomorrow"]}},
        "required": ["city"],
    },
}
BOOK = {
    "name": "book_train",
    "description": "Books a train.",
    "parameters": {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]},
}


def chat() -> list[dict[str, Any]]:
    """A conversation as an OpenAI client sends it."""

    def call(number: str, name: str, **args: str) -> dict[str, Any]:
        function = {"name": name, "arguments": json.dumps(args)}
        return {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": number, "type": "function", "function": function}],
        }

    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "What is the weather in Paris tomorrow?"},
        # Not in the order of the schema: a recording stays as it was.
        call("1", "get_weather", day="tomorrow", city="Paris"),
        {"role": "tool", "tool_call_id": "1", "content": '{"sky": "rain", "high": 12}'},
        {"role": "assistant", "content": "Rain, 12 degrees."},
        {"role": "user", "content": "Then take me to Rome."},
        call("2", "book_train", to="Rome"),
    ]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """An OpenAI log with one conversation."""
    tools = [{"type": "function", "function": spec} for spec in (WEATHER, BOOK)]
    path = tmp_path / "my-agent.jsonl"
    path.write_text(json.dumps({"messages": chat(), "tools": tools}) + "\n")
    return path


def recorded(case: Case) -> Case:
    """`case` as it was recorded."""
    bound = bind(case, SCAFFOLDS["recorded"])
    assert bound is not None, case.id
    return bound


def test_a_log_is_cut_at_every_step_and_each_names_its_oracle(log: Path) -> None:
    (episode,) = load(log)
    assert [(case.id, case.oracle) for case in episode.cases] == [
        ("my-agent@1", "recorded"),
        ("my-agent@2", "agreement"),
        ("my-agent@3", "recorded"),
    ]
    assert [case.id for case in stepped(episode, "last").cases] == ["my-agent@3"]
    assert [case.id for case in stepped(episode, "2").cases] == ["my-agent@2", "my-agent@3"]


def test_what_is_asked_is_the_recording_letter_by_letter(log: Path) -> None:
    (episode,) = load(log)
    request = render(recorded(episode.cases[-1]))
    said = []
    for message in chat()[:-1]:
        calls = [one["function"] for one in message.pop("tool_calls", ())]
        told = [{"type": "function", "function": {**one, "arguments": json.loads(one["arguments"])}} for one in calls]
        said.append({k: v for k, v in message.items() if k != "tool_call_id"} | ({"tool_calls": told} if told else {}))
    assert list(request.messages) == said
    assert json.dumps(request.messages) == json.dumps(said), "arguments stand in another order"
    assert [tool["function"] for tool in request.tools] == [WEATHER, BOOK]


def test_an_import_gives_the_same_decisions_as_its_source(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    (report,) = import_files([log], out)
    assert (report.format, report.recordings, report.left_out) == ("openai", 1, ())
    (mine,), (theirs,) = load(out), load(log)
    assert [canonical(replace(c, id="", cluster="")) for c in mine.cases] == [
        canonical(replace(c, id="", cluster="")) for c in theirs.cases
    ]


def test_rules_beside_a_recording_are_scored(log: Path) -> None:
    rules = [{"text": "Be short.", "check": "text.max_words", "params": {"n": 2}}]
    beside = log.with_name("my-agent.rules.json")
    beside.write_text(json.dumps(rules))
    case = recorded(next(load(log)).cases[1])
    said = replace(ideal(case).reply, text="It will rain tomorrow, with 12 degrees.")
    verdict = score(case, spoken(case, said))
    assert [(rule.check, rule.kept) for rule in verdict.rules] == [("text.max_words", False)]
    assert render(case).messages[0]["content"] == SYSTEM, "a rule that the recording states is not said twice"
    beside.write_text('[{"text": "Be short.", "check": "text.max_wordz", "params": {"n": 2}}]')
    log.write_bytes(log.read_bytes() + b"\n")
    with pytest.raises(UserError, match=r"my-agent\.rules\.json: 0: .*max_wordz"):
        list(load(log))


def test_laws_hold_on_every_step_and_enough_operators_apply(log: Path) -> None:
    for case in (recorded(case) for episode in load(log) for case in episode.cases):
        breaches = [b for name in OPERATORS for b in operator_breaches(tried(OPERATORS[name], [case]))]
        assert [breach for breach in breaches if breach.law != "applies"] == []
        assert sum(recipe.apply(case, name, mildest()) is not None for name in OPERATORS) >= 20


def session(*steps: tuple[str, dict[str, Any], str]) -> Recording:
    """A Claude-Code-like session: calls with their answers, each a message of its own."""
    messages = [Message("system", "You are an agent."), Message("user", "Fix the sum in /w/app/calc.py.")]
    for number, (name, args, answer) in enumerate(steps):
        messages.append(Message("assistant", "Next.", "", (ToolCall(str(number), name, args),)))
        messages.append(Message("tool", answer, answers=str(number)))
    return Recording("s", "test", tuple(messages), None, "s.jsonl", scaffold="claude_code")


FIX = (
    ("Read", {"file_path": "/w/app/calc.py"}, "     1→def add(a, b):\n     2→    return a - b\n"),
    ("Bash", {"command": "pytest -q", "description": "Runs the tests"}, "1 failed"),
    ("Edit", {"file_path": "/w/app/calc.py", "old_string": "a - b", "new_string": "a + b"}, "The file was updated."),
    ("Read", {"file_path": "/w/app/calc.py", "offset": 1}, "     1→def add(a, b):\n     2→    return a + b\n"),
)


def made(recording: Recording) -> list[Case]:
    """The cases of a recording, none left out."""
    found = list(cases_of(recording, "s"))
    assert [one for one in found if isinstance(one, LeftOut)] == []
    return [one for one in found if isinstance(one, Case)]


def test_a_known_product_is_judged_by_effect_and_replayed_in_another_scaffold() -> None:
    cases = made(session(*FIX))
    assert [case.oracle for case in cases] == ["effect", "effect", "effect", "effect"]
    edit = cases[2]
    assert edit.world.files == {"/w/app/calc.py": "def add(a, b):\n    return a - b\n"}
    whole = "def add(a, b):\n    return a + b\n"
    here, there = recorded(edit), bind(edit, SCAFFOLDS["claude_code_like"])
    assert there is not None
    for case, right in ((here, whole), (here, whole.replace("+", "*")), (there, whole)):
        call = {"file_path": "/w/app/calc.py", "content": right}
        tools = {tool.name for tool in case.tools}
        if "Write" not in tools:
            old, new = "    return a - b", right.splitlines()[1]
            reply = replace(ideal(case).reply, calls=(replace(ideal(case).reply.calls[0], args={
                "file_path": "/w/app/calc.py", "old_string": old, "new_string": new}),))  # fmt: skip
        else:
            reply = replace(ideal(case).reply, calls=(replace(ideal(case).reply.calls[0], tool="Write", args=call),))
        assert score(case, spoken(case, reply)).calls == int(right == whole), reply
    assert bind(edit, SCAFFOLDS["cline_like"]) is not None
    shown = [message["content"] for message in render(recorded(cases[3])).messages if message["role"] == "tool"]
    assert shown == [answer for _, _, answer in FIX[:3]]
    calls = [call for message in render(recorded(cases[3])).messages for call in message.get("tool_calls", ())]
    assert [call["function"]["arguments"] for call in calls] == [args for _, args, _ in FIX[:3]]


def test_what_was_never_shown_whole_is_compared_and_said() -> None:
    part = (
        ("Read", {"file_path": "/w/a.py", "offset": 10, "limit": 2}, "    10→x = 1\n    11→y = 2\n"),
        ("Edit", {"file_path": "/w/a.py", "old_string": "x = 1", "new_string": "x = 2"}, "The file was updated."),
    )
    edit = made(session(*part))[1]
    assert edit.oracle == "recorded"
    assert "/w/a.py was never shown whole: it is compared, not carried out" in edit.notes
    case = recorded(edit)
    assert score(case, spoken(case, ideal(case).reply)).joint == 1


def test_a_failed_run_and_a_failed_call_are_no_gold() -> None:
    assert {case.oracle for case in made(replace(session(*FIX), success=False))} == {"agreement"}
    one = session(("Read", {"file_path": "/w/x"}, "File does not exist."))
    failed = tuple(replace(m, failed=True) if m.role == "tool" else m for m in one.messages)
    assert [case.oracle for case in made(replace(one, messages=failed))] == ["agreement"]


def test_a_call_that_its_own_schema_forbids_is_no_gold() -> None:
    call = ToolCall("1", "get_weather", {"city": "Paris", "day": "yesterday"})
    messages = (Message("user", "The weather?"), Message("assistant", "", "", (call,)))
    (case,) = made(Recording("w", "test", messages, (WEATHER,), "w.jsonl"))
    assert case.oracle == "agreement"
    assert case.notes[-1].startswith("the recorded call is not valid: get_weather: day")


def test_steps_that_cannot_be_asked_are_named() -> None:
    broken = Message("assistant", "", "", (ToolCall("9", "Read", None, '{"file'),))
    recording = session(*FIX[:1])
    recording = replace(recording, messages=(*recording.messages, broken, Message("assistant", "Done.")))
    left = [one for one in cases_of(recording, "s") if isinstance(one, LeftOut)]
    assert [(one.where, one.reason) for one in left] == [
        ("s.jsonl: step 2", "the arguments of Read are no JSON object"),
        ("s.jsonl: step 2 on", "what came before cannot be told: the arguments of Read are no JSON object"),
    ]


def test_a_file_of_no_known_format_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("hello\n")
    with pytest.raises(UserError, match=r"x\.txt: is of no format that is known \(.*openai.*\)"):
        list(load(path))
    path.write_text(" \n")
    with pytest.raises(UserError, match="is empty"):
        loaded(path)


@pytest.mark.parametrize(
    "folder", ["tau-bench", "tau2-bench/simulations", "mini-swe-agent", "coding-agent-sessions", "livemcpbench"]
)
def test_perfect_is_right_on_recorded_decisions_that_have_a_gold(folder: str, data: Path) -> None:
    seen = 0
    for path in sorted((data / folder).rglob("*.json*"))[:40]:
        try:
            cases = [case for episode in load(path) for case in episode.cases if case.oracle != "agreement"]
        except UserError:
            continue
        for case in cases[:: max(1, len(cases) // 6)]:
            bound = recorded(case)
            verdict = score(bound, spoken(bound, ideal(bound).reply))
            assert verdict.joint == 1, (case.id, verdict)
            seen += 1
    assert seen >= 5
