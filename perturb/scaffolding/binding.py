"""Binding a case to a scaffold: its tools, system sections, rules and surface, if it can say everything needed."""

from __future__ import annotations

from dataclasses import replace

from perturb.core.actions import decides
from perturb.core.errors import UnrepresentableError
from perturb.core.registry import PROTOCOLS, SCAFFOLDS
from perturb.core.scaffold import Scaffold
from perturb.core.values import Case, Instruction, Intent, Pattern, Reply, Surface, Tool, Turn, World
from perturb.formats.m2.parse import m2
from perturb.scaffolding.render import one_by_one, reply_of, visible_tools
from perturb.toolbox import toolbox
from perturb.trajectories.patterns import ideal_args


def bind(case: Case, scaffold: Scaffold) -> Case | None:
    """`case` as `scaffold` would carry it; None when the scaffold cannot express its history or its answer.

    Binding an already bound case moves it: what the old scaffold brought is replaced, all else stays.
    """
    if case.family not in scaffold.serves:
        return None
    if scaffold.verbatim and case.scaffold:
        # What the recording brought was left behind with the first move.
        return None
    tools = (*scaffold.tools, *(tool for tool in case.tools if scaffold.verbatim or tool.origin != "scaffold"))
    if len({tool.name for tool in tools}) < len(tools):
        return None
    history = [intent for turn in case.turns for intent in turn.calls]
    if not all(expressible(tools, intent, case.world) for intent in history):
        return None
    # Only the ideal answer has to be sayable: an alternative also says which world is right, however one gets there.
    ideal = case.expect.any_of[0]
    if len(ideal) > _calls_per_reply(scaffold) or not all(pattern_expressible(tools, p, case.world) for p in ideal):
        return None
    own = tuple(section for section in case.system if scaffold.verbatim or section.origin != "scaffold")
    bound = replace(
        case,
        tools=tools,
        system=(*scaffold.sections(case.world), *own),
        instructions=(*_told(_without_scaffold_rules(case), len(own) < len(case.system)), *scaffold.rules),
        scaffold=scaffold.name,
        surface=case.surface
        if scaffold.verbatim
        else Surface(scaffold.protocol, scaffold.result_role, markup=scaffold.markup),
    )
    return bound if _all_can_be_written(bound) and _demands_can_be_met(bound) else None


def _calls_per_reply(scaffold: Scaffold) -> int:
    """How many calls one reply may hold, by the protocol and the scaffold's own rules."""
    limits = [int(rule.params["n"]) for rule in scaffold.rules if rule.check == "call.max"]
    return min([*limits, PROTOCOLS[scaffold.protocol].calls_per_reply or 1000])


def _all_can_be_written(case: Case) -> bool:
    """Whether every past reply and the ideal one can be written in the protocol and read back as they were."""
    first = tuple(Intent(p.action, ideal_args(dict(p.args))) for p in case.expect.any_of[0])
    turns = (*case.turns, Turn("assistant", case.expect.text, case.expect.thinking, first))
    replies = (step for turn in turns if turn.role == "assistant" for step in one_by_one(case, turn))
    try:
        return all(_survives(case, reply_of(case, step.calls, step.text, step.thinking)) for step in replies)
    except UnrepresentableError:
        return False


def _demands_can_be_met(case: Case) -> bool:
    """Whether the tools have a place for every argument that a rule demands of the ideal answer's calls."""
    demands = [rule for rule in case.instructions if rule.check == "call.arg"]
    for pattern in case.expect.any_of[0]:
        intent = Intent(pattern.action, ideal_args(dict(pattern.args)))
        for rule in demands:
            if rule.params["action"] == intent.action:
                name, value = rule.params["field"], rule.params["value"]
                arranged = Intent(intent.action, {**intent.args, name: value})
                if not expressible(case.tools, arranged, case.world) or not _carries(case, arranged, name):
                    return False
    return True


def _carries(case: Case, intent: Intent, name: str) -> bool:
    heard = toolbox.decode(case.tools, toolbox.encode(case.tools, intent, case.world), case.world)
    return isinstance(heard, Intent) and toolbox.full(heard).get(name) == intent.args[name]


def _survives(case: Case, reply: Reply) -> bool:
    """Whether `reply` can be said.

    A native one has to fit into M2's format, whoever is asked, so that all models are asked the same decisions: M2
    escapes nothing, which makes it the narrowest.
    """
    protocol = PROTOCOLS[case.surface.protocol]
    if protocol.native:
        m2.emit(reply)
        return True
    try:
        return protocol.parse(protocol.emit(reply), visible_tools(case)).calls == reply.calls
    except ValueError:
        return False


def _told(rules: tuple[Instruction, ...], left_behind: bool) -> tuple[Instruction, ...]:
    """`rules`; those that a recorded system text states are stated anew where that text was left behind."""
    if not left_behind:
        return rules
    return tuple(replace(rule, source="system") if rule.source == "recorded" else rule for rule in rules)


def _without_scaffold_rules(case: Case) -> tuple[Instruction, ...]:
    if not case.scaffold:
        return case.instructions
    old = SCAFFOLDS[case.scaffold].rules
    return tuple(instruction for instruction in case.instructions if instruction not in old)


def expressible(tools: tuple[Tool, ...], intent: Intent, world: World) -> bool:
    """Whether some visible tool can say `intent` without loss. Words for the user always can be said."""
    if intent.action == "say":
        return True
    try:
        said = toolbox.encode(tools, intent, world)
    except UnrepresentableError:
        return False
    heard = toolbox.decode(tools, said, world)
    return isinstance(heard, Intent) and _meaning(heard, world) == _meaning(intent, world)


def pattern_expressible(tools: tuple[Tool, ...], pattern: Pattern, world: World) -> bool:
    """Whether the ideal intent of `pattern` can be said."""
    return expressible(tools, Intent(pattern.action, ideal_args(dict(pattern.args))), world)


def _meaning(intent: Intent, world: World) -> Intent:
    """Normal form without the arguments that never decide."""
    normal = toolbox.normal(intent, world)
    return Intent(normal.action, {k: v for k, v in normal.args.items() if decides(normal.action, k)})


def as_brought(case: Case) -> bool:
    """Whether what the scaffold brought is still as it brought it: moving the case would take a change of it back."""
    own = SCAFFOLDS.get(case.scaffold)
    if own is None:
        return True
    tools = tuple(tool for tool in case.tools if tool.origin == "scaffold")
    sections = tuple(section for section in case.system if section.origin == "scaffold")
    surface = Surface(own.protocol, own.result_role, markup=own.markup)
    rules = all(rule in case.instructions for rule in own.rules)
    return tools == own.tools and sections == own.sections(case.world) and surface == case.surface and rules


def moves(case: Case) -> tuple[Case, ...]:
    """`case` in every other scaffold that can carry it, in name order; none where a change would be taken back."""
    if not as_brought(case):
        return ()
    others = (bind(case, SCAFFOLDS[name]) for name in sorted(SCAFFOLDS) if name != case.scaffold)
    return tuple(other for other in others if other is not None)
