"""Training examples: a bound decision, perturbed or not, as the text a model is given and the text it should write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal

from perturb.core.draw import seeded
from perturb.core.errors import UnrepresentableError
from perturb.core.registry import OPERATORS, PROTOCOLS, SCAFFOLDS
from perturb.core.values import Case, Reply, Request
from perturb.judging.ideal import ideal, spoken
from perturb.judging.scoring import score
from perturb.operators import recipe
from perturb.scaffolding.binding import bind
from perturb.scaffolding.render import prompt_text, render


@dataclass(frozen=True, slots=True)
class Example:
    """One proven pair. Only `answer` is to be trained on; `prompt` ends where the answer begins."""

    id: str
    cluster: str
    scaffold: str
    part: str
    relation: str
    recipe: str
    prompt: str
    answer: str
    request: Request
    reply: Reply


@dataclass(slots=True)
class Left:
    """Why examples were left out, counted while the stream is walked."""

    inapplicable: int = 0
    inexpressible: int = 0
    unproven: int = 0


def examples(
    cases: Iterator[Case], scaffolds: Sequence[str], operators: Sequence[str], base_share: float, seed: int, left: Left
) -> Iterator[Example]:
    """One example of each case: unperturbed for `base_share` of them, else under one random operator of `operators`.

    Each is proven: its ideal answer, read back from the very text that is trained on, scores 1.
    """
    for case in cases:
        random = Random(f"{seed}/{case.id}")
        bound = bind(case, SCAFFOLDS[random.choice(list(scaffolds))])
        if bound is None:
            left.inexpressible += 1
            continue
        if not operators or random.random() < base_share:
            made: Case | None = bound
        else:
            made = _perturbed(bound, random, operators, seed)
        if made is None:
            left.inapplicable += 1
            continue
        try:
            example = _example(made)
        except UnrepresentableError:
            left.inexpressible += 1
            continue
        if example is None:
            left.unproven += 1
        else:
            yield example


def _perturbed(case: Case, random: Random, operators: Sequence[str], seed: int) -> Case | None:
    """`case` under the first operator, in random order, that applies."""
    for name in random.sample(list(operators), len(operators)):
        out = recipe.apply(case, name, seeded(seed, case.id, name))
        if out is not None:
            return out
    return None


def _example(case: Case) -> Example | None:
    """None when the answer that would be trained on does not score 1."""
    reply = ideal(case).reply
    answer = spoken(case, reply)
    if not score(case, answer).joint:
        return None
    steps = [OPERATORS[step.operator] for step in recipe.parse("+".join(case.lineage))] if case.lineage else []
    return Example(
        id=f"{case.id}/{case.scaffold}",
        cluster=case.cluster,
        scaffold=case.scaffold,
        part=steps[0].part if steps else "",
        relation=steps[0].relation if steps else "",
        recipe="+".join(case.lineage),
        prompt=prompt_text(case),
        answer=answer.text,
        request=render(case),
        reply=_written(case, reply),
    )


def _written(case: Case, reply: Reply) -> Reply:
    """The reply as a message carries it: in a text protocol the calls stand in the words."""
    protocol = PROTOCOLS[case.surface.protocol]
    return reply if protocol.native else replace(reply, text=protocol.emit(reply), calls=())


def row(example: Example, form: Literal["m2-text", "openai"]) -> dict[str, Any]:
    """One line of a training file. Only the answer (the last message) is to be trained on."""
    about = {name: getattr(example, name) for name in ("id", "cluster", "scaffold", "part", "relation", "recipe")}
    if form == "m2-text":
        return {**about, "prompt": example.prompt, "answer": example.answer}
    messages = [*example.request.messages, _message(example.reply)]
    return {**about, "messages": messages, "tools": list(example.request.tools), "train": [len(messages) - 1]}


def _message(reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.thinking:
        message["reasoning_content"] = reply.thinking
    if reply.calls:
        functions = [{"name": call.tool, "arguments": dict(call.args)} for call in reply.calls]
        message["tool_calls"] = [{"type": "function", "function": function} for function in functions]
    return message
