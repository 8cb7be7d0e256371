"""Detours in a run: asked on in the same stream, journalled as one record, never asked twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturb import strategies
from perturb.campaign.answers import Answers, case_key
from perturb.campaign.decision import decide
from perturb.campaign.journal import read
from perturb.campaign.naming import item_of
from perturb.campaign.plan import Item, Selection
from perturb.campaign.rounds import judged
from perturb.campaign.runner import from_agent, rescored, run
from perturb.campaign.unfinished import ROUNDS
from perturb.core.draw import replay
from perturb.core.registry import AGENTS, OPERATORS
from perturb.core.values import Call, Failure, Reply, Response
from perturb.judging.ideal import spoken, understand
from perturb.judging.rounds import next_round
from perturb.judging.scoring import Round, judge
from perturb.laws.verdicts import decided
from perturb.scaffolding.render import render

SELECTION = Selection(
    ("claude_code_like", "mini_swe_like"), ("thinking.strip_all", "tools.rename_tool"), ("cli-retry-budget",), limit=6
)
Pull = Callable[[], Item | None]
LOOKS = from_agent(AGENTS["looks_first"])


def counted(asked: list[Item], limit: int = 0) -> Any:
    """The agent that looks first; `asked` notes every request, and after `limit` of them the process is stopped."""

    def answer(pull: Pull) -> Iterator[tuple[Item, Response | Failure]]:
        for item, got in LOOKS(pull):
            asked.append(item)
            if limit and len(asked) == limit:
                raise KeyboardInterrupt
            yield item, got

    return answer


@pytest.mark.parametrize("limit", [5, 8, 11])
def test_a_resumed_run_asks_no_round_twice(tmp_path: Path, limit: int) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    once: list[Item] = []
    run(SELECTION, counted(once), whole, lambda _count: None)
    first: list[Item] = []
    with pytest.raises(KeyboardInterrupt):
        run(SELECTION, counted(first, limit), parts, lambda _count: None)
    second: list[Item] = []
    run(SELECTION, counted(second), parts, lambda _count: None)
    assert list(read(parts)) == list(read(whole))
    # The answer that the stop cost is asked again, and no other.
    assert len(first) - 1 + len(second) == len(once)
    assert not (parts / ROUNDS).exists()


def test_one_record_holds_the_rounds_and_is_judged_again_alike(tmp_path: Path) -> None:
    run(SELECTION, LOOKS, tmp_path, lambda _count: None)
    records = {record["id"]: record for record in read(tmp_path)}
    assert all(len(r["rounds"]) == r["detours"] == r["verdict"]["detours"] for r in records.values())
    assert max(r["detours"] for r in records.values()) == 2
    again = list(rescored(SELECTION, records))
    assert {r["id"]: (r["verdict"].joint, r["detours"]) for r in again} == {
        n: (1, records[n]["detours"]) for n in records
    }


def test_patience_0_judges_the_first_answer(tmp_path: Path) -> None:
    selection = replace(SELECTION, patience=0)
    run(selection, LOOKS, tmp_path, lambda _count: None)
    assert all(not r["rounds"] for r in read(tmp_path))
    assert any(not r["verdict"]["joint"] for r in read(tmp_path))


def test_a_decision_alone_goes_the_same_rounds() -> None:
    item = item_of("cli-retry-budget@2/claude_code_like")
    answers = Answers(LOOKS, case_key)
    found = decide(answers, [item])[0].perturbed
    assert (found.verdict.joint, found.verdict.detours, answers.asked) == (1, 2, 3)
    assert answers.known(item)
    assert decide(Answers(LOOKS, case_key, patience=0), [item])[0].perturbed.verdict.joint == 0


def test_the_same_look_again_is_a_loop() -> None:
    case = item_of("cli-retry-budget@2/claude_code_like").case
    look = AGENTS["looks_first"].answer(case, case).reply
    verdict = decided(case, lambda _now: look, patience=5)
    assert (verdict.outcome, verdict.detours, verdict.joint) == ("loop", 1, 0)


def test_a_failed_look_decides() -> None:
    case = item_of("cli-retry-budget@2/claude_code_like").case
    gone = understand(case, Reply("", "", (Call("Read", {"file_path": "/nowhere"}),)))
    assert next_round(judge(case, gone), (Round(case, gone),), 2) is None


def test_the_next_round_shows_the_look_as_the_model_wrote_it() -> None:
    case = item_of("cli-retry-budget@1/mini_swe_like").case
    command = "ls -la && cat README.md | head -3"
    looked = understand(case, Reply("", "Looking.", (Call("bash", {"command": command}),)))
    following = next_round(judge(case, looked), (Round(case, looked),), 2)
    assert following is not None
    messages = render(following).messages
    assert command in str(messages[-2]["content"])
    assert "# uploader" in str(messages[-1]["content"])
    assert render(case).messages == messages[:-2]


NAMES = (
    "cli-retry-budget@1/claude_code_like#0",
    "cli-retry-budget@2/mini_swe_like#0",
    "browser-form@1/browser_use_like#0",
)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), name=st.sampled_from(NAMES))
def test_any_reply_is_judged_whether_or_not_it_can_be_read(data: st.DataObject, name: str) -> None:
    """What a model writes is scored or goes on; it never breaks the run."""
    item = item_of(name)
    for _ in range(3):
        found = judged(item, data.draw(strategies.replies(item.case)), patience=2)
        if found.following is None:
            return
        item = found.following


def test_a_look_beside_a_call_that_stands_for_nothing_decides() -> None:
    item = item_of(NAMES[0])
    look = Call("Bash", {"command": "ls", "description": "Look."})
    reply = Reply("Hm.", "", (look, Call("no_such_tool", {})))
    assert judged(item, spoken(item.case, reply), patience=2).following is None
    assert judged(item, spoken(item.case, Reply("Hm.", "", (look,))), patience=2).following is not None
    assert judged(item, Response("never closed"), patience=2).following is None


@pytest.mark.parametrize(("choice", "noisy"), [(0, True), (1, False)])
def test_noise_on_the_latest_result_goes_on_in_detours(choice: int, noisy: bool) -> None:
    """And noise on an earlier one stands there alone."""
    operator = OPERATORS["results.boilerplate"]
    case = operator.perturb(item_of("cli-retry-budget@3/claude_code_like").case, replay((0, choice)))
    assert case is not None
    looked = understand(case, Reply("", "Looking.", (Call("Read", {"file_path": "/code/uploader/src/send.py"}),)))
    following = next_round(judge(case, looked), (Round(case, looked),), 2)
    assert following is not None
    assert ("produced by an automated service" in str(render(following).messages[-1])) is noisy
