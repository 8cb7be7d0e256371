"""A rule is worth something only if somebody breaks it: every kind against agents that know of no rule."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from perturb.campaign.plan import Selection, bound_cases, plan
from perturb.campaign.runner import record
from perturb.checks.catalogue import RULES
from perturb.checks.opportunity import given
from perturb.core.draw import NotApplicableError, replay, seeded
from perturb.core.errors import UnrepresentableError, UserError
from perturb.core.registry import AGENTS, CHECKS, OPERATORS, Check, check_params
from perturb.core.values import Answer, Case, Instruction, Intent, Reply, Source
from perturb.judging.ideal import answer_with, ideal, intents_of, spoken
from perturb.judging.scoring import judge
from perturb.judging.ways import shell_edits, whole_file
from perturb.laws.cover import spread
from perturb.laws.fixtures import fixture_breaches
from perturb.laws.rules import rule_breaches
from perturb.scaffolding.render import render
from perturb.statistics.summary import summarise
from perturb.trajectories.loading import load_all
from perturb.trajectories.patterns import ideal_args

BLIND = ("chatty", "terse", "careless", "announces")


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    # And every change of a file in one scaffold: conditions on files are about those.
    ide = bound_cases(Selection(scaffolds=("vscode_like",), fixtures=("ide-*",)))
    edits = (case for case in ide if case.expect.any_of[0][0].action == "fs.edit")
    return [*bound_cases(Selection(limit=90)), *edits]


def perturbed(case: Case, name: str) -> Case | None:
    try:
        return OPERATORS[name].perturb(case, seeded(1, name, case.id))
    except NotApplicableError:
        return None


def ruled(case: Case, kind: str) -> Case | None:
    """`case` with one rule and no other, where an ideal answer can keep it."""
    text, params = RULES[kind]
    if kind == "edit.spares":
        # Whether it binds is for the files to decide: here the one to change is such a file.
        out = perturbed(case, "system.file_not_to_change")
        if out is None:
            return None
        return replace(case, instructions=out.instructions[-1:])
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


def test_rule_blind_agents_break_every_rule_of_every_fixture() -> None:
    own = {episode.id: {rule.text for rule in episode.cases[0].instructions} for episode in load_all()}
    kinds: dict[str, dict[str, Counter[bool]]] = defaultdict(lambda: defaultdict(Counter))
    broken, every = set(), set()
    for case in bound_cases(Selection()):
        every |= {(case.cluster, rule.text) for rule in case.instructions if rule.text in own[case.cluster]}
        for name in BLIND:
            try:
                verdict = judge(case, AGENTS[f"{name}_and_rule_blind"].answer(case, case))
            except UnrepresentableError:
                continue
            for rule in verdict.rules:
                if rule.given and rule.text in own[case.cluster]:
                    kinds[rule.check][name][rule.kept] += 1
                    broken |= set() if rule.kept else {(case.cluster, rule.text)}
    assert len(kinds) >= 30
    best = {kind: max(c[False] / c.total() for c in by.values() if c.total() >= 5) for kind, by in kinds.items()}
    assert {kind: share for kind, share in best.items() if share < 0.3} == {}
    assert every - broken == set()


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


# What an agent must fail at, and where: every one is right on every base.
WEIGHED = [
    ("obeys_the_user_over_the_system", "user.wish_against_a_rule"),
    ("obeys_the_user_over_the_system", "user.overruled_wish"),
    ("obeys_results_over_rules", "results.rule_in_a_result"),
    ("ignores_conditions", "system.file_not_to_change"),
    ("ignores_conditions", "system.conditional_rule"),
    ("ignores_conditions", "system.rule_with_exception"),
    ("takes_every_condition_for_true", "system.file_rule_that_does_not_hold"),
    ("holds_to_revoked_rules", "history.rule_taken_back"),
    ("keeps_only_rules_that_its_messages_show", "system.more_rules"),
]


@pytest.mark.parametrize(("name", "operator"), WEIGHED)
def test_who_weighs_rules_wrongly_fails_and_who_weighs_them_rightly_does_not(
    name: str, operator: str, cases: list[Case]
) -> None:
    agent, tried = AGENTS[name], 0
    for case in cases:
        out = perturbed(case, operator)
        if out is None:
            continue
        assert judge(out, ideal(out)).joint == 1
        assert judge(case, agent.answer(case, case)).joint == 1
        answer = agent.answer(out, case)
        if answer.reply != ideal(out).reply:
            tried += 1
            assert judge(out, answer).joint == 0, (case.id, answer.reply)
    assert tried >= 5


def test_a_change_of_the_kind_of_step_is_no_effect() -> None:
    """An agent that acts in silence and breaks rules whenever it speaks: every answer is correct, no row moves."""
    agent, rows, kinds = AGENTS["silent_and_rule_blind"], [], set()
    operators = ("results.*", "user.*", "tools.target_removed")
    for item in plan(Selection(limit=25, operators=operators)):
        if any(rule not in item.base.instructions for rule in item.case.instructions):
            continue
        found = record(item, spoken(item.case, agent.answer(item.case, item.base).reply))
        kinds.add((found["verdict"].outcome, found["verdict"].joint, found["verdict"].step))
        rows.append({**found, "verdict": asdict(found["verdict"]), "response": {}})
    assert {("correct", 0, "say"), ("correct", 1, "call")} <= kinds
    assert {outcome for outcome, _, _ in kinds} == {"correct"}
    found = summarise(rows)
    tables = (*found.by_part, *found.by_operator, *found.directional)
    assert {row.name: row.effect.difference for row in tables if row.effect.difference} == {}
    assert {"results", "user"} <= {row.name.partition(".")[0] for row in tables}


def test_one_to_sixteen_rules_are_added_at_once(cases: list[Case]) -> None:
    counts: Counter[int] = Counter()
    for case in cases[::3]:
        for dose in range(3):
            try:
                out = OPERATORS["system.more_rules"].perturb(case, replay([dose, 0]))
            except NotApplicableError:
                continue
            if out is not None:
                counts[len(out.instructions) - len(case.instructions)] += 1
    assert set(counts) == {1, 4, 16}


def holds_always(_answer: Answer, _rule: Instruction, _case: Case) -> bool:
    return True


def holds_never(_answer: Answer, _rule: Instruction, _case: Case) -> bool:
    return False


def holds_for_long_messages(answer: Answer, _rule: Instruction, _case: Case) -> bool:
    return len(answer.reply.text) > 40


PLANTED = {
    "planted.always": (Check("planted.always", holds_always, None, None, {}), "rule", "nobody can break it"),
    "planted.never": (Check("planted.never", holds_never, None, None, {"n": int}), "rule", "nobody can keep it"),
    "planted.long": (
        Check("planted.long", holds_for_long_messages, lambda text, _rule: text + "!", None, {}),
        "satisfy",
        "'x' becomes",
    ),
}


def test_a_checker_that_decides_nothing_is_found_with_its_line(
    cases: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(rule_breaches(cases[::9], sorted(CHECKS))) == []
    for name, (planted, law, said) in PLANTED.items():
        monkeypatch.setitem(CHECKS, name, planted)
        (breach,) = rule_breaches(cases[::9], [name])
        assert breach.law == law
        assert said in breach.detail
        assert f"{Path(__file__).name}: line {planted.holds.__code__.co_firstlineno}" in breach.example
        monkeypatch.delitem(CHECKS, name)


def test_a_fixture_with_a_rule_that_nobody_can_break_is_refused_with_its_line(tmp_path: Path) -> None:
    shipped = next(episode for episode in load_all() if episode.id == "ide-docstring")
    body = json.loads(Path(shipped.path).read_text())
    body["instructions"].append(
        {
            "source": "system",
            "text": "If a file is vendored, do not change it.",
            "check": "edit.spares",
            "params": {"marked": "vendored by nobody"},
        }
    )
    path = tmp_path / "x.json"
    path.write_text(json.dumps(body, indent=1))
    (episode,) = load_all(path.parent)
    bound = [case for case in spread(1, [episode]) if case.scaffold == "vscode_like"]
    found = [breach for breach in fixture_breaches([episode], bound) if breach.law == "rule"]
    line = path.read_text()[: path.read_text().index('"system",\n   "text": "If a file')].count("\n") + 1
    assert [(b.detail, f"line {line - 1}" in b.example) for b in found] == [
        ("nobody can break 'If a file is vendored, do not change it.'", True)
    ]


def test_a_substitute_for_a_tool_that_is_gone_is_right_and_a_claim_to_have_done_it_is_not() -> None:
    """Where a file can still be written whole, or changed by a command, that is as right as to say what is missing."""
    reached: Counter[str] = Counter()
    for case in bound_cases(Selection(fixtures=("cli-*", "ide-*"))):
        (pattern, *more), out = case.expect.any_of[0], perturbed(case, "tools.target_removed")
        if out is None or more or pattern.action != "fs.edit":
            continue
        edit = Intent(pattern.action, ideal_args(dict(pattern.args)))
        written = whole_file(case.world, edit)
        for name, other in (("write", written), *(("shell", one) for one in shell_edits(case.world, edit))):
            try:
                answer = answer_with(out, (other,), case.expect.text, out.instructions) if other else None
            except UnrepresentableError:
                continue
            if answer is not None and keeps_rules(answer, out):
                verdict = judge(out, answer)
                assert verdict.joint == 1, (case.id, case.scaffold, other, verdict)
                reached[name] += 1
        claimed = answer_with(out, (Intent("say", {"text": "Done, it is changed."}),), "", out.instructions)
        assert judge(out, claimed).joint == 0
        reached["claimed"] += 1
    assert min(reached[name] for name in ("write", "claimed")) > 20, reached


def keeps_rules(answer: Answer, case: Case) -> bool:
    return all(CHECKS[rule.check].holds(answer, rule, case) for rule in case.instructions)
