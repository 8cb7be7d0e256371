"""Patterns from outside answer in time linear in the text, or are refused in one line."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturb.checks.text import _rid_of
from perturb.core.errors import UserError
from perturb.core.patterns import MAX_PATTERN, compile_pattern
from perturb.core.values import Intent, World
from perturb.world.execute import execute

# Each ran for minutes, or for ever, in a matcher that backs off and tries again.
RUNAWAYS = [
    ("a?" * 40 + "a" * 40, "a" * 40),
    ("(a|a)*b", "a" * 50_000),
    ("a*a*a*b", "a" * 50_000),
    ("^(a+)+$", "a" * 50_000 + "!"),
    ("((a*)*)*b", "a" * 50_000),
    ("(.*)*=(.*)*;", "x=" * 25_000),
    ("(a|aa)+$", "a" * 50_000 + "!"),
    (r"(\w+\s?)*!", "word " * 10_000),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 50_000),
]
REFUSED = {
    r"(a)\1": "back-references",
    "(?=a)b": "lookaround",
    "(?!a)b": "lookaround",
    "(?<=a)b": "invalid",
    "a++": "bad repetition",
    "(?>a)": "invalid",
    "(": "missing )",
    "[": "missing ]",
    "a{1,99999}": "invalid repetition",
    "((a{50}){50}){50}": "repetition",
    r"\p{L}{100}": "too large",
    "\ud800": "surrogate",
    "x" * (MAX_PATTERN + 1): "longer",
}


@pytest.mark.usefixtures("guard")
@pytest.mark.parametrize(("pattern", "text"), RUNAWAYS)
def test_runaways_answer_at_once(pattern: str, text: str) -> None:
    assert compile_pattern(pattern).search(text) is (pattern == RUNAWAYS[0][0])
    world = World(files={"/code/a.txt": text})
    _, result = execute(world, Intent("fs.grep", {"pattern": pattern, "root": "/code"}))
    assert result.kind == "matches"


@pytest.mark.parametrize("pattern", sorted(REFUSED))
def test_what_is_refused_is_refused_in_one_line(pattern: str) -> None:
    with pytest.raises(UserError) as caught:
        compile_pattern(pattern)
    assert REFUSED[pattern] in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    _, result = execute(World(files={"/code/a": "x"}), Intent("fs.grep", {"pattern": pattern, "root": "/code"}))
    assert result.failed


ATOM = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "^", "$", "\\d", "x"])
REGEX = st.recursive(
    ATOM,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{1,3}"])).map(lambda two: f"(?:{two[0]}){two[1]}"),
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(REGEX, st.text("abx1", max_size=8))
def test_what_is_accepted_means_what_it_means_in_python(pattern: str, text: str) -> None:
    found = compile_pattern(pattern)
    assert found.search(text) is (re.search(pattern, text) is not None)
    assert found.fullmatch(text) is (re.fullmatch(pattern, text) is not None)


def test_a_text_that_utf8_cannot_hold_is_searched_all_the_same() -> None:
    assert compile_pattern("b$").search("a\ud800b")


@pytest.mark.usefixtures("guard")
@pytest.mark.parametrize("word", ["", "a", "aa", "i", "\u0130", "i\u0307", "\u03c3"])
def test_taking_out_a_word_ends(word: str) -> None:
    for text in map("".join, product(["\u0130", "a", "A", "\u03a3", "\u03c2"], repeat=5)):
        left = _rid_of(text, word.lower())
        assert not word or word.lower() not in left.lower()
    assert _rid_of("a" * 50_000 + "b" * 50_000, "ab") == ""
