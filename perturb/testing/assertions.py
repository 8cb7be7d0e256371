"""Assertions about a model. Their messages say what changed, what was expected, what came, and how to replay it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson

from perturb.campaign.decision import Decision
from perturb.core.plain import clipped
from perturb.report.detail import expected, verdict_lines
from perturb.report.difference import difference
from perturb.scaffolding.render import prompt_text
from perturb.statistics.paired import Effect, Pair, effect
from perturb.statistics.verdict import MARGIN, Verdict, verdict

LONGEST_DIFFERENCE = 40


class ModelFailure(AssertionError):  # noqa: N818  # a wrong model is no error of ours
    """The model was wrong. `decision` is the one it was wrong on, None for an aggregate."""

    def __init__(self, message: str, decision: Decision | None = None):
        super().__init__(message)
        self.decision = decision


@dataclass(frozen=True, slots=True)
class Campaign:
    """Many decisions of one model."""

    decisions: tuple[Decision, ...]

    def chosen(self, part: str = "", scaffold: str = "", operator: str = "") -> tuple[Decision, ...]:
        """The perturbed decisions of one part, scaffold or operator ("" for all)."""
        return tuple(
            d
            for d in self.decisions
            if d.perturbed.item.kind == "perturbed"
            and part in ("", d.perturbed.item.part)
            and scaffold in ("", d.perturbed.item.base.scaffold)
            and operator in ("", d.perturbed.item.operator)
        )


def assert_calls(decision: Decision) -> None:
    """The calls are right: tool and every argument. Raises ModelFailure."""
    __tracebackhide__ = True
    if decision.perturbed.verdict.outcome != "correct":
        raise ModelFailure(explained(decision), decision)


def assert_correct(decision: Decision) -> None:
    """The calls are right and every instruction in force was kept (the joint). Raises ModelFailure."""
    __tracebackhide__ = True
    if not decision.perturbed.verdict.joint:
        raise ModelFailure(explained(decision), decision)


def assert_unhurt(decision: Decision) -> None:
    """The perturbation did not turn a right answer into a wrong one. Raises ModelFailure."""
    __tracebackhide__ = True
    if decision.hurt:
        raise ModelFailure(explained(decision), decision)


def assert_robust(
    campaign: Campaign, *, part: str = "", scaffold: str = "", operator: str = "", margin: float = MARGIN
) -> Effect:
    """A drop of more than `margin` is excluded (0.05 is five points): the verdict is "no drop".

    Better answers never turn a pass into a failure. With fewer than 52 fixtures no data exclude five points; the
    message says how many more it takes. Returns the effect. Raises ModelFailure when such a drop is shown or not
    excluded; ValueError when nothing was selected.
    """
    __tracebackhide__ = True
    chosen, found = _measured(campaign, part, scaffold, operator)
    judged = verdict(found, margin=margin)
    if judged.word == "no drop":
        return found
    raise ModelFailure(_not_robust(found, judged, chosen))


def assert_no_drop(
    campaign: Campaign, *, part: str = "", scaffold: str = "", operator: str = "", margin: float = 0.0
) -> Effect:
    """No drop of more than `margin` is shown: weaker than `assert_robust`, and fit for few decisions.

    Returns the effect. Raises ModelFailure when the joint fell by more than `margin` and the verdict is "drop";
    ValueError when nothing was selected.
    """
    __tracebackhide__ = True
    chosen, found = _measured(campaign, part, scaffold, operator)
    judged = verdict(found)
    if judged.word == "drop" and found.difference < -margin:
        raise ModelFailure(_not_robust(found, judged, chosen))
    return found


def _measured(campaign: Campaign, part: str, scaffold: str, operator: str) -> tuple[Sequence[Decision], Effect]:
    __tracebackhide__ = True
    chosen = campaign.chosen(part, scaffold, operator)
    found = effect([_pair(d) for d in chosen])
    if found is None:
        raise ValueError(
            f"no decisions of part={part!r}, scaffold={scaffold!r}, operator={operator!r} in this campaign"
        )
    return chosen, found


def _pair(decision: Decision) -> Pair:
    item = decision.perturbed.item
    base, perturbed = decision.base.verdict.joint, decision.perturbed.verdict.joint
    return Pair(item.case.cluster, base, perturbed, f"{item.base.id}/{item.base.scaffold}", item.sample)


def assert_call_rate(
    campaign: Campaign, *, at_least: float, part: str = "", scaffold: str = "", operator: str = ""
) -> None:
    """The share of perturbed decisions with right calls is at least `at_least`. Raises ModelFailure."""
    __tracebackhide__ = True
    chosen = campaign.chosen(part, scaffold, operator)
    if not chosen:
        raise ValueError("no decisions selected")
    right = sum(d.perturbed.verdict.calls for d in chosen)
    if right < at_least * len(chosen):
        wrong = [d for d in chosen if not d.perturbed.verdict.calls]
        share = f"calls right in {right} of {len(chosen)} decisions ({right / len(chosen):.1%}), wanted {at_least:.1%}"
        raise ModelFailure("\n".join([share, *_worst(wrong)]))


def _not_robust(found: Effect, judged: Verdict, chosen: Sequence[Decision]) -> str:
    head = (
        f"joint {found.base:.3f} → {found.perturbed:.3f}: {100 * found.difference:+.1f} points over {found.n} pairs of "
        f"{found.clusters} fixtures"
    )
    more = f"; about {judged.more} more fixtures would tell" if judged.more else ""
    shown = f"95 % interval {100 * found.interval[0]:+.1f} … {100 * found.interval[1]:+.1f}; " if found.interval else ""
    return "\n".join([head, f"{judged.word}: {shown}{judged.reason}{more}", *_worst(d for d in chosen if d.hurt)])


def _worst(wrong: Iterable[Decision]) -> Iterable[str]:
    """The first of each way to be wrong."""
    seen: dict[tuple[str, str, str], list[Decision]] = {}
    for decision in wrong:
        seen.setdefault(decision.identity, []).append(decision)
    for (operator, _, outcome), found in sorted(seen.items(), key=lambda row: -len(row[1]))[:10]:
        yield f"  {len(found):4} × {operator} → {outcome}: {found[0].perturbed.verdict.reason[:120]}"
        yield f"         {found[0].replay or found[0].perturbed.item.id}"


def explained(decision: Decision) -> str:
    """Everything a person needs about one wrong decision, control characters spelled out."""
    item, verdict = decision.perturbed.item, decision.perturbed.verdict
    changed = difference(prompt_text(item.base), prompt_text(item.case)).splitlines()
    if len(changed) > LONGEST_DIFFERENCE:
        changed = [*changed[:LONGEST_DIFFERENCE], f"… {len(changed) - LONGEST_DIFFERENCE} more lines"]
    wanted = expected(item.case)["ideal"]
    calls = orjson.dumps(wanted["calls"]).decode()
    state = "right" if decision.base.verdict.joint else "wrong too"
    lines = [
        f"{item.id}: {decision.perturbed.outcome}",
        f"expected: {wanted['text']} {calls}",
        f"got:      {decision.perturbed.response.text[-600:]}",
        *verdict_lines_of(verdict),
        f"what changed (the base was {state}):",
        *(f"  {line[:240]}" for line in changed or ["nothing: this is the base"]),
    ]
    if decision.replay:
        lines.append(f"replay:   {decision.replay}")
    return clipped("\n".join(lines))


def verdict_lines_of(verdict: object) -> Iterable[str]:
    """A verdict value in words."""
    return verdict_lines(orjson.loads(orjson.dumps(verdict)))
