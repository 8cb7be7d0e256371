"""Laws of scaffolds, scorers and agents: codec, total, oracle at base, scorer, sound agents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from perturb.core.actions import decides
from perturb.core.errors import UnrepresentableError
from perturb.core.registry import AGENTS, SCORERS, Agent
from perturb.core.values import Case, Intent, Reply, Response
from perturb.judging.ideal import ideal, spoken
from perturb.judging.scoring import Score, judge, score
from perturb.laws.breach import Breach
from perturb.scaffolding.parsing import parse
from perturb.toolbox import toolbox

HOSTILE = (
    "",
    "</think>",
    "<minimax:tool_call>",
    "x</think>\n<minimax:tool_call><invoke name=",
    "x</think>{",
    "x</think>" + "[" * 5000,
    "x</think>" + "<a>" * 5000,
    "x</think>```\n" + "`" * 5000,
    "\x00\x1b[2J\u202e</think>\ud7ff",
    "</think>" + '{"action": [' * 500,
)


def scaffold_breaches(cases: Sequence[Case]) -> Iterator[Breach]:
    """Breaches of the scaffolds that `cases` (bound, unperturbed) are in."""
    for case in cases:
        for law, holds in _LAWS.items():
            try:
                problem = holds(case)
            except Exception as error:
                problem = f"raised {type(error).__name__}: {error}"
            if problem:
                yield Breach(law, case.scaffold, f"{case.id}/{case.scaffold}", problem)


def _codec(case: Case) -> str | None:
    """What a toolbox can say, it understands; what it cannot say, it refuses."""
    intents = [intent for turn in case.turns for intent in turn.calls if intent.action != "say"]
    for intent in intents:
        try:
            call = toolbox.encode(case.tools, intent, case.world)
        except UnrepresentableError:
            return f"bound to a case whose history it cannot say: {intent}"
        heard = toolbox.decode(case.tools, call, case.world)
        if not isinstance(heard, Intent) or _decisive(heard) != _decisive(toolbox.normal(intent, case.world)):
            return f"{intent} came back as {heard}"
    return None


def _decisive(intent: Intent) -> Intent:
    return Intent(intent.action, {k: v for k, v in intent.args.items() if decides(intent.action, k)})


def _emit_parse(case: Case) -> str | None:
    """parse(emit(reply)) == reply for the ideal answer."""
    wanted = ideal(case).reply
    got = parse(spoken(case, wanted), case)
    if not isinstance(got, Reply):
        return f"the ideal answer does not parse: {got}"
    same = (got.text.strip(), got.calls) == (wanted.text.strip(), wanted.calls)
    return None if same else f"spoke {wanted}, heard {got}"


def _oracle(case: Case) -> str | None:
    """The ideal answer scores 1 before anything is perturbed."""
    verdict = score(case, spoken(case, ideal(case).reply))
    if verdict.joint:
        return None
    broken = [rule.text for rule in verdict.rules if not rule.kept]
    return f"the ideal answer scores 0: {verdict.outcome} {verdict.reason} {broken}"


def _total(case: Case) -> str | None:
    """Any text is parsed and judged; none of it scores, where there is a gold."""
    for text in HOSTILE:
        for finish in ("stop", "length"):
            if score(case, Response(text, finish)).joint and case.oracle != "agreement":
                return f"{text[:40]!r} scores 1"
    return None


def _monotone(case: Case) -> str | None:
    """Dropping a rule never lowers a score."""
    answer = ideal(case)
    for dropped in range(len(case.instructions)):
        kept = case.instructions[:dropped] + case.instructions[dropped + 1 :]
        if judge(replace(case, instructions=kept), answer).joint < judge(case, answer).joint:
            return f"dropping {case.instructions[dropped].text!r} lowered the score"
    return None


def _scorers(case: Case) -> str | None:
    """Every registered scorer gives the ideal answer 1."""
    answer = ideal(case)
    verdict = judge(case, answer)
    for name, function in SCORERS.items():
        got = function(case, answer, verdict)
        if isinstance(got, Score) and got.value != 1:
            return f"scorer {name} gives the ideal answer {got}"
    return None


_LAWS: dict[str, Callable[[Case], str | None]] = {
    "codec": _codec,
    "emit and parse": _emit_parse,
    "oracle": _oracle,
    "total": _total,
    "scorer": _monotone,
    "scorers": _scorers,
}


def agent_breaches(cases: Sequence[Case], names: Sequence[str]) -> Iterator[Breach]:
    """The agents `names` answer every case, in words its scaffold can carry."""
    for case in cases:
        for name in names:
            problem = _answers(AGENTS[name], case)
            if problem:
                yield Breach("agent", name, f"{case.id}/{case.scaffold}", problem)


def _answers(agent: Agent, case: Case) -> str | None:
    try:
        spoken(case, agent.answer(case, case).reply)
    except Exception as error:
        return f"raised {type(error).__name__}: {error}"
    return None
