"""``perturb synthesize``: proven training examples, and a card that says what is in them; or plain decisions."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from perturb.campaign.plan import Selection, chosen_operators
from perturb.cli import output
from perturb.core.canonical import canonical
from perturb.core.errors import UserError
from perturb.core.files import write_atomic
from perturb.core.reading import json_lines
from perturb.core.registry import OPERATORS, SCAFFOLDS, find
from perturb.core.values import Case
from perturb.recordings.choosing import chosen_episodes
from perturb.synthesis.card import Card
from perturb.synthesis.decisions import decisions
from perturb.synthesis.examples import Example, Left, Wanted, examples, row
from perturb.synthesis.files import beside, line_of, set_aside, writing
from perturb.synthesis.overlap import overlap
from perturb.synthesis.proofs import Equivalents, longer_than, unclean


def main(options: argparse.Namespace) -> int:
    """Stream the examples to the file; write the card beside it."""
    output.register(options.load)
    out = Path(options.out)
    if options.format == "cases":
        return _cases(options, out)
    wanted, left, equivalents, card = _wanted(options), Left(), Equivalents(), Card()
    refuses: list[Callable[[Example], str]] = [unclean, equivalents]
    if options.longest:
        refuses.append(longer_than(options.longest, Path(options.tokenizer)))
    evaluation = (case for episode in chosen_episodes(options.not_like) for case in episode.cases)
    refuses_case = [] if options.fixture else [overlap(evaluation)]
    made = examples(_source(options), wanted, left, refuses, refuses_case)
    _write(options, out, islice(made, options.number), card)
    if not card.examples:
        raise UserError(f"not one example came about ({', '.join(f'{k} {n}' for k, n in left.items())})")
    found = card.as_json(_settings(options, wanted), left, equivalents)
    write_atomic(out.with_suffix(".card.json"), orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
    if options.json:
        output.emit_json(found)
    else:
        output.emit(f"{found['examples']} examples in {out}; what is in them: {out.with_suffix('.card.json')}")
    return 0


def _source(options: argparse.Namespace) -> Iterator[Case]:
    """The decisions that examples are made of: generated ones without end, or those of fixtures."""
    if options.fixture:
        return (case for episode in chosen_episodes(options.fixture) for case in episode.cases)
    names, share, most = options.fixed_names, options.words, options.most_tools
    return decisions(options.seed, held=options.held, fixed_names=names, words=share, most_tools=most)


def _cases(options: argparse.Namespace, out: Path) -> int:
    """The decisions themselves, unperturbed: what ``perturb run --fixture`` reads."""
    number = 0
    with writing(out) as write, output.progress_bar("decisions") as progress:
        for case in islice(_source(options), options.number):
            write({}, canonical(case) + b"\n")
            number += 1
            progress(1)
    output.say(f"{number} decisions in {out}; perturb run --fixture {out} asks them")
    return 0


def _wanted(options: argparse.Namespace) -> Wanted:
    scaffolds = [find(SCAFFOLDS, name, "scaffold").name for name in options.scaffold or ["bare"]]
    return Wanted(
        scaffolds=scaffolds,
        operators=[name for name in _chosen(options) if not _held(options, name)],
        base_share=options.unperturbed,
        seed=options.seed,
        copies=options.copies,
        held_out=tuple(options.hold_out),
        balance=options.balance,
        weights=curriculum_in(Path(options.curriculum)) if options.curriculum else {},
        mild=options.mild,
    )


def _chosen(options: argparse.Namespace) -> list[str]:
    return [operator.name for operator in chosen_operators(Selection(operators=tuple(options.operator)))]


def _held(options: argparse.Namespace, name: str) -> bool:
    return any(fnmatchcase(name, glob) for glob in options.hold_out)


def curriculum_in(path: Path) -> dict[str, float]:
    """Each operator's weight in a curriculum's file. Raises UserError naming file and line."""
    found: dict[str, float] = {}
    for number, data in json_lines(path):
        name, weight = (data.get("operator"), data.get("weight")) if isinstance(data, dict) else (None, None)
        if name not in OPERATORS or isinstance(weight, bool) or not isinstance(weight, int | float) or weight <= 0:
            raise UserError(f"{path}: line {number}: not an operator with a weight above 0")
        found[name] = float(weight)
    return found


def _write(options: argparse.Namespace, out: Path, made: Iterator[Example], card: Card) -> None:
    """Every example, to the file of its cluster's side."""
    with ExitStack() as held:
        first = held.enter_context(writing(out))
        second = held.enter_context(writing(beside(out))) if options.split else first
        progress = held.enter_context(output.progress_bar("examples"))
        for example in made:
            aside = bool(options.split) and set_aside(example.cluster, options.split)
            data = row(example, options.format)
            line = line_of(data)
            (second if aside else first)(data, line)
            card.count(example, line, (beside(out) if aside else out).name)
            progress(1)


def _settings(options: argparse.Namespace, wanted: Wanted) -> dict[str, Any]:
    names = ("fixed_names", "words", "most_tools", "held", "fixture", "not_like", "longest", "tokenizer", "split")
    return {
        "seed": wanted.seed,
        "scaffolds": list(wanted.scaffolds),
        "operators": list(wanted.operators),
        "held_out": list(wanted.held_out),
        "held_out_operators": sorted(set(_chosen(options)) - set(wanted.operators)),
        "unperturbed": wanted.base_share,
        "copies": wanted.copies,
        "balance": wanted.balance,
        "weights": dict(wanted.weights),
        "mildest_doses": wanted.mild,
        "format": options.format,
        **{name: getattr(options, name) for name in names},
    }
