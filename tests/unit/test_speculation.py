"""Property tests over a model: one batch instead of one request at a time, never flaky, failures at their minimum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from perturb.agents.sound import perfect
from perturb.campaign.answers import Answers, case_key, content_key
from perturb.campaign.asking import Asking
from perturb.campaign.plan import Item
from perturb.campaign.runner import from_agent
from perturb.core.errors import EngineError
from perturb.core.registry import AGENTS, Agent
from perturb.core.values import Answer, Case, Failure, Reply, Response
from perturb.operators import recipe
from perturb.search.speculation import batched
from perturb.strategies import decisions
from perturb.testing.assertions import ModelFailure, assert_correct

EXAMPLES = settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def asking(agent: str | Agent, kept: Path | None = None) -> Asking:
    found = AGENTS[agent] if isinstance(agent, str) else agent
    return Asking(Answers(from_agent(found), case_key), kept, replay="perturb replay ID")


def test_examples_are_asked_in_one_batch() -> None:
    seen: list[str] = []

    @batched
    @EXAMPLES
    @given(item=decisions(steps=2))
    def check(model: Asking, item: Item) -> None:
        seen.append(item.id)
        assert_correct(model(item))

    model = asking("perfect")
    check(model)
    assert len(set(seen)) > 20
    assert model.answers.batches == 1


def test_a_body_that_asks_on_needs_a_round_for_each_question() -> None:
    @batched
    @EXAMPLES
    @given(first=decisions(steps=1), second=decisions(steps=1))
    def check(model: Asking, first: Item, second: Item) -> None:
        assert_correct(model(first))
        assert_correct(model(second))

    model = asking("perfect")
    check(model)
    assert model.answers.batches <= 3


def moody() -> Agent:
    """Wrong on every other question it is really asked; a function of the question all the same, once remembered."""
    turns: Iterator[int] = iter(range(10**9))

    def answer(case: Case, base: Case) -> Answer:
        wrong = case.lineage and next(turns) % 2
        return Answer(Reply(text="no"), ()) if wrong else perfect(case, base)

    return Agent("moody", "", "Simulated noise.", answer)


def test_a_noisy_model_is_never_flaky() -> None:
    @batched
    @EXAMPLES
    @given(item=decisions(steps=3))
    def check(model: Asking, item: Item) -> None:
        assert_correct(model(item))

    for _ in range(5):
        with pytest.raises(ModelFailure):
            check(asking(moody()))


def test_a_failure_comes_at_its_minimum_and_is_tried_first_next_time(tmp_path: Path) -> None:
    bodies: list[str] = []

    @batched
    @settings(EXAMPLES, max_examples=80)
    @given(item=decisions(operators=["tools.*", "user.*"], steps=3))
    def check(model: Asking, item: Item) -> None:
        bodies.append(item.id)
        assert_correct(model(item))

    with pytest.raises(ModelFailure) as caught:
        check(asking("memorises_tool_names", tmp_path))
    found = caught.value.decision
    assert found is not None
    steps = recipe.of(found.perturbed.item.case)
    assert len(steps) == 1
    assert steps[0].operator.startswith("tools.")
    message = str(caught.value)
    for part in ("what changed", "expected:", "got:", "replay:   perturb replay", "minimal:", "@example(item=item_of("):
        assert part in message
    bodies.clear()
    with pytest.raises(ModelFailure):
        check(asking("memorises_tool_names", tmp_path))
    assert bodies == [found.perturbed.item.id]


def test_a_failing_engine_is_an_error_and_no_failure() -> None:
    answers = Answers(lambda pull: ((item, Failure("server", "down")) for item in iter(pull, None)), content_key)

    @batched
    @EXAMPLES
    @given(item=decisions())
    def check(model: Asking, item: Item) -> None:
        assert_correct(model(item))

    with pytest.raises(EngineError, match="down"):
        check(Asking(answers))


def test_equal_requests_are_asked_once() -> None:
    asked: list[str] = []

    def answer(pull: Callable[[], Item | None]) -> Iterator[tuple[Item, Response]]:
        while item := pull():
            asked.append(item.id)
            yield item, Response("x")

    answers = Answers(answer, content_key)
    from perturb.campaign.plan import Selection, plan

    items = [item for item in plan(Selection(limit=2)) if item.kind == "base"]
    answers.ask([*items, *items])
    answers.ask(items)
    assert asked == [item.id for item in items]


def test_misuse_is_said() -> None:
    with pytest.raises(TypeError, match="above @given"):
        batched(lambda: None)

    @batched
    @EXAMPLES
    @given(item=decisions())
    def check(item: Item) -> None:
        raise AssertionError(item)

    with pytest.raises(TypeError, match="perturb_model"):
        check()
