"""Every law, over everything registered, on one decision of each kind; `make check` reaches everything."""

from perturb.core.registry import AGENTS, CHECKS, OPERATORS
from perturb.laws.cover import covering, spread
from perturb.laws.operators.composition import composition_breaches, partners
from perturb.laws.operators.process import process_breaches
from perturb.laws.operators.trying import operator_breaches, tried
from perturb.laws.rules import rule_breaches
from perturb.laws.scaffolds import agent_breaches, scaffold_breaches
from perturb.laws.verdicts import verdict_breaches


def test_every_law_of_operators_holds() -> None:
    cases = spread(1)
    made = [tried(OPERATORS[name], cases, thorough=1) for name in sorted(OPERATORS)]
    breaches = [breach for one in made for breach in operator_breaches(one) if breach.law != "applies"]
    breaches += process_breaches([(one.operator, one.applied[:2]) for one in made])
    for one in made[::5]:
        breaches += composition_breaches(one.operator, cases, partners(one.operator)[::3])
    assert breaches == []


def test_every_other_law_holds() -> None:
    cases = spread(2)
    breaches = [*scaffold_breaches(cases), *verdict_breaches(cases), *agent_breaches(cases, sorted(AGENTS))]
    assert [*breaches, *rule_breaches(cases, sorted(CHECKS))] == []


def test_the_quick_check_reaches_every_fixture_and_cell() -> None:
    operators = ["system.add_rule", "results.reserialised", "environment.more_in_listings"]
    cover = covering(operators)
    assert len({case.cluster for case in cover.cases}) == cover.fixtures >= 55
    assert cover.reached == cover.cells
    assert len(cover.cases) < cover.bound / 5
    assert covering(operators) == cover
