"""The verdict on one response: outcome class, per-argument and per-rule detail, schema validity, and the joint."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from perturb.checks.opportunity import given
from perturb.checks.text import visible_text
from perturb.core.registry import CHECKS, SCORERS
from perturb.core.values import Answer, Case, Instruction, Intent, Reply, Response, Undecodable, Unparsed
from perturb.judging.claimed import undecided
from perturb.judging.effect import effect
from perturb.judging.ideal import understand
from perturb.judging.matching import Argument, matches
from perturb.judging.outcome import Found, against, unrunnable
from perturb.scaffolding.parsing import parse
from perturb.toolbox import toolbox
from perturb.toolbox.json_schema import first_violation

# From best to worst news about the model; all are the model's. Failures and our own errors are not outcomes.
OUTCOMES = (
    "correct",
    "wrong_argument",
    "wrong_tool",
    "missing_call",
    "extra_side_effect",
    "unexpected_call",
    "loop",
    "no_call",
    "refused",
    "schema_invalid",
    "malformed",
    "leaked_protocol",
    "reasoning_only",
    "cut",
    "forbidden",
    # What was said is neither surely right nor surely wrong: no score is given for it.
    "undecided",
)


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """Whether one instruction was kept, and whether the answer could have broken it."""

    text: str
    source: str
    check: str
    kept: bool
    given: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one response was judged. `joint` is 1 when the calls are right *and* every rule was kept.

    `arguments` compares the nearest expected alternative with what came nearest to it. `detours` counts the looks
    before the answer that was judged (see perturb.judging.rounds). `step` is what kind of step the answer is: "call"
    (in silence), "say" (words alone), "both", or "" when it is neither.
    """

    outcome: str
    reason: str
    calls: int
    rules: tuple[RuleVerdict, ...]
    schema_valid: bool
    joint: int
    arguments: tuple[Argument, ...] = ()
    detours: int = 0
    step: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """An answer that decided nothing yet, and the case that it was given in."""

    case: Case
    answer: Answer

    @property
    def intents(self) -> tuple[Intent, ...]:
        """What was understood of it."""
        return tuple(intent for intent in self.answer.intents if isinstance(intent, Intent))


@dataclass(frozen=True, slots=True)
class Score:
    """What a scorer says: a value in [0, 1] and why."""

    value: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unscored:
    """A scorer has nothing to say about this answer; it stays out of the scorer's mean."""

    reason: str


def score(case: Case, response: Response) -> Verdict:
    """Judge a response. Pure and total: never raises on anything a model can write."""
    return scored(case, response)[0]


def scored(case: Case, response: Response, before: tuple[Round, ...] = ()) -> tuple[Verdict, dict[str, float]]:
    """The verdict, and what every registered scorer that has something to say gives.

    `before` are the rounds of the same decision that led to `case`.
    """
    reply = parse(response, case)
    if isinstance(reply, Unparsed):
        # What cannot be read keeps no rule, and has put none to the test.
        rules = tuple(RuleVerdict(r.text, r.source, r.check, False, False) for r in case.instructions)
        answer = Answer(Reply(reply.thinking, reply.text), ())
        verdict = Verdict(reply.kind, reply.detail, 0, rules, False, 0, detours=_detours(before))
    else:
        answer = understand(case, reply)
        verdict = judge(case, answer, before)
    given = {name: function(case, answer, verdict) for name, function in SCORERS.items()}
    scores = {name: got.value for name, got in given.items() if isinstance(got, Score)}
    for name, value in scores.items():
        if not isfinite(value):
            raise ValueError(f"the scorer {name} gave {value}")
    return verdict, scores


def judge(case: Case, answer: Answer, before: tuple[Round, ...] = ()) -> Verdict:
    """Judge an understood answer: what it and the rounds before it come to together, in the world they began in."""
    violation = _schema_violation(case, answer)
    outcome, reason, arguments = _outcome(case, answer, violation, before)
    if outcome != "correct":
        doubt = _doubt(case, answer, before) if outcome in _DOUBTFUL else ""
        outcome, reason = ("undecided", doubt) if doubt else (outcome, reason)
    rounds = (*before, Round(case, answer))
    rules = tuple(_rule(r, rounds) for r in case.instructions)
    calls = int(outcome == "correct")
    joint = int(calls and all(rule.kept for rule in rules))
    return Verdict(outcome, reason, calls, rules, violation is None, joint, arguments, _detours(before), _step(rounds))


def _step(rounds: tuple[Round, ...]) -> str:
    """What kind of step the rounds come to."""
    acts = any(not isinstance(i, Intent) or i.action != "say" for one in rounds for i in one.answer.intents)
    speaks = any(visible_text(one.answer).strip() for one in rounds)
    return "both" if acts and speaks else "call" if acts else "say" if speaks else ""


# Wrong answers that may be right where something is not emulated, or not understood.
_DOUBTFUL = (
    "wrong_argument",
    "wrong_tool",
    "missing_call",
    "extra_side_effect",
    "unexpected_call",
    "no_call",
    "refused",
)


def _doubt(case: Case, answer: Answer, before: tuple[Round, ...]) -> str:
    """Why nobody can tell whether an answer is right; "" where one can."""
    understood = tuple(i for i in answer.intents if isinstance(i, Intent))
    earlier = tuple(intent for one in before for intent in one.intents)
    return undecided(case, understood) or unrunnable(before[0].case if before else case, earlier, understood)


def _rule(rule: Instruction, rounds: tuple[Round, ...]) -> RuleVerdict:
    """Kept by every round that could have broken it."""
    tried = [one for one in rounds if given(one.answer, rule, one.case)]
    holds = CHECKS[rule.check].holds
    kept = all(holds(one.answer, rule, one.case) for one in tried)
    return RuleVerdict(rule.text, rule.source, rule.check, kept, bool(tried))


def _detours(before: tuple[Round, ...]) -> int:
    return sum(not effect(one.case.world, one.intents).changed for one in before)


def _schema_violation(case: Case, answer: Answer) -> str | None:
    for call in answer.reply.calls:
        tool = next((tool for tool in case.tools if tool.name == call.tool), None)
        if tool is None:
            return f"{call.tool}: no such tool"
        found = first_violation(toolbox.schema(tool), call.args)
        if found:
            return f"{call.tool}: {found}"
    return None


def _outcome(case: Case, answer: Answer, violation: str | None, before: tuple[Round, ...]) -> Found:
    understood = tuple(intent for intent in answer.intents if isinstance(intent, Intent))
    for pattern in case.expect.never:
        if any(matches(pattern, intent, case.world) for intent in understood):
            return "forbidden", f"did what it must not: {pattern.action}", ()
    broken = next((i for i in answer.intents if isinstance(i, Undecodable)), None)
    if broken is not None:
        outcome = "wrong_tool" if broken.kind == "unknown_tool" else "schema_invalid"
        return outcome, broken.detail, ()
    if violation:
        return "schema_invalid", violation, ()
    if not answer.intents:
        return "no_call", "neither a call nor words", ()
    earlier = tuple(intent for one in before for intent in one.intents)
    found = against(before[0].case if before else case, answer, earlier, understood)
    if found[0] != "correct" and any(one.intents == understood for one in before):
        return "loop", "made the same call again, which had been answered", ()
    return found
