"""Agents that break one thing only: their part is blamed, nothing else is, and noise is blamed on nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import pytest

from perturb.campaign.plan import Item, Selection, plan
from perturb.core.registry import AGENTS, load_builtin
from perturb.core.values import PARTS
from perturb.judging.ideal import ideal
from perturb.judging.scoring import judge
from perturb.statistics.rows import Row
from perturb.statistics.summary import Summary, summarise

load_builtin()
ISOLATED = sorted(n for n, a in AGENTS.items() if a.answer.__module__ == "perturb.agents.isolated")
# Every one runs by `make isolated`, on so many bound cases; the suite takes a few of each kind.
SAMPLE = (
    "overwhelmed_by_many_tools",
    "needs_usual_casing",
    "dazed_by_colours",
    "noise_one_in_a_hundred",
    "noise_one_in_ten",
    "only_calls_never_words",
    "breaks_on_three_fixtures",
    "fails_on_one_protocol",
)
EVERY = int(os.environ.get("PERTURB_ISOLATED", "0"))


@lru_cache(maxsize=1)
def items() -> list[tuple[Item, Any]]:
    """The decisions and their ideal replies; a broken agent's answer is judged only where it differs."""
    return [(item, ideal(item.case).reply) for item in plan(Selection(limit=EVERY or 70))]


def answered(name: str) -> Summary:
    agent, rows, known = AGENTS[name], [], {}
    for item, best in items():
        key = (item.case.id, item.case.scaffold, item.recipe)
        if key not in known:
            answer = agent.answer(item.case, item.base)
            known[key] = (1, "correct") if answer.reply == best else _judged(item, answer)
        joint, outcome = known[key]
        rows.append(
            {
                "id": item.id,
                "kind": item.kind,
                "base": item.base_id,
                "cluster": item.case.cluster,
                "scaffold": item.base.scaffold,
                "operator": item.operator,
                "part": item.part,
                "sample": item.sample,
                "relation": item.relation,
                "recipe": item.recipe,
                "response": {},
                "failure": None,
                "unscored": None,
                "scores": {},
                "verdict": {"joint": joint, "outcome": outcome, "rules": ()},
            }
        )
    return summarise(rows)


def _judged(item: Item, answer: Any) -> tuple[int, str]:
    verdict = judge(item.case, answer)
    return verdict.joint, verdict.outcome


@pytest.mark.parametrize("name", ISOLATED if EVERY else SAMPLE)
def test_one_thing_is_blamed(name: str) -> None:
    found, defect = answered(name), AGENTS[name].defect
    blamed = {row.name.partition(".")[0] for row in _drops(found.by_part, found.by_operator, found.controls)}
    if name == "fails_on_one_protocol":
        assert blamed <= {"scaffold"}, "decisions moved to that protocol may show it"
        return
    assert blamed == ({defect} if defect else set())
    # Where words become right, an agent without words is wrong: that table says so, and is pooled with nothing.
    if name != "only_calls_never_words":
        assert {row.name.partition(".")[0] for row in _drops(found.directional)} <= {defect}
    # Nothing in the tables of places either, but where the part's own drop shows in them.
    if not defect:
        assert _drops(found.by_scaffold, found.cells.values(), found.operator_cells.values()) == []


def _drops(*tables: Iterable[Row]) -> list[Row]:
    return [row for rows in tables for row in rows if row.verdict.word == "drop"]


def test_what_is_no_part_is_still_seen() -> None:
    three = answered("breaks_on_three_fixtures")
    assert [f.name for f in three.fixtures if f.base == 1 and f.perturbed == 0]
    protocol = answered("fails_on_one_protocol")
    assert protocol.base is not None
    assert min(protocol.base.by_scaffold.values()) == 0
    words = answered("only_calls_never_words")
    assert words.base is not None
    assert words.base.accuracy < 1


def test_there_are_many_of_them() -> None:
    assert len(ISOLATED) >= 25
    assert {AGENTS[name].defect for name in ISOLATED} == {*PARTS, ""}
