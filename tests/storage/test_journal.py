"""What counts of a journal, in whatever order it came: laws over shuffled, repeated and failed records."""

from __future__ import annotations

import json
import random
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturb.campaign.journal import Journal, Records, read
from perturb.campaign.lines import LineLog, Lines, sealed, unsealed
from perturb.campaign.shapes import problem
from perturb.core.errors import UserError
from tests.attack._command import RUN, command

JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a simulated agent that gets some things wrong."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    arguments = ["--agent", "memorises_tool_names", *RUN[3:], "--operator", "tools.*"]
    assert command("run", *arguments, "--out", str(folder)).code == 0
    return folder


def failure(record: dict[str, Any], tries: int) -> dict[str, Any]:
    """The record of the same request when it failed."""
    failed = {"kind": "http", "detail": "HTTP 503", "retryable": True}
    none = {"response": None, "verdict": None, "scores": {}, "unscored": None}
    return {**record, **none, "failure": failed, "tries": tries}


def outputs(folder: Path) -> dict[str, bytes]:
    """Everything that is made of a journal, as bytes."""
    made = {}
    for arguments in (("report", str(folder)), ("report", str(folder), "--json")):
        done = command(*arguments)
        assert done.code == 0, done.err
        made[" ".join(arguments[2:])] = done.out.encode()
    return {**made, "page": (folder / "report.html").read_bytes()}


def exports(folder: Path) -> dict[str, bytes]:
    """The files that go to Allure."""
    from perturb.report.allure_run import write_run
    from perturb.statistics.summary import summarise

    write_run(folder / "allure", summarise(read(folder)), json.loads((folder / "run.json").read_text()))
    # Allure wants to know when a measure was taken.
    clock = re.compile(rb'"(start|stop)": \d+')
    return {path.name: clock.sub(b"", path.read_bytes()) for path in (folder / "allure").iterdir()}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_answers_give_the_same_bytes_in_any_order(whole: Path, seed: int) -> None:
    rng = random.Random(seed)
    lines = (whole / "journal.jsonl").read_bytes().splitlines(True)
    records = [json.loads(line) for line in lines]
    failed = [sealed(failure({k: v for k, v in r.items() if k != "sum"}, rng.randint(1, 9))) for r in records[::3]]
    mixed = [*lines, *rng.sample(lines, 3), *failed]
    rng.shuffle(mixed)
    with tempfile.TemporaryDirectory() as place:
        # The same name, which is in the output.
        made = {}
        for name, journal in (("plain", lines), ("mixed", mixed)):
            folder = Path(place) / name / "run"
            folder.mkdir(parents=True)
            (folder / "run.json").write_bytes((whole / "run.json").read_bytes())
            (folder / "journal.jsonl").write_bytes(b"".join(journal))
            made[name] = {**outputs(folder), **exports(folder)}
    assert made["plain"] == made["mixed"]


def test_of_one_request_an_answer_counts_before_a_failure_and_the_last_failure_before_others(
    whole: Path, tmp_path: Path
) -> None:
    answered = next(read(whole))
    two = [failure(answered, 1), failure(answered, 2)]
    for rows, kept in ((two, two[1]), (two[::-1], two[1]), ([answered, *two], answered), ([*two, answered], answered)):
        (tmp_path / "journal.jsonl").write_bytes(b"".join(map(sealed, rows)))
        assert list(read(tmp_path)) == [kept]


def test_two_different_answers_to_one_request_are_an_error(whole: Path, tmp_path: Path) -> None:
    one = next(read(whole))
    other = {**one, "response": {**one["response"], "text": "something else"}}
    (tmp_path / "journal.jsonl").write_bytes(sealed(one) + sealed(one) + sealed(other))
    with pytest.raises(UserError, match=r"journal\.jsonl: lines 1 and 3: two different records of "):
        Records(tmp_path)


def test_tries_add_up_over_runs(whole: Path, tmp_path: Path) -> None:
    answered = next(read(whole))
    for tries in (4, 3):
        with Journal(tmp_path) as journal:
            assert not journal.holds(answered["id"], answered["digest"])
            journal.append(failure(answered, tries))
    with Journal(tmp_path) as journal:
        journal.append(answered)
        assert journal.holds(answered["id"], answered["digest"])
    assert [record["tries"] for record in read(tmp_path)] == [8]


def test_what_is_made_otherwise_today_is_refused(whole: Path, tmp_path: Path) -> None:
    answered = next(read(whole))
    with Journal(tmp_path) as journal:
        journal.append(answered)
        with pytest.raises(UserError, match="made otherwise today"):
            journal.holds(answered["id"], "another digest")
    with Journal(tmp_path, keep_old=True) as journal:
        assert journal.holds(answered["id"], "another digest")


@given(row=st.dictionaries(st.text(), JSON, min_size=1, max_size=4))
def test_a_sealed_line_says_what_was_said(row: dict[str, Any]) -> None:
    line = sealed(row)
    assert line.count(b"\n") == 1
    assert json.loads(line).keys() >= row.keys() or "sum" in row
    assert unsealed(line) == row


@given(row=st.dictionaries(st.text(), JSON, min_size=1, max_size=4), place=st.integers(0), bit=st.integers(0, 7))
def test_a_flipped_bit_is_seen(row: dict[str, Any], place: int, bit: int) -> None:
    line = bytearray(sealed(row))
    line[place % len(line)] ^= 1 << bit
    assert unsealed(bytes(line)) is None


def test_an_answer_with_half_a_character_is_kept(tmp_path: Path) -> None:
    with LineLog(tmp_path / "x.jsonl") as log:
        log.append({"text": "a\ud800b", "number": 2**70})
    assert [row["text"] for row in Lines(tmp_path / "x.jsonl", {"text": str})] == ["a?b"]


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(0, 60), max_size=4))
def test_a_log_cut_anywhere_goes_on_after_its_last_whole_line(cuts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "x.jsonl"
        kept = 0
        for cut in [*cuts, 0]:
            with LineLog(path) as log:
                log.extend({"n": n} for n in range(kept, kept + 5))
            data = path.read_bytes()
            # A line whose newline alone is missing is whole.
            kept = sum(unsealed(line + b"\n") is not None for line in data[: len(data) - cut].split(b"\n"))
            path.write_bytes(data[: len(data) - cut])
        assert [row["n"] for row in Lines(path, {"n": int})] == list(range(kept))


NEAR = st.fixed_dictionaries(
    {"a": st.none() | st.integers(-(2**63), 2**64 - 1) | JSON},
    optional={
        "b": st.lists(st.text(max_size=2)) | JSON,
        "c": st.dictionaries(
            st.text(max_size=2), st.floats() | st.integers(-(2**63), 2**64 - 1) | st.booleans(), max_size=2
        )
        | JSON,
        "d": st.integers(-1, 3) | st.booleans() | st.just(1.0),
        "e": st.sampled_from(["x", "y", "z", 1]),
        "f": JSON,
        "g": st.none() | st.fixed_dictionaries({}, optional={"h": st.booleans() | JSON, "more": JSON}) | JSON,
    },
)


@given(value=NEAR | JSON)
def test_a_shape_is_met_or_said_in_words(value: Any) -> None:
    inner = (None, {"h": bool})
    shape = {"a": (int, None), "b?": [str], "c?": {str: float}, "d?": range(3), "e?": frozenset("xy"), "g?": inner}
    said = problem(value, shape)
    assert said == "" or "is " in said
    # The compiled check, which is asked first at the top alone, agrees with the one that finds the words.
    assert bool(said) == bool(problem(value, shape, "here"))
    assert problem({"a": None, "b": ["x"], "c": {"k": 1}, "d": 2, "e": "x"}, shape) == ""


def test_either_of_two_objects_is_told_as_well() -> None:
    either = ({"a": int}, {"b": str})
    assert (problem({"a": 1}, either), problem({"b": "x"}, either)) == ("", "")
    assert problem({"b": 1}, either)
