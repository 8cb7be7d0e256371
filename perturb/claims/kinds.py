"""The table of claim kinds, and whether a message states the claims of an expectation."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from perturb.claims.clauses import Said, read
from perturb.core.canonical import canonical
from perturb.core.registry import nearest

# True: the message states it. False: it does not, or it denies it. None: nobody can tell.
Verdict = bool | None
Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of claim: whether a message states one, why the data are none, and a sentence that states one."""

    name: str
    states: Callable[[Said, Data], Verdict]
    problem: Callable[[Data], str | None]
    sentence: Callable[[Data], str]
    keys: frozenset[str]


KINDS: dict[str, Kind] = {}


def claim(
    name: str,
    *keys: str,
    problem: Callable[[Data], str | None],
    sentence: Callable[[Data], str],
) -> Callable[[Callable[[Said, Data], Verdict]], Callable[[Said, Data], Verdict]]:
    """Register ``(message, data) -> True | False | None`` as the kind whose data have the key `name`.

    `keys` are further keys that the data may have; `sentence` gives words that state the claim.
    """

    def register(function: Callable[[Said, Data], Verdict]) -> Callable[[Said, Data], Verdict]:
        if name in KINDS:
            raise ValueError(f"claim kind {name!r} is registered twice")
        KINDS[name] = Kind(name, function, problem, sentence, frozenset({name, *keys}))
        return function

    return register


def kind_of(data: Data) -> Kind:
    """The kind of a claim. Raises ValueError for none."""
    _load()
    found = next((KINDS[name] for name in KINDS if name in data), None)
    if found is None:
        key = next(iter(data), "")
        raise ValueError(f"no claim has the key {key!r}{nearest(str(key), KINDS)} (claims: {', '.join(KINDS)})")
    return found


@cache
def _load() -> None:
    """Import every file of this room once."""
    package = importlib.import_module(__package__)
    for found in pkgutil.iter_modules(package.__path__, __package__ + "."):
        importlib.import_module(found.name)


def states(text: str, claims: Sequence[Data]) -> Verdict:
    """Whether `text` states every claim. One that it does not state decides before one that nobody can tell."""
    said = read(text)
    verdicts = [kind_of(one).states(said, one) for one in claims]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def unstated(text: str, claims: Sequence[Data]) -> list[tuple[Data, Verdict]]:
    """The claims that `text` does not surely state."""
    said = read(text)
    found = [(one, kind_of(one).states(said, one)) for one in claims]
    return [(one, verdict) for one, verdict in found if verdict is not True]


def claims_problem(claims: Any, example: Any = None) -> str | None:
    """Why `claims` cannot be what a message must state, or None: unknown or malformed, one that matches its own
    negation, or an example that does not state them."""
    if not isinstance(claims, list) or not claims or not all(isinstance(one, dict) for one in claims):
        return "claims are a list of objects with something in it"
    try:
        return _problem(canonical(claims), example if isinstance(example, str) else None)
    except (TypeError, ValueError) as error:
        return str(error)


@lru_cache(maxsize=4096)
def _problem(claims: bytes, example: str | None) -> str | None:
    import json

    read_claims = json.loads(claims)
    for one in read_claims:
        kind = kind_of(one)
        unknown = next((key for key in one if key not in kind.keys), None)
        if unknown is not None:
            return f"a claim of kind {kind.name!r} has no key {unknown!r}{nearest(unknown, kind.keys)}"
        wrong = kind.problem(one)
        if wrong:
            return f"{kind.name}: {wrong}"
        sentence = kind.sentence(one)
        if states(sentence, [one]) is not True:
            return f"{kind.name}: {sentence!r} does not state it"
        if states(denied(sentence), [one]) is True:
            return f"{kind.name}: matches its own negation, {denied(sentence)!r}"
    if example is None:
        return "claims need an $example that states them"
    left = unstated(example, read_claims)
    if left:
        return f"the example does not state {left[0][0]}"
    if states(denied(example), read_claims) is True:
        return f"the claims match the negation of their example, {denied(example)!r}"
    return None


def denied(text: str) -> str:
    """`text` with every sentence denied, and every question or inability taken back.

    >>> denied("It costs 5. Which day?")
    'It is not true that It costs 5. I do not ask anything.'
    """
    from perturb.claims.clauses import sentences

    said = []
    for sentence in sentences(text):
        bare = sentence.strip().rstrip(".!")
        if bare.endswith("?"):
            said.append("I do not ask anything.")
        elif bare:
            said.append(f"It is not true that {bare}.")
    return " ".join(said)
