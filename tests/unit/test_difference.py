"""What a person is shown of a change."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perturb.campaign.plan import Selection, bound_cases
from perturb.core.values import Call, Reply
from perturb.judging.ideal import spoken
from perturb.judging.scoring import score
from perturb.report.difference import difference, matches

LINES = st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60), max_size=8)


@given(LINES, LINES)
def test_nothing_is_said_only_of_what_is_the_same(old: list[str], new: list[str]) -> None:
    assert (difference("\n".join(old), "\n".join(new)) == "") == (
        "\n".join(old).splitlines() == "\n".join(new).splitlines()
    )


@given(LINES, LINES)
def test_every_new_line_is_shown(old: list[str], new: list[str]) -> None:
    shown = difference("\n".join(old), "\n".join([*new, "zq9 at the end"]))
    assert "zq9" in shown


def test_lines_that_moved_stand_whole() -> None:
    shown = difference("x\na one\nb two", "x\nb two\na one").splitlines()
    moved = [line for line in shown if line[0] in "+-~"]
    assert sorted(line[0] for line in moved) == ["+", "-"]
    assert len({line[2:] for line in moved}) == 1


def test_a_word_in_a_long_line_is_found() -> None:
    long = "word " * 300
    shown = difference(f"{long}old {long}", f"{long}new {long}")
    assert "[-old-]{+new+}" in shown
    assert len(shown) < 200


def test_lines_with_little_in_common_stand_whole() -> None:
    assert difference("completely other text", "12345").splitlines() == [
        "@@ line 1 @@",
        "- completely other text",
        "+ 12345",
    ]


FEW = st.lists(st.sampled_from("abcd"), max_size=30)


@given(FEW, FEW)
def test_what_stays_is_the_same_on_both_sides_and_in_order(old: list[str], new: list[str]) -> None:
    i = j = 0
    for start, there, length in matches(old, new):
        assert length > 0
        assert start >= i
        assert there >= j
        i, j = start + length, there + length
        assert old[start:i] == new[there:j]
    assert i <= len(old)
    assert j <= len(new)


@given(FEW, st.integers(0, 29), st.integers(0, 29))
def test_one_edit_is_found_as_one(old: list[str], place: int, other: int) -> None:
    new = [token for n, token in enumerate(old) if n != place]
    new.insert(min(other, len(new)), "z")
    assert sum(length for _, _, length in matches(old, new)) == len(old) - (place < len(old))


class Counted(str):
    """A token that counts how often it is compared."""

    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other


# Each took seconds at 8,000 lines: time went with the square of the length, or its cube.
REPEATED: dict[str, Callable[[int], tuple[list[str], list[str]]]] = {
    "equal lines": lambda n: (["x"] * n, ["x"] * (n // 2) + ["y"] + ["x"] * (n // 2)),
    "all changed": lambda n: (["x"] * n, ["y"] * n),
    "every other": lambda n: (["a", "b"] * (n // 2), ["a", "c"] * (n // 2)),
    "other periods": lambda n: (["a", "b", "b"] * (n // 3), ["a", "b", "b", "b", "b"] * (n // 5)),
    "backwards": lambda n: ([str(i) for i in range(n)], [str(i) for i in range(n)][::-1]),
}


@pytest.mark.parametrize("kind", sorted(REPEATED))
def test_the_work_grows_with_the_length(kind: str) -> None:
    counts = []
    for length in (4_000, 8_000):
        old, new = ([Counted(token) for token in side] for side in REPEATED[kind](length))
        Counted.compared = 0
        matches(old, new)
        counts.append(Counted.compared)
    assert counts[1] <= 2.5 * counts[0] + 1_000
    assert counts[1] <= 300 * 8_000


def seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


@pytest.mark.parametrize("other", ["y\n", "x\n"])
def test_results_of_a_hundred_thousand_lines_take_time_in_proportion(other: str) -> None:
    few, many = (seconds(lambda n=n: difference("x\n" * n, "a\n" + other * n)) for n in (25_000, 100_000))  # type: ignore[misc]  # the default binds n
    assert many < 8 * few + 0.5


def test_a_fenced_command_of_a_megabyte_is_judged_in_proportion() -> None:
    case = next(bound_cases(Selection(scaffolds=("mini_swe_like",), fixtures=("cli-csv-count",))))
    tool = case.tools[0]

    def judged(length: int) -> float:
        command = "\n".join(f"echo {n}" for n in range(length // 10))
        said = spoken(case, Reply("", "", (Call(tool.name, {tool.params[0].name: command}),)))
        return seconds(lambda: score(case, said))

    judged(1_000)
    assert judged(1_000_000) < 8 * judged(250_000) + 0.5
