"""What a run will ask, as a stream: bases, asked several times, and every operator on every bound case.

Nothing is kept: the same plan can be walked again, in another process too, and gives the same items.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from hashlib import blake2b
from math import ceil, sqrt
from typing import Any, Literal

from perturb.campaign import estimate
from perturb.campaign.picking import Budget, balanced
from perturb.core.canonical import digest
from perturb.core.draw import seeded
from perturb.core.errors import UnrepresentableError
from perturb.core.registry import OPERATORS, SCAFFOLDS, Operator, find
from perturb.core.values import Case, Request, Response
from perturb.judging.rounds import PATIENCE
from perturb.operators import recipe
from perturb.recordings.choosing import chosen_episodes
from perturb.recordings.loading import stepped
from perturb.scaffolding.binding import bind
from perturb.scaffolding.render import render
from perturb.trajectories.episodes import Episode

Kind = Literal["base", "perturbed"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which part of the product a run covers. Empty means all. `limit` caps the bound cases (0: no cap).

    `patience` is the number of looks that a decision may take (see perturb.judging.rounds). `requests` and `tokens`
    bound what is asked, by a balanced pick (see perturb.campaign.picking; 0: no bound). `steps` says which decisions
    of a recording are taken: all, last, or so many; `tools` is a file with the tools of recordings that hold none.
    """

    scaffolds: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    fixtures: tuple[str, ...] = ()
    samples: int = 1
    seed: int = 0
    limit: int = 0
    patience: int = PATIENCE
    requests: int = 0
    tokens: int = 0
    steps: str = "all"
    tools: str = ""


def selection_of(manifest: dict[str, Any]) -> Selection:
    """The selection that a run's manifest records."""
    kept = manifest["selection"]
    return Selection(
        tuple(kept["scaffolds"]),
        tuple(kept["operators"]),
        tuple(kept["fixtures"]),
        kept["samples"],
        kept["seed"],
        kept["limit"],
        kept.get("patience", 0),
        kept.get("requests", 0),
        kept.get("tokens", 0),
        kept.get("steps", "all"),
        kept.get("tools", ""),
    )


@dataclass(frozen=True, slots=True)
class Said:
    """A round of a decision that decided nothing: the case, what was asked, what was answered."""

    case: Case
    request: Request
    response: Response


@dataclass(frozen=True, slots=True, repr=False)
class Item:
    """One request to make. `base_id` is the item it is compared with. Prints as the call that makes it again.

    `before` are the rounds of this decision so far; `case` and `request` are those of the round to come.
    """

    id: str
    kind: Kind
    base_id: str
    case: Case
    base: Case
    request: Request
    operator: str = ""
    part: str = ""
    relation: str = ""
    recipe: str = ""
    sample: int = 0
    before: tuple[Said, ...] = ()

    def __repr__(self) -> str:
        return f"item_of({self.id!r})"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        # Hypothesis and IPython would print every field, the whole trajectory twice.
        printer.text(repr(self))

    @property
    def digest(self) -> str:
        """Of what is asked and what is right: tells an edited fixture, operator or scaffold from the recorded one."""
        first = self.before[0] if self.before else self
        return asked_digest(first.case, first.request)

    @property
    def decided(self) -> Case:
        """The case that the decision is about, whatever was looked at since."""
        return self.before[0].case if self.before else self.case


def asked_digest(case: Case, request: Request) -> str:
    """Of a case and the request it is rendered to, whichever recipe made it and whichever draw is asked for."""
    return digest([replace(case, lineage=()), request.messages, request.tools, request.retention])


@dataclass(slots=True)
class Tally:
    """Counts of what planning did, filled while the stream is walked: `planned` requests of `walked` of `cases`."""

    applied: int = 0
    not_applicable: int = 0
    inexpressible: int = 0
    planned: int = 0
    walked: int = 0
    cases: int = 0

    @property
    def total(self) -> int:
        """Of all requests, as far as those of the decisions walked so far tell."""
        return round(self.planned / self.walked * self.cases) if self.walked else 0


def plan(selection: Selection, tally: Tally | None = None) -> Iterator[Item]:
    """Every item, grouped by bound case so that neighbours share their prompt's beginning."""
    tally = tally if tally is not None else Tally()
    pairs = _pairs(selection, [operator.name for operator in chosen_operators(selection)])
    tally.cases = len(pairs)
    for case, operators in pairs:
        every = base_items(case, base_draws(selection.samples, len(operators)))
        for name in operators:
            every += _perturbed(case, OPERATORS[name], selection, tally)
        tally.planned += len(every)
        tally.walked += 1
        yield from every


def _pairs(selection: Selection, operators: list[str]) -> list[tuple[Case, list[str]]]:
    """Every decision with the operators to try on it, or as many as fit the selection's budget."""
    cases, samples = list(bound_cases(selection)), selection.samples
    most = len(cases) * (samples * len(operators) + base_draws(samples, len(operators)))
    if not selection.tokens and not 0 < selection.requests < most:
        return [(case, operators) for case in cases]

    def base(case: Case, shared: int) -> tuple[int, int]:
        draws = base_draws(samples, shared)
        return draws, draws * (estimate.tokens(render(case)) if selection.tokens else 0)

    def one(case: Case, name: str) -> tuple[int, int] | None:
        made = _perturbed(case, OPERATORS[name], selection, Tally())
        return (samples, samples * (estimate.tokens(made[0].request) if selection.tokens else 0)) if made else None

    budget = Budget(selection.requests, selection.tokens)
    return list(balanced(cases, operators, budget, selection.seed, base, one))


def _perturbed(case: Case, operator: Operator, selection: Selection, tally: Tally) -> list[Item]:
    out = recipe.apply(case, operator.name, seeded(selection.seed, case.id, case.scaffold, operator.name))
    if out is None:
        tally.not_applicable += 1
        return []
    try:
        items = perturbed_items(case, out, selection.samples)
    except UnrepresentableError:
        tally.inexpressible += 1
        return []
    tally.applied += 1
    return items


def base_draws(samples: int, operators: int) -> int:
    """How often each base is asked: √k times the samples of a perturbed request, where k operators share the base.

    Source: Dunnett's square-root rule for one control and k treatments (1955). At least two, which give the A/A floor.

    >>> base_draws(1, 60), base_draws(4, 60), base_draws(1, 1)
    (8, 31, 2)
    """
    return max(2, ceil(samples * sqrt(operators)))


def base_items(case: Case, samples: int) -> list[Item]:
    """The unperturbed requests of a bound case."""
    request = render(case)
    name = f"{case.id}/{case.scaffold}"
    return [
        Item(f"{name}#{n}", "base", f"{name}#{n}", case, case, replace(request, draw=n), sample=n)
        for n in range(samples)
    ]


def perturbed_items(base: Case, out: Case, samples: int) -> list[Item]:
    """The requests of `out`, which its lineage made from `base`. Raises UnrepresentableError when none can say it.

    Several steps of one part belong to that part; steps of several parts to "compound".
    """
    request = render(out)
    chain = [OPERATORS[step.operator] for step in recipe.parse("+".join(out.lineage))]
    parts, relations = {o.part for o in chain}, {o.relation for o in chain}
    text = "+".join(out.lineage)
    name = f"{base.id}/{base.scaffold}"
    return [
        Item(
            id=f"{name}+{text}#{n}",
            kind="perturbed",
            base_id=f"{name}#{n}",
            case=out,
            base=base,
            request=replace(request, draw=n),
            operator="+".join(o.name for o in chain),
            part=parts.pop() if len(parts) == 1 else "compound",
            relation=relations.pop() if len(relations) == 1 else "compound",
            recipe=text,
            sample=n,
        )
        for n in range(samples)
    ]


def chosen_operators(selection: Selection) -> list[Operator]:
    """The selected operators in name order. Raises UserError for a name or glob that selects nothing."""
    if not selection.operators:
        return [OPERATORS[name] for name in sorted(OPERATORS)]
    names: set[str] = set()
    for glob in selection.operators:
        found = [name for name in OPERATORS if fnmatchcase(name, glob)]
        names.update(found or [find(OPERATORS, glob, "operator").name])
    return [OPERATORS[name] for name in sorted(names)]


def bound_cases(selection: Selection) -> Iterator[Case]:
    """Every selected decision in every selected scaffold that can carry it."""
    wanted = selection.scaffolds or tuple(sorted(SCAFFOLDS))
    scaffolds = [find(SCAFFOLDS, name, "scaffold") for name in wanted]
    every = (bind(case, s) for e in _episodes(selection) for case in e.cases for s in scaffolds)
    bound = (case for case in every if case is not None)
    if not selection.limit:
        yield from bound
        return
    # The smallest hashes: an even, repeatable pick that does not favour the first fixtures.
    keyed = sorted(bound, key=lambda case: blake2b(f"{case.id}/{case.scaffold}".encode()).digest())
    yield from sorted(keyed[: selection.limit], key=lambda case: (case.id, case.scaffold))


def _episodes(selection: Selection) -> Iterator[Episode]:
    """The chosen episodes; of recordings only the steps that are wanted."""
    for episode in chosen_episodes(selection.fixtures, selection.tools):
        yield stepped(episode, selection.steps) if episode.family == "recorded" else episode
