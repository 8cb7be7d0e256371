"""Whoever looks up again what a recording looked up, or earlier than it did, is answered as it was recorded."""

from __future__ import annotations

import json

import pytest

from perturb.core.registry import SCAFFOLDS
from perturb.core.values import Answer, Call, Case, Reply
from perturb.judging.ideal import ideal, spoken, understand
from perturb.judging.rounds import next_round
from perturb.judging.scoring import Round, score
from perturb.recordings.cutting import cases_of
from perturb.recordings.values import Message, Recording, ToolCall
from perturb.scaffolding.binding import bind
from perturb.scaffolding.render import render

PENDING, CANCELLED = '{"order_id": "W1", "status": "pending"}', "W1 is cancelled"
STEPS = (
    ("find_orders", {"email": "a@example.com"}, '{"orders": ["W1"]}'),
    ("get_order", {"order_id": "W1"}, PENDING),
    ("cancel_order", {"order_id": "W1"}, "done"),
    ("get_order", {"order_id": "W1"}, CANCELLED),
    ("find_orders", {"email": "b@example.com"}, None),
)


def decisions() -> list[Case]:
    """The steps of a recording of a shop, each with one call."""
    messages = [Message("user", "Cancel my order.")]
    for number, (name, args, answer) in enumerate(STEPS):
        messages.append(Message("assistant", calls=(ToolCall(str(number), name, args),)))
        messages += [Message("tool", answer, answers=str(number))] if answer else []
    cases = [case for case in cases_of(Recording("shop", "openai", tuple(messages)), "shop") if isinstance(case, Case)]
    assert len(cases) == len(STEPS)
    return cases


def after(case: Case, *calls: Call) -> Case | None:
    """What is asked after `calls`; None when they decide."""
    bound = bind(case, SCAFFOLDS["recorded"])
    assert bound is not None
    answer: Answer = understand(bound, Reply("", "", calls))
    verdict = score(bound, spoken(bound, answer.reply))
    return next_round(verdict, (Round(bound, answer),), 2)


GET = Call("get_order", {"order_id": "W1"})
FIND = Call("find_orders", {"email": "a@example.com"})


@pytest.mark.parametrize(
    ("step", "call", "told"),
    [
        (1, GET, PENDING),  # earlier than it was recorded
        (2, FIND, '{"orders": ["W1"]}'),
        (3, GET, PENDING),
        (5, GET, CANCELLED),  # not what it was before the order was cancelled
    ],
)
def test_a_recorded_look_up_is_answered_as_recorded(step: int, call: Call, told: str) -> None:
    case = after(decisions()[step - 1], call)
    assert case is not None
    assert render(case).messages[-1]["content"] == told


@pytest.mark.parametrize(
    ("step", "call"),
    [
        (1, Call("get_order", {"order_id": "W2"})),  # nobody knows what that holds
        (4, FIND),  # may be another since the order was cancelled
        (1, Call("cancel_order", {"order_id": "W1"})),  # does something
        (1, Call("find_orders", {"email": "b@example.com"})),  # was never answered
    ],
)
def test_what_no_recording_tells_decides(step: int, call: Call) -> None:
    assert after(decisions()[step - 1], call) is None


def test_what_is_right_stays_the_recorded_action() -> None:
    for case in decisions():
        bound = bind(case, SCAFFOLDS["recorded"])
        assert bound is not None
        assert case.oracle == "recorded"
        assert score(bound, spoken(bound, ideal(bound).reply)).joint
    bound = bind(decisions()[2], SCAFFOLDS["recorded"])
    assert bound is not None
    both = Reply("", "", (GET, Call("cancel_order", {"order_id": "W1"})))
    assert score(bound, spoken(bound, both)).joint, "a look beside the right call is no side effect"


def test_an_answer_is_kept_once_for_each_stretch() -> None:
    held = [json.dumps(case.world.services, sort_keys=True) for case in decisions()]
    assert held[0] == held[1] == held[2]
    assert held[3] == held[4] != held[0]
