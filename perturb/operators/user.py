"""Perturbations of what the user says. Names, numbers, paths and quotes are never touched by noise."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from perturb.core.draw import Draw
from perturb.core.registry import operator
from perturb.core.rewrite import rewritten
from perturb.core.values import Case, Expect, Pattern, Rewrite, Turn
from perturb.operators.words import PREAMBLES, REGISTERS

_KEYS = {"a": "s", "e": "r", "i": "o", "o": "p", "t": "y", "n": "m", "s": "d", "r": "t", "l": "k", "u": "i"}
# Names that one person could have as well as another.
_PEOPLE = ("Ingrid", "Tomasz", "Leila", "Kwame", "Noor", "Pilar")


# Capitalised words that name no person and no place of a conversation.
_CALENDAR = frozenset(
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
        "Mon",
        "Tue",
        "Wed",
        "Thu",
        "Fri",
        "Sat",
        "Sun",
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "Jun",
        "Jul",
        "Aug",
        "Sep",
        "Oct",
        "Nov",
        "Dec",
        "Today",
        "Tomorrow",
        "Yesterday",
        "North",
        "South",
        "East",
        "West",
        "New",
        "San",
        "Los",
        "Santa",
        "Saint",
        "Great",
        "The",
        "Mr",
        "Mrs",
        "Ms",
        "Dr",
    ]
)


def _is_word(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def named_entities(case: Case, said: str) -> list[str]:
    """Last words of names that `said` holds whole and that are used as a value: in a record or by the answer.

    Values that a schema lists, months, and words that tools, files or the system prompt use are none.
    """
    patterns = [p for several in case.expect.any_of for p in several]
    values = strings([list(table.values()) for table in case.world.records.values()])
    values += strings([dict(p.args) for p in patterns if p.action != "say"])
    listed = {
        text
        for tool in case.tools
        for p in tool.params
        for text in strings([p.schema.get("enum"), p.schema.get("const")])
    }
    told = " ".join([t.name + " " + t.description + repr([p.schema for p in t.params]) for t in case.tools])
    told += " ".join(s.text for s in case.system) + " ".join(
        [*case.world.files, *case.world.pages, *case.world.documents]
    )
    found = []
    for value in dict.fromkeys(values):
        parts = value.split()
        name = all(part.isalpha() and part.isascii() and part.istitle() and len(part) > 2 for part in parts)
        if not name or not 1 <= len(parts) <= 3 or value in listed or not _is_word(value, said):
            continue
        last = parts[-1]
        if not _CALENDAR & set(parts) and last.lower() not in told.lower() and last not in found:
            found.append(last)
    return found


def strings(value: Any) -> list[str]:
    """Every string inside JSON data."""
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [text for item in items for text in strings(item)]


def expected_text(case: Case) -> str:
    """All the strings of the expectation in one."""
    patterns = [*(p for a in case.expect.any_of for p in a), *case.expect.never]
    return "\n".join(text for p in patterns for text in strings(p.args))


def protected(case: Case) -> Callable[[str], bool]:
    """A test for words that noise must leave alone: entities, quoted or capitalised words, words of the answer."""
    told = expected_text(case).lower()

    def is_protected(word: str) -> bool:
        bare = word.strip(".,;:!?()")
        odd = not bare.isalpha() or not bare.islower() or not bare.isascii()
        return odd or len(bare) < 4 or bare in told

    return is_protected


def _last_request(case: Case) -> int | None:
    """The position of the user's last message."""
    places = [place for place, turn in enumerate(case.turns) if turn.role == "user"]
    return places[-1] if places else None


def _reworded(case: Case, change: Callable[[str], str]) -> Case | None:
    place = _last_request(case)
    if place is None:
        return None
    turn = case.turns[place]
    said = replace(turn, text=change(turn.text))
    return replace(case, turns=(*case.turns[:place], said, *case.turns[place + 1 :])) if said != turn else None


def _swap(word: str) -> str:
    return word[0] + word[2] + word[1] + word[3:] if len(word) > 3 else word


def _neighbour(word: str) -> str:
    return word[:2] + _KEYS.get(word[2], word[2] * 2) + word[3:]


def _drop(word: str) -> str:
    return word[:-2] + word[-1]


@operator(part="user", relation="invariant")
def typos(case: Case, draw: Draw) -> Case | None:
    """Misspell ordinary words: one in four, or every one (U01); names, numbers and paths stay."""
    keep = protected(case)
    change, every = draw.choice([_swap, _neighbour, _drop]), draw.choice([4, 2, 1])

    def misspelt(text: str) -> str:
        words, seen = text.split(" "), 0
        for place, word in enumerate(words):
            if not keep(word) and word.isalpha():
                words[place] = change(word) if seen % every == 0 else word
                seen += 1
        return " ".join(words)

    return _reworded(case, misspelt)


@operator(part="user", relation="invariant")
def casing(case: Case, draw: Draw) -> Case | None:
    """Write ordinary words in capitals (U04); names, numbers and paths stay."""
    keep, every = protected(case), draw.choice([3, 1])
    return _reworded(
        case,
        lambda text: " ".join(
            w.upper() if n % every == 0 and w.isalpha() and not keep(w) else w for n, w in enumerate(text.split(" "))
        ),
    )


@operator(part="user", relation="invariant", control=True)
def another_register(case: Case, draw: Draw) -> Case | None:
    """Ask in another tone: polite, urgent, chatty, ceremonious (U10)."""
    opening = draw.choice(REGISTERS)
    return _reworded(case, lambda text: opening + text)


@operator(part="user", relation="invariant")
def off_topic_preamble(case: Case, draw: Draw) -> Case | None:
    """Begin with small talk (U13)."""
    count = draw.choice([1, 2, 3])
    return _reworded(case, lambda text: "\n".join([*PREAMBLES[:count], text]))


@operator(part="user", relation="invariant", control=True)
def spread_out(case: Case, draw: Draw) -> Case | None:
    """Put each sentence on a line of its own, with blank lines or dashes (U04)."""
    joint = draw.choice(["\n", "\n\n", "\n- "])
    return _reworded(case, lambda text: joint.join(text.split(". ")) if "`" not in text else text)


@operator(part="user", relation="invariant")
def say_it_twice(case: Case, draw: Draw) -> Case | None:
    """Repeat the request in the same message (U12)."""
    joint = draw.choice(["To say it again:", "In other words, exactly this:"])
    return _reworded(case, lambda text: f"{text}\n\n{joint} {text}")


@operator(part="user", relation="equivariant")
def another_person(case: Case, draw: Draw) -> Case | None:
    """Rename a person or a place that the request names, everywhere (U22, CheckList).

    A name is one by evidence: the request names it, and it is a value of a record or of the answer, whole.
    """
    said = " ".join(turn.text for turn in case.turns if turn.role == "user")
    old = draw.choice(named_entities(case, said))
    new = draw.choice([name for name in _PEOPLE if name not in said])
    pairs = ((old, new),) if _is_word(old.lower(), said) else ((old, new), (old.lower(), new.lower()))
    return rewritten(case, Rewrite(pairs))


@operator(part="user", relation="directional")
def unrelated_request(case: Case, draw: Draw) -> Case | None:
    """Replace a fresh request by one that no tool can serve: the right thing is to say so (U28, BFCL irrelevance)."""
    if len(case.turns) != 1 or case.expect.any_of[0][0].action == "say":
        return None
    request, things = draw.choice(
        [
            ("Please water the ferns in the hallway for me.", ["water*", "fern*", "plant*", "hallway*"]),
            (
                "Could you warm up my lunch? It is on the kitchen counter.",
                ["warm*", "lunch*", "kitchen*", "food*", "heat*"],
            ),
            ("Go downstairs and let the courier in, please.", ["courier*", "downstair*", "door*", "go"]),
        ]
    )
    words = "That is something I cannot do from here."
    happens = tuple(p for a in case.expect.any_of for p in a)
    # What an answer may name as out of reach: the thing itself, the place, or hands.
    named = [*things, "that", "physical*", "physically", "room", "office", "real world", "tool*", "function*", "here"]
    said = {"$claims": [{"cannot": named}], "$example": words}
    expect = Expect(((Pattern("say", {"text": said}),),), happens, words, "No tool reaches into the room.")
    return replace(case, turns=(Turn("user", request),), expect=expect)


@operator(part="user", relation="directional")
def change_of_mind(case: Case, draw: Draw) -> Case | None:
    """Let the user call the task off at the end: the right thing is to stop and say so (U29, ACEBench)."""
    if case.expect.any_of[0][0].action == "say":
        return None
    said = draw.choice(
        [
            "Stop, please. Do nothing more; just confirm that you stopped.",
            "Never mind, leave everything as it is now. Only confirm.",
        ]
    )
    words = "I have stopped and leave everything as it is."
    never = tuple(p for a in case.expect.any_of for p in a)
    text = {"$claims": [{"stops": True}], "$example": words}
    expect = Expect(((Pattern("say", {"text": text}),),), never, words, "The user wants me to stop.")
    return replace(case, turns=(*case.turns, Turn("user", said)), expect=expect)
