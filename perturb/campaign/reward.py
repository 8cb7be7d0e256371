"""The verdict as a reward for reinforcement learning: a decision's name and what a model wrote, in; a number, out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

import orjson

from perturb.campaign.naming import parse
from perturb.core.errors import UserError
from perturb.core.registry import SCAFFOLDS, find, load_builtin
from perturb.core.values import Call, Case, Response
from perturb.formats.m2.template import CALL_OPEN, THINK_CLOSE
from perturb.judging.scoring import Verdict, score
from perturb.operators import recipe
from perturb.recordings.choosing import chosen_episodes
from perturb.scaffolding.binding import bind

# What was written: a model's raw text in M2's format, a message in OpenAI's form, or a list whose last is that message.
Completion = str | Mapping[str, Any] | Sequence[Mapping[str, Any]]


class RewardFunction(Protocol):
    """The form in which TRL's trainers call a reward function."""

    def __call__(
        self, prompts: Sequence[Any], completions: Sequence[Any], **columns: Sequence[Any]
    ) -> list[float | None]:
        """One reward a completion; None where there is nothing to say."""
        ...


def reward(case_id: str, completion: Completion, fixtures: Sequence[str] = ()) -> float:
    """1.0 when the answer to the decision `case_id` is right and keeps every rule, else 0.0.

    `case_id` is a decision's name (``episode@step/scaffold+recipe``) of the shipped fixtures, or of `fixtures` (globs,
    files, folders). One answer is judged alone: a look before the answer earns nothing. What nobody can decide earns
    nothing either. Raises UserError for a name that stands for no decision, never for anything a model can write.
    """
    return float(_judged(case_id, completion, tuple(fixtures)).joint)


def trl_reward(fixtures: Sequence[str] = (), decode: Callable[[Sequence[int]], str] | None = None) -> RewardFunction:
    """A reward function for TRL's trainers (``reward_funcs=trl_reward()``); the dataset has a column ``name``.

    TRL takes special tokens out of the text it hands over, and the markers of many formats are such: with `decode`
    (e.g. ``tokenizer.decode``) the text is read from ``completion_ids`` instead. A completion that nobody can decide
    gives None, which TRL leaves out. Source of the form: TRL's documentation of custom reward functions.
    """

    def verdict(prompts: Sequence[Any], completions: Sequence[Any], **columns: Sequence[Any]) -> list[float | None]:
        del prompts  # a decision's name says what was asked
        if "name" not in columns:
            raise UserError(f"the reward needs the column 'name' of perturb synthesize (has: {', '.join(columns)})")
        written = list(completions)
        if decode is not None and columns.get("completion_ids") is not None:
            written = [decode(ids) for ids in columns["completion_ids"]]
        pairs = zip(columns["name"], written, strict=True)
        return [_value(_judged(str(name), one, tuple(fixtures))) for name, one in pairs]

    return verdict


def _value(verdict: Verdict) -> float | None:
    return None if verdict.outcome == "undecided" else float(verdict.joint)


def _judged(name: str, completion: Completion, fixtures: tuple[str, ...]) -> Verdict:
    return score(_case(name, fixtures), _response(completion))


@lru_cache(maxsize=8)
def _bases(fixtures: tuple[str, ...]) -> dict[str, Case]:
    load_builtin()
    return {case.id: case for episode in chosen_episodes(fixtures) for case in episode.cases}


@lru_cache(maxsize=16_384)
def _case(name: str, fixtures: tuple[str, ...]) -> Case:
    bases = _bases(fixtures)
    parts = parse(name)
    bound = bind(find(bases, parts.case, "fixture"), find(SCAFFOLDS, parts.scaffold, "scaffold"))
    made = recipe.replayed(bound, parts.recipe) if bound else None
    if made is None:
        raise UserError(f"{name}: no such decision: its scaffold cannot carry it, or its recipe does not apply")
    return made


def _response(completion: Completion) -> Response:
    """What was written, as an engine gives it. A message that is none is an answer that says nothing."""
    if isinstance(completion, str):
        return Response(completion)
    message: Any = completion if isinstance(completion, Mapping) else (completion or [{}])[-1]
    if not isinstance(message, Mapping):
        return Response("", raw=False)
    content = message.get("content")
    text = content if isinstance(content, str) else ""
    if THINK_CLOSE in text or CALL_OPEN in text:
        # A trainer that parses nothing leaves it in the words, as the model wrote it.
        return Response(text)
    thinking, parsed = message.get("reasoning_content"), message.get("tool_calls")
    calls = tuple(_call(one) for one in parsed) if isinstance(parsed, list | tuple) else ()
    return Response(text, raw=False, thinking=thinking if isinstance(thinking, str) else "", calls=calls)


def _call(data: Any) -> Call:
    """A call as it was parsed; what is no call at all becomes one of no tool, which is wrong everywhere."""
    try:
        function = data.get("function", data)
        arguments = function["arguments"]
        arguments = orjson.loads(arguments) if isinstance(arguments, str) else arguments
        return Call(str(function["name"]), dict(arguments))
    except (LookupError, TypeError, ValueError, AttributeError):
        return Call("", {})
