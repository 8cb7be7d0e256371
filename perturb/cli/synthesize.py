"""``perturb synthesize``: proven training examples as JSON Lines, and a card that says what is in them."""

from __future__ import annotations

import argparse
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

import orjson

from perturb.campaign.plan import Selection, chosen_operators
from perturb.cli import output
from perturb.core.errors import UserError
from perturb.core.files import write_atomic
from perturb.core.registry import SCAFFOLDS, find
from perturb.synthesis.card import Card
from perturb.synthesis.decisions import decisions
from perturb.synthesis.examples import Left, examples, row


def main(options: argparse.Namespace) -> int:
    """Stream the examples to the file; write the card beside it."""
    output.register(options.load)
    if not 0 <= options.unperturbed <= 1:
        raise UserError("--unperturbed: not between 0 and 1")
    scaffolds = [find(SCAFFOLDS, name, "scaffold").name for name in options.scaffold or ["bare"]]
    chosen = [operator.name for operator in chosen_operators(Selection(operators=tuple(options.operator)))]
    operators = [name for name in chosen if not any(fnmatchcase(name, glob) for glob in options.hold_out)]
    left, card, out = Left(), Card(), Path(options.out)
    cases = decisions(options.seed, held=options.held, fixed_names=options.fixed_names)
    made = islice(examples(cases, scaffolds, operators, options.unperturbed, options.seed, left), options.number)
    try:
        with out.open("wb") as file, output.progress_bar("examples") as progress:
            for example in made:
                line = orjson.dumps(row(example, options.format)) + b"\n"
                file.write(line)
                card.count(example, line)
                progress(1)
    except OSError as error:
        raise UserError(f"{out}: {error.strerror}") from error
    settings = {
        "seed": options.seed,
        "scaffolds": scaffolds,
        "operators": operators,
        "held_out_operators": sorted(set(chosen) - set(operators)),
        "unperturbed": options.unperturbed,
        "fixed_names": options.fixed_names,
        "held": options.held,
        "format": options.format,
    }
    found = card.as_json(settings, left)
    write_atomic(out.with_suffix(".card.json"), orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
    if options.json:
        output.emit_json(found)
    else:
        output.emit(f"{found['examples']} examples in {out}; what is in them: {out.with_suffix('.card.json')}")
    return 0
