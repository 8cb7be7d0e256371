"""The verdict on one response: outcome class, per-argument and per-rule detail, schema validity, and the joint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from perturb.core.registry import CHECKS, SCORERS
from perturb.core.values import Answer, Case, Intent, Pattern, Reply, Response, Undecodable, Unparsed
from perturb.judging.ideal import understand
from perturb.judging.matching import Argument, compare, harmless, matches, pair
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
    "no_call",
    "refused",
    "schema_invalid",
    "malformed",
    "leaked_protocol",
    "reasoning_only",
    "cut",
    "forbidden",
)
_REFUSALS = ("i can't", "i cannot", "i can not", "i'm unable", "i am unable", "i won't", "sorry", "i'm sorry")


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """Whether one instruction was kept."""

    text: str
    source: str
    check: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one response was judged. `joint` is 1 when the calls are right *and* every rule was kept.

    `arguments` compares the first expected alternative with what came nearest to it.
    """

    outcome: str
    reason: str
    calls: int
    rules: tuple[RuleVerdict, ...]
    schema_valid: bool
    joint: int
    arguments: tuple[Argument, ...] = ()


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


def scored(case: Case, response: Response) -> tuple[Verdict, dict[str, float]]:
    """The verdict, and what every registered scorer that has something to say gives."""
    reply = parse(response, case)
    if isinstance(reply, Unparsed):
        rules = tuple(RuleVerdict(r.text, r.source, r.check, False) for r in case.instructions)
        answer = Answer(Reply(reply.thinking, reply.text), ())
        verdict = Verdict(reply.kind, reply.detail, 0, rules, False, 0)
    else:
        answer = understand(case, reply)
        verdict = judge(case, answer)
    given = {name: function(case, answer, verdict) for name, function in SCORERS.items()}
    return verdict, {name: got.value for name, got in given.items() if isinstance(got, Score)}


def judge(case: Case, answer: Answer) -> Verdict:
    """Judge an understood answer."""
    violation = _schema_violation(case, answer)
    outcome, reason, arguments = _outcome(case, answer, violation)
    rules = tuple(
        RuleVerdict(r.text, r.source, r.check, CHECKS[r.check].holds(answer, r, case)) for r in case.instructions
    )
    calls = int(outcome == "correct")
    joint = int(calls and all(rule.kept for rule in rules))
    return Verdict(outcome, reason, calls, rules, violation is None, joint, arguments)


def _schema_violation(case: Case, answer: Answer) -> str | None:
    for call in answer.reply.calls:
        tool = next((tool for tool in case.tools if tool.name == call.tool), None)
        if tool is None:
            return f"{call.tool}: no such tool"
        found = first_violation(toolbox.schema(tool), call.args)
        if found:
            return f"{call.tool}: {found}"
    return None


_Found = tuple[str, str, tuple[Argument, ...]]


def _outcome(case: Case, answer: Answer, violation: str | None) -> _Found:
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
    return _against_alternatives(case, answer, understood)


def _against_alternatives(case: Case, answer: Answer, intents: tuple[Intent, ...]) -> _Found:
    extra: Intent | None = None
    for patterns in case.expect.any_of:
        pairs = pair(patterns, intents, case.world)
        if len(pairs) == len(patterns):
            spare = [i for n, i in enumerate(intents) if n not in pairs.values()]
            extra = next((i for i in spare if not harmless(i, case.world)), None)
            if extra is None:
                return "correct", "", ()
    if extra is not None:
        return "extra_side_effect", f"also did {extra.action} {dict(extra.args)}", ()
    return _nearest(case, answer, intents)


def _nearest(case: Case, answer: Answer, intents: tuple[Intent, ...]) -> _Found:
    """Which kind of wrong, measured against the expected alternative."""
    expected = case.expect.any_of[0]
    wants_words = expected[0].action == "say"
    words_only = all(intent.action == "say" for intent in intents)
    if wants_words and not words_only:
        return "unexpected_call", f"called {intents[0].action} where words were right", ()
    if words_only and not wants_words:
        text = answer.reply.text.strip().lower()
        return ("refused" if text.startswith(_REFUSALS) else "no_call"), "words where a call was right", ()
    pairs = pair(expected, intents, case.world)
    for index, pattern in enumerate(expected):
        if index not in pairs:
            return _mismatch(pattern, intents, case, bool(pairs))
    return "wrong_tool", "not one of the accepted answers", ()


def _mismatch(pattern: Pattern, intents: tuple[Intent, ...], case: Case, some_right: bool) -> _Found:
    compared = [found for i in intents if (found := compare(pattern, i, case.world)) is not None]
    if not compared:
        if some_right:
            return "missing_call", f"{pattern.action} is missing", ()
        return "wrong_tool", f"{intents[0].action} instead of {pattern.action}", ()
    best = max(compared, key=lambda arguments: sum(a.right for a in arguments))
    wrong = next((a for a in best if not a.right), None)
    if wrong is None:
        return "missing_call", f"one {pattern.action} too few", best
    return "wrong_argument", f"{wrong.name}: expected {_short(wrong.expected)}, got {_short(wrong.got)}", best


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
