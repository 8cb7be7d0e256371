"""Laws of the judge: every equivalent of a decision's gold scores 1, no near-miss does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from perturb.core.errors import UnrepresentableError
from perturb.core.registry import EQUIVALENTS, NEAR_MISSES, Variants
from perturb.core.values import Case, Reply, Unparsed
from perturb.judging.ideal import spoken, understand
from perturb.judging.rounds import PATIENCE, next_round
from perturb.judging.scoring import Round, Verdict, scored
from perturb.laws.breach import Breach
from perturb.scaffolding.parsing import parse


@dataclass(frozen=True, slots=True)
class Trial:
    """One variant of one decision, and how it was judged."""

    kind: str
    generator: str
    case: Case
    replies: tuple[Reply, ...]
    verdict: Verdict

    @property
    def as_it_should(self) -> bool:
        """Whether an equivalent was accepted, or a near-miss was not."""
        return bool(self.verdict.calls) == (self.kind == "equivalent")


def played(case: Case, replies: Sequence[Reply], patience: int = PATIENCE) -> Verdict:
    """The verdict on `replies`, given one a round; the last one again when more are asked for."""
    return decided(case, lambda now: replies[min(now.rounds, len(replies) - 1)], patience)


def decided(case: Case, reply_to: Callable[[Case], Reply], patience: int = PATIENCE) -> Verdict:
    """The verdict on a decision whose rounds are answered by `reply_to`, spoken and parsed like a model's."""
    before: tuple[Round, ...] = ()
    while True:
        response = spoken(case, reply_to(case))
        verdict, _ = scored(case, response, before)
        heard = parse(response, case)
        if isinstance(heard, Unparsed):
            return verdict
        before = (*before, Round(case, understand(case, heard)))
        following = next_round(verdict, before, patience)
        if following is None:
            return verdict
        case = following


def trials(case: Case) -> Iterator[Trial]:
    """Every variant of a bound decision that its scaffold can say, judged."""
    for kind, table in (("equivalent", EQUIVALENTS), ("near miss", NEAR_MISSES)):
        yield from _tried(kind, table, case)


def _tried(kind: str, table: Mapping[str, Variants], case: Case) -> Iterator[Trial]:
    for name, generator in table.items():
        for replies in generator(case):
            try:
                verdict = played(case, replies)
            except UnrepresentableError:
                continue
            yield Trial(kind, name, case, replies, verdict)


def verdict_breaches(cases: Sequence[Case], progress: Callable[[int], None] = lambda _count: None) -> Iterator[Breach]:
    """Equivalents that are refused, and near-misses that pass."""
    for case in cases:
        for trial in trials(case):
            if not trial.as_it_should:
                yield Breach(trial.kind, trial.generator, f"{case.id}/{case.scaffold}", described(trial))
        progress(1)


def described(trial: Trial) -> str:
    """What was answered and what was made of it."""
    last = trial.replies[-1]
    said = "; ".join(f"{call.tool} {dict(call.args)}" for call in last.calls) or last.text
    made = "is accepted" if trial.verdict.calls else f"{trial.verdict.outcome}: {trial.verdict.reason}"
    return f"{said[:300]!r} {made}"
