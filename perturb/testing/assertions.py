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
    campaign: Campaign, *, part: str = "", scaffold: str = "", operator: str = "", margin: float = 0.02
) -> Effect:
    """The interval of the paired drop excludes a drop of more than `margin` (0.02 is two points).

    Returns the effect. Raises ModelFailure when the interval reaches below, also when there is too little data to
    tell or the model is wrong on every base already; ValueError when nothing was selected.
    """
    __tracebackhide__ = True
    chosen, found = _measured(campaign, part, scaffold, operator)
    if found.base > 0 and found.interval is not None and found.interval[0] > -margin:
        return found
    raise ModelFailure(_not_robust(found, chosen, margin))


def assert_no_drop(
    campaign: Campaign, *, part: str = "", scaffold: str = "", operator: str = "", margin: float = 0.0
) -> Effect:
    """No drop of more than `margin` is shown: weaker than `assert_robust`, and fit for few decisions.

    Returns the effect. Raises ModelFailure when the joint fell by more than `margin` and the interval excludes no
    drop at all; ValueError when nothing was selected.
    """
    __tracebackhide__ = True
    chosen, found = _measured(campaign, part, scaffold, operator)
    if found.difference < -margin and found.interval is not None and found.interval[1] < 0:
        raise ModelFailure(_not_robust(found, chosen, margin))
    return found


def _measured(campaign: Campaign, part: str, scaffold: str, operator: str) -> tuple[Sequence[Decision], Effect]:
    __tracebackhide__ = True
    chosen = campaign.chosen(part, scaffold, operator)
    found = effect([Pair(_cluster(d), d.base.verdict.joint, d.perturbed.verdict.joint) for d in chosen])
    if found is None:
        raise ValueError(
            f"no decisions of part={part!r}, scaffold={scaffold!r}, operator={operator!r} in this campaign"
        )
    return chosen, found


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


def _cluster(decision: Decision) -> str:
    return decision.perturbed.item.case.cluster


def _not_robust(found: Effect, chosen: Sequence[Decision], margin: float) -> str:
    hurt = [d for d in chosen if d.hurt]
    head = (
        f"joint {found.base:.3f} → {found.perturbed:.3f}: {100 * found.difference:+.1f} points over {found.n} pairs of "
        f"{found.clusters} fixtures, margin {100 * margin:.1f}"
    )
    if found.base == 0:
        verdict = "the model is wrong on every base: there is nothing that a perturbation could take"
    elif found.interval is None:
        verdict = "one fixture gives no interval; select more"
    else:
        low, high = (100 * x for x in found.interval)
        reason = (
            "a drop" if high < 0 else "too few fixtures to exclude a drop" if not hurt else "not shown to be robust"
        )
        verdict = f"95 % interval {low:+.1f} … {high:+.1f}: {reason}"
    return "\n".join([head, verdict, *_worst(hurt)])


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
