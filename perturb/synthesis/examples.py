"""Training examples: a bound decision, perturbed or not, as the text a model is given and the text it should write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from random import Random
from typing import Any, Literal

from perturb.core.draw import mildest, seeded
from perturb.core.errors import UnrepresentableError
from perturb.core.registry import OPERATORS, PROTOCOLS, SCAFFOLDS
from perturb.core.values import Case, Reply, Request
from perturb.judging.ideal import ideal, spoken
from perturb.judging.scoring import score
from perturb.operators import recipe
from perturb.scaffolding.binding import bind
from perturb.scaffolding.render import prompt_text, render


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which examples are made. `base_share` of them are unperturbed, the others under one of `operators` each.

    `copies` examples are made of each decision. `held_out` are globs over scaffolds and episodes that never occur,
    though an operator leads there. `balance` keeps operators or parts equally frequent; `weights` make an operator so
    many times as frequent. `mild`: always the mildest dose.
    """

    scaffolds: Sequence[str]
    operators: Sequence[str] = ()
    base_share: float = 0.35
    seed: int = 0
    copies: int = 1
    held_out: tuple[str, ...] = ()
    balance: Literal["", "part", "operator"] = ""
    weights: Mapping[str, float] = field(default_factory=dict)
    mild: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """One proven pair. Only `answer` is to be trained on; `prompt` ends where the answer begins.

    `name` is the decision's, as a run and a reward name it. `said` is the ideal reply with its calls apart, `reply` as
    a message carries it.
    """

    id: str
    name: str
    cluster: str
    scaffold: str
    part: str
    relation: str
    recipe: str
    prompt: str
    answer: str
    request: Request
    reply: Reply
    said: Reply
    case: Case = field(repr=False)


# Why examples were left out, counted while the stream is walked.
Left = Counter[str]
# Why an example, or a decision before anything is made of it, is not to be used; empty when it is.
Refuses = Callable[[Example], str]
RefusesCase = Callable[[Case], str]


def examples(
    cases: Iterator[Case],
    wanted: Wanted,
    left: Left,
    refuses: Sequence[Refuses] = (),
    refuses_case: Sequence[RefusesCase] = (),
) -> Iterator[Example]:
    """The examples of `cases`, one after the other; nothing is kept.

    Each is proven: its ideal answer, read back from the very text that is trained on, scores 1.
    """
    used: Counter[str] = Counter()
    for case in cases:
        why = _first(refuses_case, case) or ("held_out" if _held(wanted, case.cluster) else "")
        if why:
            left[why] += 1
            continue
        for copy in range(wanted.copies):
            example = _made(case, wanted, copy, used)
            why = example if isinstance(example, str) else _first(refuses, example)
            if isinstance(example, str) or why:
                left[why] += 1
            else:
                used.update((example.part, example.recipe.partition("[")[0]))
                yield example


def _first(refuses: Sequence[Callable[[Any], str]], one: Any) -> str:
    return next(filter(None, (refuse(one) for refuse in refuses)), "")


def _held(wanted: Wanted, name: str) -> bool:
    return any(fnmatchcase(name, glob) for glob in wanted.held_out)


def _made(case: Case, wanted: Wanted, copy: int, used: Counter[str]) -> Example | str:
    """An example of `case`, or why there is none."""
    random = Random(f"{wanted.seed}/{case.id}/{copy}" if copy else f"{wanted.seed}/{case.id}")
    bound = bind(case, SCAFFOLDS[random.choice(list(wanted.scaffolds))])
    if bound is None:
        return "inexpressible"
    made: Case | None = bound
    if wanted.operators and random.random() >= wanted.base_share:
        made = _perturbed(bound, wanted, _order(wanted, random, used), copy)
    if made is None:
        return "inapplicable"
    if _held(wanted, made.scaffold):
        return "held_out"
    try:
        return _example(made, bound.scaffold, copy) or "unproven"
    except UnrepresentableError:
        return "inexpressible"


def _order(wanted: Wanted, random: Random, used: Counter[str]) -> list[str]:
    """The operators in the order in which they are tried."""
    order = random.sample(list(wanted.operators), len(wanted.operators))
    if wanted.weights:
        # Source: Efraimidis and Spirakis, Weighted random sampling with a reservoir (2006).
        drawn = {name: random.random() ** (1 / wanted.weights.get(name, 1.0)) for name in order}
        order.sort(key=lambda name: -drawn[name])
    if wanted.balance == "part":
        order.sort(key=lambda name: used[OPERATORS[name].part])
    elif wanted.balance == "operator":
        order.sort(key=lambda name: used[name])
    return order


def _perturbed(case: Case, wanted: Wanted, order: Sequence[str], copy: int) -> Case | None:
    """`case` under the first operator of `order` that applies."""
    for name in order:
        key = (wanted.seed, case.id, name, copy) if copy else (wanted.seed, case.id, name)
        out = recipe.apply(case, name, mildest() if wanted.mild else seeded(*key))
        if out is not None:
            return out
    return None


def _example(case: Case, home: str, copy: int) -> Example | None:
    """None when the answer that would be trained on does not score 1."""
    reply = ideal(case).reply
    answer = spoken(case, reply)
    if not score(case, answer).joint:
        return None
    steps = [OPERATORS[step.operator] for step in recipe.of(case)]
    return Example(
        id=f"{case.id}/{case.scaffold}" + (f"#{copy}" if copy else ""),
        name="+".join([f"{case.id}/{home}", *case.lineage]),
        cluster=case.cluster,
        scaffold=case.scaffold,
        part=steps[0].part if steps else "",
        relation=steps[0].relation if steps else "",
        recipe="+".join(case.lineage),
        prompt=prompt_text(case),
        answer=answer.text,
        request=render(case),
        reply=_written(case, reply),
        said=reply,
        case=case,
    )


def _written(case: Case, reply: Reply) -> Reply:
    """The reply as a message carries it: in a text protocol the calls stand in the words."""
    protocol = PROTOCOLS[case.surface.protocol]
    return reply if protocol.native else replace(reply, text=protocol.emit(reply), calls=())


def row(example: Example, form: Literal["m2-text", "openai"]) -> dict[str, Any]:
    """One line of a training file. Only the answer is to be trained on, the last message or `prompt`'s continuation.

    ``train`` holds the places of what is to be trained on: indices of messages, or one span [first, end) of the
    characters of prompt and answer together.
    """
    about = {
        name: getattr(example, name) for name in ("id", "name", "cluster", "scaffold", "part", "relation", "recipe")
    }
    if form == "m2-text":
        start = len(example.prompt)
        span = [start, start + len(example.answer)]
        return {**about, "prompt": example.prompt, "answer": example.answer, "train": [span]}
    messages = [*example.request.messages, _message(example.reply)]
    rules = [
        {"text": r.text, "source": r.source, "check": r.check, "params": r.params} for r in example.case.instructions
    ]
    return {
        **about,
        "messages": messages,
        "tools": list(example.request.tools),
        "train": [len(messages) - 1],
        "rules": rules,
    }


def _message(reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.thinking:
        message["reasoning_content"] = reply.thinking
    if reply.calls:
        functions = [{"name": call.tool, "arguments": dict(call.args)} for call in reply.calls]
        message["tool_calls"] = [{"type": "function", "function": function} for function in functions]
    return message
