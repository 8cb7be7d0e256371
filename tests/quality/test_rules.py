"""A rule is worth something only if somebody breaks it: every kind against agents that know of no rule."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from perturb.campaign.plan import Selection, bound_cases
from perturb.checks.catalogue import RULES
from perturb.checks.opportunity import given
from perturb.core.errors import UnrepresentableError, UserError
from perturb.core.registry import AGENTS, CHECKS, check_params
from perturb.core.values import Answer, Case, Instruction, Intent, Reply, Source
from perturb.judging.ideal import answer_with, ideal, intents_of
from perturb.judging.scoring import judge
from perturb.scaffolding.render import render

BLIND = ("chatty", "terse", "careless", "announces")


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return list(bound_cases(Selection(limit=90)))


def ruled(case: Case, kind: str) -> Case | None:
    """`case` with one rule and no other, where an ideal answer can keep it."""
    text, params = RULES[kind]
    out = replace(case, instructions=(Instruction(text, "system", kind, params),))
    try:
        verdict = judge(out, ideal(out))
    except UnrepresentableError:
        return None
    return out if verdict.joint else None


def test_every_kind_is_in_the_catalogue() -> None:
    assert set(RULES) == set(CHECKS)
    assert len(CHECKS) >= 30


@pytest.mark.parametrize("kind", sorted(RULES))
def test_a_rule_blind_agent_breaks_it_in_a_third_of_its_opportunities(kind: str, cases: list[Case]) -> None:
    tried = [out for case in cases if (out := ruled(case, kind)) is not None]
    assert tried, "no ideal answer can keep it anywhere"
    shares = {}
    for name in BLIND:
        agent = AGENTS[f"{name}_and_rule_blind"]
        count: Counter[bool] = Counter()
        for case in tried:
            try:
                (verdict,) = judge(case, agent.answer(case, case)).rules
            except UnrepresentableError:
                continue
            if verdict.given:
                count[verdict.kept] += 1
        if sum(count.values()) >= 5:
            shares[name] = count[False] / sum(count.values())
    assert max(shares.values(), default=0) >= 0.3, shares


def test_silence_beside_calls_breaks_no_rule_about_messages(cases: list[Case]) -> None:
    tried = 0
    for case in cases:
        if case.expect.any_of[0][0].action == "say" or any(r.check == "text.present" for r in case.instructions):
            continue
        try:
            intents = intents_of(case, case.expect.any_of[0])
            silent = replace(case, expect=replace(case.expect, text=""))
            answer = answer_with(silent, intents, "", ())
        except UnrepresentableError:
            continue
        if not answer.reply.text.strip():
            tried += 1
            assert judge(case, answer).joint, case.id
    assert tried > 20


@pytest.mark.parametrize("source", ["system", "user", "memory", "tool", "reminder", "skill"])
def test_a_rule_is_told_at_its_source(source: Source, cases: list[Case]) -> None:
    told = 0
    for case in cases[::9]:
        rule = Instruction("Use the mark [qz-4].", source, "text.contains", {"value": "[qz-4]"})
        request = render(replace(case, instructions=(*case.instructions, rule)))
        told += "[qz-4]" in repr((request.messages, request.tools))
    assert told == len(cases[::9])


def test_conditions_and_exceptions_bind_what_they_say(cases: list[Case]) -> None:
    case = cases[0]
    rule = Instruction("", "system", "text.contains", {"value": "[m]", "unless": "question"})
    only = Instruction("", "system", "text.contains", {"value": "[m]", "when": "number"})
    table = {"It costs 5.": (True, True), "Which day?": (False, False), "It is done.": (True, False)}
    for text, expected in table.items():
        answer = Answer(Reply(text=text), (Intent("say", {"text": text}),))
        assert (given(answer, rule, case), given(answer, only, case)) == expected


@pytest.mark.parametrize(
    ("name", "params", "said"),
    [
        ("text.contains", {"value": ""}, "nobody can break"),
        ("text.lacks", {"words": []}, "nobody can break"),
        ("text.max_words", {"n": 10**7}, "nobody can break"),
        ("text.contains", {"value": "x", "when": "nummber"}, "did you mean 'number'"),
        ("text.contain", {"value": "x"}, "did you mean 'text.contains'"),
    ],
)
def test_a_rule_that_cannot_be(name: str, params: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        check_params(name, params)
