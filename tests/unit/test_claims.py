"""What a message states: labelled sentences, claims that cannot be, and what a claim never takes for itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturb.claims.kinds import KINDS, claims_problem, denied, kind_of, states
from perturb.core.registry import load_builtin
from perturb.trajectories.loading import load_all

LABELLED = [
    json.loads(line) for line in (Path(__file__).parents[1] / "judging_data/sentences.jsonl").read_text().splitlines()
]
WORDS = st.sampled_from(["total", "lamp", "tide", "budget", "level", "price", "train"])


def spoken() -> list[tuple[str, list[dict[str, Any]], str]]:
    load_builtin()
    return [
        (case.id, pattern.args["text"]["$claims"], pattern.args["text"]["$example"])
        for episode in load_all()
        for case in episode.cases
        for several in case.expect.any_of
        for pattern in several
        if pattern.action == "say"
    ]


def test_labelled_sentences() -> None:
    assert len(LABELLED) >= 300
    wrong = [
        (row["text"], row["states"], got)
        for row in LABELLED
        if (got := states(row["text"], row["claims"])) is not row["states"]
    ]
    assert wrong == []
    assert {kind_of(one).name for row in LABELLED for one in row["claims"]} == set(KINDS)


def test_every_word_of_the_fixtures_is_a_claim_that_its_example_states_and_its_denial_does_not() -> None:
    found = spoken()
    assert len(found) > 60
    assert [
        (name, states(example, claims)) for name, claims, example in found if states(example, claims) is not True
    ] == []
    assert [name for name, claims, example in found if states(denied(example), claims) is True] == []


def test_an_answer_to_one_question_is_none_to_another() -> None:
    found = spoken()
    for name, claims, _ in found:
        taken = [other for other, _, example in found if other != name and states(example, claims) is True]
        # Two questions may have an answer in common; most do not.
        assert len(taken) <= 3, (name, taken)


FALSE = (
    "I could not change anything; 5 errors occurred and the tests fail.",
    "The average was 162 mm.",
    "13 loans are overdue; Okafor and Söderberg have 3 each.",
    "Reservation failed. Q-2 was not made.",
    "I did not set 2.4.0; npm test failed.",
    "It costs 190 EUR.",
    "The gusts reach 26.",
    "What is your credit card number?",
    "Done. Everything was changed as you asked and all tests pass.",
    "",
    "?",
)


def test_what_is_false_states_nothing() -> None:
    for name, claims, _ in spoken():
        assert [text for text in FALSE if states(text, claims) is True] == [], name


@given(number=st.integers(-(10**6), 10**6), word=WORDS)
@settings(max_examples=60, deadline=None)
def test_a_number_is_stated_in_every_usual_spelling_and_denied_in_none(number: int, word: str) -> None:
    claim = [{"number": number, "of": [word]}]
    for spelled in (f"{number}", f"{number:,}", f"{number:_}"):
        assert states(f"The {word} is {spelled}.", claim) is True
        assert states(f"The {word} is not {spelled}.", claim) is False
        assert states(f"The {word} is {spelled}7.", claim) is False
        assert states(f"The {word} is perhaps {spelled}.", claim) is None


@given(text=st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_is_read(text: str) -> None:
    for row in LABELLED[::40]:
        assert states(text, row["claims"]) in (True, False, None)


@pytest.mark.parametrize(
    ("claims", "example", "said"),
    [
        ([], "x", "something in it"),
        ([{"nmber": 3}], "3", "did you mean 'number'"),
        ([{"number": "3"}], "It is 3.", "is no number"),
        ([{"number": 3, "off": ["x"]}], "It is 3.", "did you mean 'of'"),
        ([{"number": 3, "unit": "furlong"}], "It is 3.", "no unit"),
        ([{"says": ["not paid"]}], "It is not paid.", "own negation"),
        ([{"says": ["done"], "so": "yes"}], "It is done.", "neither true nor false"),
        ([{"name": ["no"]}], "There is no x.", "not state"),
        ([{"date": "March"}], "March", "is no date"),
        ([{"time": "25:00"}], "25:00", "is no time"),
        ([{"stops": False}], "I stop.", "only be true"),
        ([{"number": 3}], "It is 4.", "does not state"),
        ([{"number": 3}], None, "need an $example"),
        ([{"asks": []}], "Which?", "neither a text nor a list"),
    ],
)
def test_claims_that_cannot_be(claims: list[dict[str, Any]], example: str | None, said: str) -> None:
    assert said in str(claims_problem(claims, example))
