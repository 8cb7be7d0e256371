"""A campaign from Python: somebody's own function is asked like a server, and its numbers come as data frames."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

import perturb
from perturb.core.registry import AGENTS, load_builtin
from perturb.judging.ideal import ideal
from perturb.scaffolding.render import render

load_builtin()
CHOSEN = perturb.choose(operators=["tools.rename_tool", "user.typos"], scaffolds="mini_agent", limit=3)


def knowing() -> Any:
    """A function that has every ideal answer by heart, by what it is asked."""
    from perturb.campaign.plan import plan
    from perturb.engines.apis.openai_chat import messages

    known = {}
    for item in plan(CHOSEN):
        reply = ideal(item.case).reply
        calls = [{"function": {"name": c.tool, "arguments": orjson.dumps(dict(c.args)).decode()}} for c in reply.calls]
        known[orjson.dumps(list(messages(render(item.case))))] = {"content": reply.text, "tool_calls": calls}

    def mine(said: list[dict[str, Any]], _tools: list[dict[str, Any]]) -> dict[str, Any]:
        answer = known[orjson.dumps(said)]
        said.clear()  # a function may do what it likes with its arguments
        return answer

    return mine


def test_a_function_that_is_right_is_right_in_every_table() -> None:
    run = perturb.run(knowing(), CHOSEN, workers=3)
    assert run.summary.counts["joint"] == run.summary.counts["requests"] > 10
    assert str(run).startswith("Right on 100% of unchanged decisions")
    pandas = pytest.importorskip("pandas")
    records, verdicts = run.records("pandas"), run.verdicts("pandas")
    assert isinstance(records, pandas.DataFrame)
    assert len(records) == run.summary.counts["requests"]
    assert set(verdicts["verdict"]) <= {"drop", "no drop", "unknown"}
    polars = pytest.importorskip("polars")
    assert run.records("polars").select(polars.col("joint").sum()).item() == len(records)
    assert run.page().stat().st_size > 10_000


def test_two_runs_are_compared_and_made_runs_are_opened(tmp_path: Path) -> None:
    mute = perturb.run(lambda *_: "I would rather not.", CHOSEN, out=tmp_path / "mute")
    found = perturb.compare(mute, perturb.run("perfect", CHOSEN))
    assert found.lost == ()
    assert set(found.won) == {
        r for r, joint in zip(*mute.records("pandas")[["id", "joint"]].T.values, strict=True) if not joint
    }
    assert "worse" not in set(found.verdicts("pandas")["verdict"])
    assert perturb.load_run(tmp_path / "mute").summary == mute.summary


def test_a_run_with_a_folder_goes_on_and_one_without_leaves_nothing(tmp_path: Path) -> None:
    asked: list[int] = []

    def mine(*_: Any) -> str:
        asked.append(1)
        if len(asked) == 5:
            raise KeyboardInterrupt
        return "No."

    with pytest.raises(KeyboardInterrupt):
        perturb.run(mine, CHOSEN, out=tmp_path / "mine")
    done = perturb.run(mine, CHOSEN, out=tmp_path / "mine")
    assert len(asked) == done.summary.counts["requests"] + 1
    with pytest.raises(perturb.UserError, match="holds another run"):
        perturb.run("perfect", CHOSEN, out=tmp_path / "mine")
    short = perturb.run("perfect", CHOSEN)
    place = short.folder
    assert place.exists()
    del short
    assert not place.exists()


@pytest.mark.parametrize(
    ("reply", "kind"),
    [(KeyError("key"), "agent"), (3, "reply"), ({"tool_calls": [3]}, "reply"), ({"content": 3}, "reply")],
)
def test_what_is_no_reply_is_a_failed_request_and_no_wrong_answer(reply: Any, kind: str) -> None:
    def mine(*_: Any) -> Any:
        if isinstance(reply, Exception):
            raise reply
        return reply

    run = perturb.run(mine, CHOSEN)
    assert set(run.summary.failures) == {kind}
    assert run.summary.counts["scored"] == 0


def test_a_clients_message_is_a_reply_and_threads_are_as_many_as_said() -> None:
    seen, gate = set(), threading.Barrier(4, timeout=20)

    def mine(*_: Any) -> Any:
        if len(seen) < 4:
            seen.add(threading.get_ident())
            gate.wait()
        return SimpleNamespace(model_dump=lambda: {"role": "assistant", "content": "No.", "tool_calls": None})

    run = perturb.run(mine, CHOSEN, workers=4)
    assert len(seen) == 4
    assert run.summary.counts["scored"] == run.summary.counts["requests"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: perturb.choose(operators="tools.nothing"),
        lambda: perturb.choose(scaffolds="nowhere"),
        lambda: perturb.choose(samples=0),
        lambda: perturb.run(lambda *_: "", CHOSEN, temperature=1.0),
        lambda: perturb.run("perfect", CHOSEN, warmth=1.0),
        lambda: perturb.load_run("/nowhere"),
        lambda: perturb.run("perfect", CHOSEN).records("no_such_library"),  # type: ignore[arg-type]
    ],
)
def test_what_does_not_fit_is_said_in_one_line(wrong: Any) -> None:
    with pytest.raises(perturb.UserError) as caught:
        wrong()
    assert "\n" not in str(caught.value)
    assert "perfect" in AGENTS
