"""A fuzzing session: look for the recipes that hurt most, minimise what is found, forget nothing.

Every round proposes a batch of decisions, half of them after what has hurt before (Thompson sampling over the
operators' measured drops), half away from what is known already. A failure whose chain contains a known minimum with
the same outcome is that failure again. A new one is minimised, then its chain is measured on other decisions.
Everything is appended to the session's log, and a round depends on the log, the seed and its number alone: a session
that was killed goes on as if it had not been.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perturb.campaign.answers import Answers
from perturb.campaign.decision import Decision, attempted, records
from perturb.campaign.folder import JOURNAL
from perturb.campaign.lines import Damage, LineLog, Lines
from perturb.campaign.plan import Item, Selection, bound_cases, chosen_operators, perturbed_items
from perturb.core.draw import seeded
from perturb.core.errors import EngineError, UnrepresentableError, UserError
from perturb.core.registry import OPERATORS
from perturb.core.values import Case
from perturb.operators import recipe
from perturb.search.minimise import items_of, minimise

LOG = "fuzz.jsonl"
LONGEST_CHAIN = 3
# A line of the log: a finding, the end of a round, or a decision that was tried.
_FINDING = {"name": str, "recipe": str, "operators": [str], "part": str, "outcome": str, "reason": str}
LINE = (
    {"finding": {**_FINDING, "drop": float, "usable": int}},
    {"round": range(2**31)},
    {"tried": str, "base": str, "operators": [str], "usable": (bool, None), "hurt": bool},
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A minimal failing recipe. `drop` is its chain's measured drop over `usable` decisions (base right)."""

    name: str
    recipe: str
    operators: tuple[str, ...]
    part: str
    outcome: str
    reason: str
    drop: float
    usable: int


@dataclass(slots=True)
class Session:
    """What a session knows; filled from its log and then round by round."""

    rounds: int = 0
    tried: int = 0
    errors: int = 0
    hurt: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    useless: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    findings: dict[tuple[tuple[str, ...], str], Finding] = field(default_factory=dict)
    damage: Damage | None = None

    def ranked(self) -> list[Finding]:
        """The findings, what hurts most first; the shorter recipe first among equals."""
        return sorted(self.findings.values(), key=lambda f: (-f.drop, len(f.operators), -f.usable, f.name))


@dataclass(frozen=True, slots=True)
class Fuzzer:
    """What a session works with. `samples` and `at_least` decide what still fails while minimising."""

    answers: Answers
    selection: Selection
    folder: Path
    batch: int = 64
    samples: int = 1
    at_least: int = 1


def fuzz(fuzzer: Fuzzer, go_on: Callable[[Session], bool]) -> Session:
    """Rounds for as long as `go_on` says. What the folder's log holds is taken up first."""
    session = Session()
    kept = Lines(fuzzer.folder / LOG, LINE)
    for line in kept:
        _take(session, line)
    session.damage = kept.damage
    bases = sorted(bound_cases(fuzzer.selection), key=lambda case: (case.id, case.scaffold))
    names = [operator.name for operator in chosen_operators(fuzzer.selection)]
    if not bases:
        raise UserError("nothing to do: no selected scaffold can carry any selected fixture")
    with LineLog(fuzzer.folder / LOG) as log, LineLog(fuzzer.folder / JOURNAL) as journal:
        while go_on(session):
            for line in _round(fuzzer, session, bases, names, journal):
                log.append(line)
                _take(session, line)
    return session


def _take(session: Session, line: dict[str, Any]) -> None:
    """One line of the log into what is known."""
    if "finding" in line:
        found = line["finding"]
        finding = Finding(**{**found, "operators": tuple(found["operators"])})
        session.findings[finding.operators, finding.outcome] = finding
        return
    if "round" in line:
        session.rounds = line["round"] + 1
        return
    session.tried += 1
    session.seen.add(line["tried"])
    if line["usable"] is None:
        session.errors += 1
    elif not line["usable"]:
        session.useless.add(line["base"])
    else:
        (session.hurt if line["hurt"] else session.held).update(line["operators"])


def _round(
    fuzzer: Fuzzer, session: Session, bases: Sequence[Case], names: Sequence[str], journal: LineLog
) -> Iterator[dict[str, Any]]:
    rng = random.Random(f"{fuzzer.selection.seed}.{session.rounds}")
    items = list(_proposed(session, bases, names, rng, fuzzer.batch))
    found = attempted(fuzzer.answers, items)
    decided = [one for one in found if isinstance(one, Decision)]
    journal.extend(records(decided))
    # The round counts only once it is whole: a killed one is proposed again, its answers are kept already.
    tried = [_tried(item, one) for item, one in zip(items, found, strict=True)]
    for decision in decided:
        if decision.hurt and not _known(session, decision):
            yield from _new_finding(fuzzer, session, decision, bases, rng, journal)
    yield from tried
    yield {"round": session.rounds}


def _tried(item: Item, found: Decision | EngineError) -> dict[str, Any]:
    usable = None if isinstance(found, EngineError) else bool(found.base.verdict.joint)
    return {
        "tried": item.id,
        "base": item.base_id,
        "operators": item.operator.split("+"),
        "usable": usable,
        "hurt": isinstance(found, Decision) and found.hurt,
    }


def _proposed(
    session: Session, bases: Sequence[Case], names: Sequence[str], rng: random.Random, count: int
) -> Iterator[Item]:
    """New decisions to try. Bases that the model gets wrong anyway show nothing and are left alone."""
    usable = [base for base in bases if f"{base.id}/{base.scaffold}#0" not in session.useless] or list(bases)
    alone = {f.operators[0] for f in session.findings.values() if len(f.operators) == 1}
    fresh = [name for name in names if name not in alone] or list(names)
    made: set[str] = set()
    for _ in range(20 * count):
        if len(made) == count:
            return
        follow = rng.random() < 0.5
        steps = 1 if session.rounds == 0 else rng.randint(1, LONGEST_CHAIN)
        chain = [_promising(session, names, rng) if follow else rng.choice(fresh) for _ in range(steps)]
        item = _chain(rng.choice(usable), chain, rng)
        if item is not None and item.id not in session.seen and item.id not in made:
            made.add(item.id)
            yield item


def _promising(session: Session, names: Sequence[str], rng: random.Random) -> str:
    """The operator with the largest drop among a few, each drop drawn from what is known of it."""
    few = rng.sample(list(names), min(8, len(names)))
    return max(few, key=lambda name: rng.betavariate(1 + session.hurt[name], 1 + session.held[name]))


def _chain(base: Case, names: Sequence[str], rng: random.Random) -> Item | None:
    """`base` with as many of `names` as apply, at most one of them directional."""
    current, directional = base, False
    for name in dict.fromkeys(names):
        states_anew = OPERATORS[name].relation == "directional"
        if states_anew and directional:
            continue
        out = recipe.apply(current, name, seeded(rng.getrandbits(63)))
        if out is not None:
            current, directional = out, directional or states_anew
    try:
        return perturbed_items(base, current, 1)[0] if current.lineage else None
    except UnrepresentableError:
        return None


def _known(session: Session, decision: Decision) -> bool:
    """Whether a known minimum with the same outcome is part of this failure's chain."""
    chain = set(decision.perturbed.item.operator.split("+"))
    outcome = decision.perturbed.outcome
    return any(o == outcome and set(operators) <= chain for operators, o in session.findings)


def _new_finding(
    fuzzer: Fuzzer, session: Session, failed: Decision, bases: Sequence[Case], rng: random.Random, journal: LineLog
) -> Iterator[dict[str, Any]]:
    try:
        smallest = minimise(fuzzer.answers, failed, fuzzer.samples, fuzzer.at_least).decision
    except (UserError, EngineError):
        return  # One unlucky answer, or an engine that is down: nothing to report.
    if _known(session, smallest):
        return
    item = smallest.perturbed.item
    journal.extend(records([smallest]))
    drop, usable = _measured(fuzzer, item, bases, rng)
    finding = {
        "name": item.id,
        "recipe": item.recipe,
        "operators": item.operator.split("+"),
        "part": item.part,
        "outcome": smallest.perturbed.outcome,
        "reason": smallest.perturbed.verdict.reason,
        "drop": drop,
        "usable": usable,
    }
    yield {"finding": finding}


def _measured(fuzzer: Fuzzer, item: Item, bases: Sequence[Case], rng: random.Random) -> tuple[float, int]:
    """How often the chain of `item` hurts on other decisions that the model gets right."""
    others = rng.sample(list(bases), min(fuzzer.batch // 2, len(bases)))
    steps = recipe.of(item.case)
    made = [found for base in others for found in items_of(base, steps, 1)]
    decided = [d for d in attempted(fuzzer.answers, [item, *made]) if isinstance(d, Decision)]
    usable = [d for d in decided if d.base.verdict.joint]
    return sum(d.hurt for d in usable) / len(usable), len(usable)
