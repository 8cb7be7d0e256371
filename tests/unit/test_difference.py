"""What a person is shown of a change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from perturb.report.difference import difference

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
    assert [line for line in shown if line[0] in "+-~"] == ["+ b two", "- b two"]


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
