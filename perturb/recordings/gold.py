"""What is right at a recorded step, and who says so: its effect in the rebuilt world, the recorded action, nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from perturb.core.actions import ACTIONS, SAID
from perturb.core.values import Expect, Intent, Json, Oracle, Pattern, Result, Tool, World
from perturb.judging.agreement import is_prose
from perturb.judging.effect import goals
from perturb.recordings.rebuilt import known
from perturb.recordings.values import Message
from perturb.toolbox import toolbox
from perturb.toolbox.json_schema import first_violation


@dataclass(frozen=True, slots=True)
class Gold:
    """What is right, which kind of oracle that is, and what a reader has to know of it."""

    expect: Expect
    oracle: Oracle
    notes: tuple[str, ...] = ()


def gold(
    message: Message,
    intents: tuple[Intent, ...],
    results: tuple[Result, ...],
    world: World,
    tools: Mapping[str, Tool],
    success: bool | None,
) -> Gold:
    """What the step `message` says is right.

    `results` are the recorded answers, `tools` by their recorded names, `success` how the whole run ended.
    """
    if not intents:
        said = Pattern("say", {"text": {"$free": message.text}})
        expect = Expect(((said,),), (), message.text, message.thinking)
        return Gold(expect, "agreement", ("words have no gold: answers are compared with the unperturbed ones",))
    patterns = tuple(Pattern(intent.action, _args(intent)) for intent in intents)
    # One call of several is no error: the rest may follow.
    several = ((patterns[0],),) if len(patterns) > 1 else ()
    expect = Expect((patterns, *several), (), message.text, message.thinking)
    if success is False:
        return Gold(expect, "agreement", ("the recorded run failed: its actions are no gold",))
    if wrong := invalid(message, tools):
        return Gold(expect, "agreement", (f"the recorded call is not valid: {wrong}",))
    if any(result.failed for result in results):
        return Gold(expect, "agreement", ("the recorded call failed: it is no gold",))
    free = sorted({name for p in patterns for name in p.args if _is_free(p.args[name])})
    notes = (f"the wording of {', '.join(free)} is not compared",) if free else ()
    missing = [f"{path} was never shown whole: it is compared, not carried out" for path in known(world, intents)]
    if _carried_out(world, patterns):
        return Gold(expect, "effect", notes)
    return Gold(expect, "recorded", (*notes, *missing))


def invalid(message: Message, tools: Mapping[str, Tool]) -> str:
    """What in the calls of `message` their tools' own schemas forbid; "" for nothing."""
    found = ((c.name, first_violation(toolbox.schema(tools[c.name]), dict(c.args or {}))) for c in message.calls)
    return next((f"{name}: {wrong}" for name, wrong in found if wrong), "")


def _is_free(value: Json) -> bool:
    return isinstance(value, dict) and "$free" in value


def _carried_out(world: World, patterns: tuple[Pattern, ...]) -> bool:
    """Whether the rebuilt world can do all of it, and shows or changes something by each."""
    if not all(pattern.action in ACTIONS for pattern in patterns):
        return False
    goal = next(goals(patterns, world))
    return all(goal.deed(number).changed or number in goal.looks for number in range(len(patterns)))


def _args(intent: Intent) -> dict[str, Json]:
    """The arguments of a recorded call as a pattern: prose is free, everything else has to be as it was."""
    canonical = intent.action in ACTIONS
    kept = {name: value for name, value in intent.args.items() if name != SAID}
    return {name: value if canonical else _matched(value) for name, value in kept.items()}


def _matched(value: Json) -> Json:
    if isinstance(value, str) and is_prose(value):
        return {"$free": value}
    if isinstance(value, dict) and any(str(key).startswith("$") for key in value):
        return {"$any": [value]}
    return value
