"""A declared schema comes whole to the request and to validation, whatever operators do to names and nesting."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perturb.core.draw import NotApplicableError, seeded
from perturb.core.registry import OPERATORS, load_builtin
from perturb.core.values import Case, Expect, Intent, Pattern, Turn, World
from perturb.toolbox import toolbox
from perturb.toolbox.json_schema import first_violation, schema_problem
from perturb.trajectories.bfcl import cases_of
from perturb.trajectories.defaults import unsaid
from perturb.trajectories.episodes import domain_tool

load_builtin()
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$"},
        "seat": {"$ref": "#/$defs/seat"},
        "twin": {"$ref": "#/properties/seat"},
        "card": {"type": "string"},
        "expiry": {"type": "string"},
        "mode": {"enum": ["now", "later"]},
        "when": {"type": "string"},
        "count": {"type": "integer", "minimum": 1, "default": 1},
        "quiet": {"type": "boolean", "default": False},
    },
    "required": ["code"],
    "additionalProperties": False,
    "dependentRequired": {"card": ["expiry"]},
    "if": {"properties": {"mode": {"const": "later"}}, "required": ["mode"]},
    "then": {"required": ["when"]},
    "$defs": {"seat": {"type": "object", "properties": {"row": {"type": "integer"}}, "required": ["row"]}},
}
GOOD: tuple[dict[str, Any], ...] = (
    {"code": "ABC-1"},
    {"code": "ABC-1", "seat": {"row": 3}, "twin": {"row": 2**53 + 1}},
    {"code": "ABC-1", "card": "4", "expiry": "5"},
    {"code": "ABC-1", "mode": "later", "when": "x"},
    {"code": "ABC-1", "mode": "now", "count": 2},
)
BAD: tuple[dict[str, Any], ...] = (
    {},
    {"code": "abc-1"},
    {"code": "ABC-1", "seat": {}},
    {"code": "ABC-1", "twin": {"row": "x"}},
    {"code": "ABC-1", "card": "4"},
    {"code": "ABC-1", "mode": "later"},
    {"code": "ABC-1", "count": 0},
    {"code": "ABC-1", "other": 1},
)
TOOL = domain_tool({"name": "book_seat", "description": "Books.", "parameters": SCHEMA})


def case() -> Case:
    pattern = Pattern("book_seat", {"code": "ABC-1", "count": 1, "card": "4", "expiry": "5"})
    turns = (Turn("user", "Book it."),)
    made = Case("s@1", "s", "service", (), (TOOL,), World(), turns, (), Expect(((pattern,),)))
    return unsaid(made)


def visible(tool: Any, args: dict[str, Any]) -> dict[str, Any]:
    """`args` in the names, the spelling and the nesting that the tool has now."""
    from perturb.toolbox import codecs

    params = {param.field: param for param in tool.params}
    shown = {
        params[name].name if name in params else name: codecs.encode(params[name].codecs, value, args, World())
        if name in params
        else value
        for name, value in args.items()
    }
    return {tool.envelope: shown} if tool.envelope else shown


@pytest.mark.parametrize("name", [None, *sorted(o for o in OPERATORS if o.startswith("tools."))])
def test_nothing_that_is_demanded_is_lost(name: str | None) -> None:
    for seed in range(6):
        tool = TOOL
        if name is not None:
            try:
                out = OPERATORS[name].perturb(case(), seeded(seed))
            except NotApplicableError:
                continue
            tool = next((t for t in out.tools if t.action == "book_seat"), None) if out else None
        if tool is None:
            continue
        schema = toolbox.schema(tool)
        assert schema_problem(schema) is None
        for args in GOOD:
            assert first_violation(schema, visible(tool, args)) is None, (name, args)
        for args in BAD:
            assert first_violation(schema, visible(tool, args)) is not None, (name, args)


def test_a_default_is_the_same_said_or_not() -> None:
    expected = case().expect.any_of[0][0]
    assert "count" not in expected.args
    for args in ({}, {"count": 1}, {"count": 1, "quiet": False}):
        call = toolbox.Call("book_seat", {"code": "ABC-1", "card": "4", "expiry": "5", **args})
        assert toolbox.decode((TOOL,), call, World()) == Intent("book_seat", dict(expected.args))
    other = toolbox.Call("book_seat", {"code": "ABC-1", "count": 2})
    meant = toolbox.decode((TOOL,), other, World())
    assert isinstance(meant, Intent)
    assert meant.args["count"] == 2


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"properties": {"a": {"$ref": "https://e.org/x"}}}, "not local"),
        ({"properties": {"a": {"$ref": "#/$defs/no"}}}, "reference to nothing"),
        ({"properties": {"a": {"pattern": "(a)\\1"}}}, "back-references"),
        ({"properties": {"a": {"pattern": "["}}}, "bad pattern"),
        ({"properties": {"a": {"$dynamicRef": "#x"}}}, "not supported"),
        ({"properties": {"a": {"type": "text"}}}, "text"),
    ],
)
def test_a_schema_that_cannot_be_honoured_is_refused(schema: dict[str, Any], said: str) -> None:
    assert said in str(schema_problem(schema))


def test_whole_numbers_are_exact_and_patterns_are_linear() -> None:
    assert first_violation({"enum": [2**53 + 1]}, 2**53) is not None
    assert first_violation({"maximum": 2**53}, 2**53 + 1) is not None
    assert first_violation({"const": 1}, 1.0) is None
    assert first_violation({"const": 1}, True) is not None
    assert first_violation({"pattern": "^(a+)+$"}, "a" * 5_000 + "!") is not None
    assert first_violation({"patternProperties": {"^x": {"type": "integer"}}}, {"x1": "a"}) is not None
    assert first_violation({"multipleOf": 0.1}, 0.3) is None


def test_records_without_answers_or_documents_say_so(tmp_path: Path) -> None:
    function = {"name": "f", "description": "", "parameters": {"type": "dict", "properties": {}, "required": []}}
    question = [[{"role": "user", "content": "go"}]]
    single = {"id": "simple_1", "question": question, "function": [function]}
    several = {"id": "multi_turn_1", "question": question, "initial_config": {}, "involved_classes": ["MathAPI"]}
    path = tmp_path / "BFCL_v4_x.json"
    path.write_text("\n".join(map(json.dumps, (single, several))))
    why = dict(cases_of(path))
    assert "accepted answers is not there" in str(why["simple_1"])
    (tmp_path / "possible_answer").mkdir()
    (tmp_path / "possible_answer" / path.name).write_text(json.dumps({"id": "multi_turn_1", "ground_truth": [["f()"]]}))
    why = dict(cases_of(path))
    assert why["simple_1"] == "it has no accepted answer"
    assert "math_api.json" in str(why["multi_turn_1@1"])
