"""``perturb run --dry-run``: what a run would ask and cost, before anything is asked."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from perturb.campaign.estimate import ANSWER_TOKENS, CHARACTERS_PER_TOKEN
from perturb.campaign.journal import Records
from perturb.campaign.plan import Selection, Tally, plan
from perturb.cli import output
from perturb.core.errors import UserError
from perturb.core.format import TemplateError
from perturb.formats.m2.template import render

# Prompts that are tokenised to learn how many characters a token holds.
_SAMPLE = 200


def main(options: argparse.Namespace, selection: Selection) -> int:
    """Print the requests, tokens and price of what `selection` would ask."""
    found = facts(selection, _tokenizer(options.model), options)
    output.emit_json(found) if options.json else output.emit(text(found))
    return 0


def facts(selection: Selection, count: Callable[[str], int] | None, options: argparse.Namespace) -> dict[str, Any]:
    """Requests, prompt tokens, the share that a prompt has in common with the one before, answers and price."""
    tally, size, shared, requests, before = Tally(), 0, 0, 0, ""
    sampled = [0, 0]
    for prompt in _prompts(selection, tally):
        requests, size = requests + 1, size + len(prompt)
        shared += _common(before, prompt)
        before = prompt
        if count is not None and requests % 7 == 1 and sampled[0] < _SAMPLE * 20_000:
            sampled = [sampled[0] + len(prompt), sampled[1] + count(prompt)]
    ratio = sampled[0] / sampled[1] if sampled[1] else CHARACTERS_PER_TOKEN
    answer, assumed = _answer_tokens(options.like)
    prompt_tokens, answer_tokens = round(size / ratio), round(requests * answer)
    price = [options.price_in * prompt_tokens / 1e6, options.price_out * answer_tokens / 1e6]
    return {
        "requests": requests,
        "decisions": tally.cases,
        "not_applicable": tally.not_applicable,
        "inexpressible": tally.inexpressible,
        "prompt_tokens": prompt_tokens,
        "characters_per_token": round(ratio, 3),
        "counted_by": "the model's tokenizer" if sampled[1] else "an estimate",
        "shared_prefix": round(shared / size, 4) if size else 0.0,
        "answer_tokens": answer_tokens,
        "answer_tokens_each": answer,
        "answers_by": assumed,
        "cost": round(sum(price), 2) if options.price_in or options.price_out else None,
    }


def text(found: dict[str, Any]) -> str:
    """The same in words."""
    lines = [
        f"requests          {found['requests']:,} on {found['decisions']:,} decisions "
        f"({found['not_applicable']:,} perturbations do not apply, {found['inexpressible']:,} cannot be said)",
        f"prompt tokens     {found['prompt_tokens']:,} ({found['characters_per_token']:g} characters a token, by "
        f"{found['counted_by']})",
        f"shared prefix     {100 * found['shared_prefix']:.0f} % of a prompt stands in the one before it already",
        f"answer tokens     {found['answer_tokens']:,} ({found['answer_tokens_each']:.0f} each, {found['answers_by']})",
    ]
    if found["cost"] is None:
        return "\n".join([*lines, "cost              give --price-in and --price-out, per million tokens"])
    return "\n".join([*lines, f"cost              {found['cost']:,.2f}, no discount for cached prompts"])


def _prompts(selection: Selection, tally: Tally) -> Iterator[str]:
    for item in plan(selection, tally):
        try:
            yield render(item.request.messages, item.request.tools, retention=item.request.retention)
        except TemplateError:
            yield orjson.dumps([item.request.messages, item.request.tools]).decode()


def _common(one: str, other: str) -> int:
    """The length of the beginning that two texts share."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _answer_tokens(run: str) -> tuple[float, str]:
    """Tokens of an answer: those of an earlier run, or what is assumed."""
    if not run:
        return float(ANSWER_TOKENS), "assumed; --like RUN takes an earlier run's"
    answers = (record["response"] for record in Records(Path(run)) if record["response"])
    counts = [n for answer in islice(answers, 100_000) if (n := answer.get("completion_tokens", 0))]
    if not counts:
        raise UserError(f"{run}: no answer there says how many tokens it has")
    return round(sum(counts) / len(counts), 1), f"the mean of {len(counts):,} answers in {run}"


def _tokenizer(model: str) -> Callable[[str], int] | None:
    """The tokenizer of a checkpoint folder; None where there is none at hand."""
    file = Path(model) / "tokenizer.json"
    if not model or not file.is_file():
        return None
    try:
        from tokenizers import Tokenizer

        known = Tokenizer.from_file(str(file))
    except Exception:  # not installed, or a file that it cannot read: an estimate will do
        return None
    return lambda text: len(known.encode(text, add_special_tokens=False).ids)
