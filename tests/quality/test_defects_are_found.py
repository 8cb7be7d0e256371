"""The instrument's own calibration: a perfect agent scores 1, each defect shows in its own part and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from perturb.campaign.journal import read
from perturb.campaign.plan import Item, Selection, plan
from perturb.campaign.runner import Feed, from_agent, record, run
from perturb.core.registry import AGENTS
from perturb.statistics.summary import summarise

SPREAD = Selection(limit=130)
DEFECTIVE = sorted(n for n, a in AGENTS.items() if a.defect and a.answer.__module__ == "perturb.agents.defective")


@lru_cache(maxsize=1)
def items() -> list[Item]:
    return list(plan(SPREAD))


def answered(agent: str) -> Iterator[dict[str, Any]]:
    from perturb.core.registry import AGENTS

    for item, got in from_agent(AGENTS[agent])(Feed(items())):
        facts = record(item, got)
        if facts["verdict"]:
            facts["verdict"] = asdict(facts["verdict"])
        yield facts


def test_perfect_scores_one_everywhere() -> None:
    wrong = [r["id"] for r in answered("perfect") if not r["verdict"] or not r["verdict"]["joint"]]
    assert wrong == []


def test_null_scores_zero_everywhere() -> None:
    right = [r["id"] for r in answered("null") if not r["verdict"] or r["verdict"]["joint"]]
    assert right == []


@pytest.mark.parametrize("agent", DEFECTIVE)
def test_a_defect_shows_in_its_part_and_nowhere_else(agent: str) -> None:
    found = summarise(answered(agent))
    defect = AGENTS[agent].defect
    operators = (*found.by_operator, *found.directional)
    worst = min(row.effect.difference for row in operators if row.name.startswith(f"{defect}."))
    assert worst < -0.1, "the defect is not found"
    # Nothing else may be blamed: no other part, and no single operator of another part. (A rule forgotten everywhere
    # can be kept by chance until a longer message breaks it: two decisions in a hundred.)
    others = [row for row in (*found.by_part, *operators) if row.name.split(".")[0] != defect]
    assert {row.name: row.effect.difference for row in others if row.effect.difference < -0.02} == {}


def test_a_run_is_the_same_when_it_is_resumed(tmp_path: Path) -> None:
    selection = Selection(limit=2)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
    run(selection, from_agent(AGENTS["perfect"]), whole, lambda _count: None)

    def dies(pull: Callable[[], Item | None]) -> Any:
        for number, answer in enumerate(from_agent(AGENTS["perfect"])(pull)):
            if number == 7:
                raise KeyboardInterrupt
            yield answer

    with pytest.raises(KeyboardInterrupt):
        run(selection, dies, parts, lambda _count: None)
    assert len(list(read(parts))) == 7
    run(selection, from_agent(AGENTS["perfect"]), parts, lambda _count: None)
    assert (parts / "journal.jsonl").read_bytes() == (whole / "journal.jsonl").read_bytes()
