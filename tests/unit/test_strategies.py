"""What the strategies promise: valid values, minimal examples, nothing that depends on luck."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from perturb.campaign.naming import item_of
from perturb.campaign.plan import Item
from perturb.core.registry import OPERATORS, SCAFFOLDS
from perturb.core.values import Response
from perturb.judging.scoring import score
from perturb.operators import recipe
from perturb.strategies import arguments, cases, decisions, operators, recipes, replies, scaffolds, tool_schemas
from perturb.toolbox.json_schema import first_violation, schema_problem

RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@RELAXED
@given(decisions())
def test_a_decision_is_named_by_its_recipe(item: Item) -> None:
    again = item_of(item.id)
    assert again == item
    assert again.digest == item.digest
    chain = [OPERATORS[step.operator] for step in recipe.of(item.case)]
    assert 1 <= len(chain) <= 3
    assert sum(o.relation == "directional" for o in chain) <= 1


def test_decisions_shrink_to_one_mild_step() -> None:
    # Operators whose mildest choice applies everywhere.
    mild = ["tools.namespace_prefix", "tools.pad_descriptions"]
    smallest = find(decisions(operators=mild), lambda _: True, settings=RELAXED)
    assert [step.choices for step in recipe.of(smallest.case)] == [(0,)]
    two = find(decisions(), lambda item: len(recipe.of(item.case)) >= 2, settings=RELAXED)
    assert len(recipe.of(two.case)) == 2


@RELAXED
@given(st.data())
def test_recipes_apply_to_their_case(data: st.DataObject) -> None:
    case = data.draw(cases(fixtures=["cli-*"]))
    steps = data.draw(recipes(case, operators=["user.*", "history.*"]))
    out = recipe.replayed(case, steps)
    assert out is not None
    assert all(step.operator.startswith(("user.", "history.")) for step in steps)


@given(operators(part="thinking"), scaffolds(family="browser"))
def test_names_are_registered(operator: str, scaffold: str) -> None:
    assert OPERATORS[operator].part == "thinking"
    assert SCAFFOLDS[scaffold].family == "browser"


@RELAXED
@given(st.data())
def test_arguments_fit_the_schemas_that_tools_use(data: st.DataObject) -> None:
    schema = data.draw(tool_schemas())["function"]["parameters"]
    assert schema_problem(schema) is None
    assert first_violation(schema, data.draw(arguments(schema))) is None


SCHEMAS = [
    {"type": "object", "properties": {"a": {"$ref": "#/$defs/n"}}, "required": ["a"], "$defs": {"n": {"type": "null"}}},
    {"anyOf": [{"type": "integer", "exclusiveMinimum": 3, "maximum": 9, "multipleOf": 2}, {"const": "x"}]},
    {"type": "array", "items": {"type": "number", "minimum": 0}, "minItems": 2, "maxItems": 3, "uniqueItems": True},
    {"type": ["string", "null"], "minLength": 2, "maxLength": 3},
    {"type": "string", "enum": ["a", "b"], "nullable": True},
    {"type": "object", "required": ["free"]},
]


@settings(deadline=None)
@given(st.data())
@pytest.mark.parametrize("schema", SCHEMAS)
def test_arguments_fit_each_keyword(schema: dict[str, object], data: st.DataObject) -> None:
    Draft202012Validator(schema).validate(data.draw(arguments(schema)))


@pytest.mark.parametrize("keyword", ["allOf", "not", "pattern", "if"])
def test_what_is_not_understood_is_refused(keyword: str) -> None:
    with pytest.raises(ValueError, match=keyword):
        arguments({"type": "string", keyword: {}})


@RELAXED
@given(st.data())
def test_any_reply_has_a_verdict(data: st.DataObject) -> None:
    case = data.draw(cases(fixtures=["browser-*", "cli-*"]))
    found = data.draw(replies(case))
    assert isinstance(found, Response)
    assert score(case, found).outcome
