"""What a person reads first: eighty columns, the sentence, what really drops, and ids to look at."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from perturb.report.terminal import WIDTH, interval, table
from perturb.statistics.paired import measured
from perturb.statistics.sentence import sentence
from perturb.statistics.strata import Stratum
from perturb.statistics.summary import summarise
from tests.unit.test_gate import records

MANIFEST = {"simulated": True, "model": {"name": "an agent with a name"}}


def run(lost: int, **more: Any) -> list[dict[str, Any]]:
    return records(60, lost, **more)


@pytest.mark.parametrize("rows", [run(0), run(2), run(10), records(3, 1), run(0, failed=600)])
def test_it_fits_and_begins_with_the_sentence(rows: list[dict[str, Any]]) -> None:
    found = summarise(rows)
    text = table(found, MANIFEST, Path("runs/a b"))
    lines = text.splitlines()
    assert [line for line in lines if len(line) > WIDTH and "+tools.x" not in line] == []
    assert lines[0] == "simulated agent: an agent with a name"
    assert " ".join(text.split()).startswith(f"{lines[0]} {' '.join(sentence(found).split())}"[:200])


def test_ids_are_those_of_decisions_that_were_lost() -> None:
    rows = run(2)
    shown = re.findall(r"^  '(\S+)'$", table(summarise(rows), MANIFEST, Path("r")), re.MULTILINE)
    by_id = {row["id"]: row for row in rows}
    assert [by_id[name]["verdict"]["joint"] for name in shown] == [0]
    assert "perturb show (or replay) ID --run r" in table(summarise(rows), MANIFEST, Path("r"))
    assert "'" not in table(summarise(run(0)), MANIFEST, Path("r")), "where nothing drops there is nothing to look at"


def test_the_mildest_and_shortest_is_looked_at() -> None:
    rows = run(2)
    lost = [row for row in rows if row["verdict"]["joint"] == 0]
    for row in lost:
        row["recipe"] = "tools.x[3]"
    lost[7]["recipe"] = lost[9]["recipe"] = "tools.x[1]"
    lost[7]["response"] = {"prompt_tokens": 900}
    assert summarise(rows).smallest == {"tools.x": lost[9]["id"]}


def test_noise_of_the_base_says_what_it_alone_would_leave() -> None:
    """Cases that are always right stay so; cases that are right three times in four do not under thirty operators."""
    sure, noisy = run(2), run(0)
    for row in noisy:
        if row["kind"] == "base" and row["sample"] == 3:
            row["verdict"] = {**row["verdict"], "joint": 0}
    assert summarise(sure).worst.chance == 1.0  # type: ignore[union-attr]
    assert summarise(sure).worst.accuracy == pytest.approx(0.8)  # type: ignore[union-attr]
    assert 0.7 < summarise(noisy).worst.chance < 0.8  # type: ignore[union-attr]


def test_agreement_that_shrinks_without_a_flip_is_not_told_as_no_difference() -> None:
    less = measured([Stratum("a", 1.0, 1, 1.5, 2)])
    assert less is not None
    assert (less.worse, less.better, less.difference) == (0, 0, -0.25)
    assert interval(less) == "1 fixture"
