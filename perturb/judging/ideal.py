"""The ideal answer: expectation turned into what a perfect agent would write."""

from __future__ import annotations

from dataclasses import replace

from perturb.core.registry import CHECKS, FORMATS, PROTOCOLS
from perturb.core.values import Answer, Case, Instruction, Intent, Pattern, Reply, Response
from perturb.scaffolding.render import reply_of
from perturb.toolbox import toolbox
from perturb.trajectories.patterns import ideal_args


def ideal(case: Case) -> Answer:
    """What a perfect agent does: the first alternative, in words that keep every instruction.

    Raises UnrepresentableError when the scaffold cannot say it.
    """
    return answer_with(case, intents_of(case, case.expect.any_of[0]), case.expect.text, case.instructions)


def intents_of(case: Case, patterns: tuple[Pattern, ...]) -> tuple[Intent, ...]:
    """The concrete intents an ideal answer uses for `patterns`, with the arguments that instructions demand."""
    intents = tuple(Intent(p.action, ideal_args(dict(p.args))) for p in patterns)
    for rule in case.instructions:
        arrange = CHECKS[rule.check].arrange
        if arrange is not None:
            intents = tuple(arrange(intent, rule) for intent in intents)
    return intents


def answer_with(case: Case, intents: tuple[Intent, ...], text: str, rules: tuple[Instruction, ...]) -> Answer:
    """An answer that does `intents`, its words shaped by `rules`."""
    intents = tuple(
        Intent("say", {**i.args, "text": shaped(str(i.args["text"]), rules)}) if i.action == "say" else i
        for i in intents
    )
    reply = reply_of(case, intents, shaped(text, rules), case.expect.thinking or "The next step is clear.")
    return understand(case, reply)


def shaped(text: str, rules: tuple[Instruction, ...]) -> str:
    """`text` changed as little as possible so that it keeps the rules. Later rules may undo earlier ones: repeat."""
    for _ in range(3):
        for rule in rules:
            satisfy = CHECKS[rule.check].satisfy
            if satisfy is not None:
                text = satisfy(text, rule)
    return text


def understand(case: Case, reply: Reply) -> Answer:
    """A reply together with what it means. Text alone is something said to the user."""
    if not reply.calls:
        if not reply.text.strip():
            return Answer(reply, ())
        kind = "ask" if reply.text.rstrip().endswith("?") else "answer"
        return Answer(reply, (Intent("say", {"text": reply.text, "kind": kind}),))
    return Answer(reply, tuple(toolbox.decode(case.tools, call, case.world) for call in reply.calls))


def spoken(case: Case, reply: Reply, form: str = "m2") -> Response:
    """The raw text in which a model of this format would give `reply` in this case's protocol."""
    protocol = PROTOCOLS[case.surface.protocol]
    if not protocol.native:
        reply = replace(reply, text=protocol.emit(reply), calls=())
    return Response(FORMATS[form].emit(reply), "stop", format=form)
