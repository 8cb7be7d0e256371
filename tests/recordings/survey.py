"""Which operators apply to recorded decisions, format by format, and what the others need.

``make recordings-table`` writes ``docs/recordings.md``. Decisions are an even spread of each
format's, in the scaffold ``recorded``, each operator with its mildest choices.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from perturb.core.draw import mildest
from perturb.core.errors import UserError
from perturb.core.registry import OPERATORS, SCAFFOLDS, load_builtin
from perturb.core.values import Case
from perturb.judging.ideal import ideal, spoken
from perturb.judging.scoring import score
from perturb.operators import recipe
from perturb.recordings.finding import claims
from perturb.recordings.loading import loaded
from perturb.scaffolding.binding import bind

PER_FORMAT = 40
ENOUGH = 20
READY = ("bfcl", "cases", "fixture")


def _calls(case: Case) -> int:
    return sum(len(turn.calls) for turn in case.turns)


# What a decision can have that an operator may need.
FEATURES: dict[str, Callable[[Case], bool]] = {
    "tools": lambda c: bool(c.tools),
    "two tools": lambda c: len(c.tools) > 1,
    "a tool with parameters that is right next": lambda c: any(
        t.action == p.action and t.params for p in c.expect.any_of[0] for t in c.tools
    ),
    "a call as the right answer": lambda c: c.expect.any_of[0][0].action != "say",
    "words as the right answer, or beside it": lambda c: bool(c.expect.text.strip()),
    "earlier calls": lambda c: _calls(c) > 0,
    "two earlier steps with calls": lambda c: sum(bool(t.calls) for t in c.turns) > 1,
    "a result as the last message": lambda c: bool(c.turns[-1].results),
    "several calls in one message": lambda c: any(len(t.calls) > 1 for t in c.turns),
    "look-ups that every scaffold knows": lambda c: any(
        i.action.startswith(("fs.", "web.")) for t in c.turns for i in t.calls
    ),
    "results that are JSON": lambda c: any(r.kind == "record" for t in c.turns for r in t.results),
    "words beside earlier calls": lambda c: any(t.text and t.calls for t in c.turns),
    "earlier thinking that is shown": lambda c: any(t.thinking for t in c.turns if t.role == "assistant"),
    "a system text": lambda c: bool(c.system),
    "a system text in titled blocks": lambda c: sum(bool(s.title) for s in c.system) > 0,
    "declared rules": lambda c: bool(c.instructions),
    "files that were shown whole": lambda c: bool(c.world.files),
    "pages or records in the world": lambda c: bool(c.world.pages or c.world.documents or c.world.records),
    "a second user message": lambda c: sum(t.role == "user" for t in c.turns) > 1,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One decision: its oracle, what it has, which operators apply, whether the perfect agent is right."""

    oracle: str
    has: frozenset[str]
    applied: frozenset[str]
    right: bool


def seen(case: Case) -> Seen | None:
    """What is to be known of one decision; None where not even its own scaffold can carry it."""
    bound = bind(case, SCAFFOLDS["recorded"])
    if bound is None:
        return None
    applied = frozenset(name for name in OPERATORS if recipe.apply(bound, name, mildest()) is not None)
    right = case.oracle == "agreement" or bool(score(bound, spoken(bound, ideal(bound).reply)).joint)
    return Seen(case.oracle, frozenset(name for name, has in FEATURES.items() if has(bound)), applied, right)


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files below `folder` that exactly one importer of recordings claims."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".json", ".jsonl", ".traj", ".eval"):
            try:
                found = claims(path)
            except UserError:
                continue
            if len(found) == 1 and found[0] not in READY:
                yield found[0], path


def survey(folder: Path) -> Iterator[tuple[str, int, list[Seen], int]]:
    """Per format: how many decisions there are, those that were looked at, and how many of them nothing can carry."""
    places: dict[str, list[Path]] = defaultdict(list)
    for name, path in files(folder):
        places[name].append(path)
    for name, paths in sorted(places.items()):
        cases: list[Case] = []
        for path in paths:
            try:
                cases += [case for episode in loaded(path).episodes for case in episode.cases]
            except UserError:
                continue
        spread = cases[:: max(1, len(cases) // PER_FORMAT)][:PER_FORMAT]
        looked = [seen(case) for case in spread]
        yield name, len(cases), [one for one in looked if one], sum(one is None for one in looked)


def needs(name: str, every: list[Seen]) -> str:
    """What all decisions that `name` applies to have, and most others lack."""
    applied = [one for one in every if name in one.applied]
    others = [one for one in every if name not in one.applied]
    if not applied:
        return "nothing here has what it needs"
    always = [f for f in FEATURES if sum(f in one.has for one in applied) >= 0.98 * len(applied)]
    lacking = Counter(f for one in others for f in always if f not in one.has)
    return lacking.most_common(1)[0][0] if lacking else "more than these features tell"


def told(rows: list[tuple[str, int, list[Seen], int]]) -> Iterator[str]:
    """The page."""
    every = [one for _, _, found, _ in rows for one in found]
    yield "# Which operators apply to recordings\n"
    yield f"Made by `make recordings-table`: up to {PER_FORMAT} decisions of each format, evenly spread, in the"
    yield f"scaffold `recorded`, {len(OPERATORS)} operators with their mildest choices. *Right*: the perfect agent,"
    yield f"where there is a gold. *Lack*: what decisions with fewer than {ENOUGH} operators most often have not.\n"
    yield f"| format | decisions | looked at | effect / recorded / no gold | right | {ENOUGH} or more | median | lack |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, count, found, _ in rows:
        if not found:
            continue
        oracles = Counter(one.oracle for one in found)
        split = " / ".join(str(oracles[kind]) for kind in ("effect", "recorded", "agreement"))
        numbers = sorted(len(one.applied) for one in found)
        few = [one for one in found if len(one.applied) < ENOUGH]
        lack = Counter(
            f for one in few for f in FEATURES if f not in one.has and f in ("tools", "earlier calls", "a system text")
        )
        right = sum(one.right for one in found) / len(found)
        share = 1 - len(few) / len(found)
        yield (
            f"| {name} | {count} | {len(found)} | {split} | {right:.0%} | {share:.0%} | {numbers[len(numbers) // 2]} "
            f"| {', '.join(f for f, _ in lack.most_common(3)) or '–'} |"
        )
    enough = sum(len(one.applied) >= ENOUGH for one in every)
    total = sum(count for _, count, found, _ in rows for _ in (found[:1]))
    weighted = sum(
        count * sum(len(o.applied) >= ENOUGH for o in found) / len(found) for _, count, found, _ in rows if found
    )
    yield f"\nOf the decisions looked at, {enough / len(every):.1%} accept {ENOUGH} operators or more; weighted by how"
    yield f"many decisions each format has ({total:,} in all), {weighted / total:.1%}."
    yield f"{sum(n for *_, n in rows)} of those looked at could not be carried.\n"
    yield "| operator | applies to | needs most often |\n|---|---|---|"
    for name in sorted(OPERATORS):
        share = sum(name in one.applied for one in every) / len(every)
        yield f"| {name} | {share:.0%} | {needs(name, every) if share < 1 else '–'} |"


if __name__ == "__main__":
    load_builtin()
    Path(sys.argv[2]).write_text("\n".join(told(list(survey(Path(sys.argv[1]))))) + "\n")
