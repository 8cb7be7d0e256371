"""``perturb replay ID``: make one decision again from its name and ask the run's model again."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from perturb.campaign.answers import Answers, answers_for
from perturb.campaign.decision import decide, records
from perturb.campaign.folder import read_manifest
from perturb.campaign.model import connect, spec_of
from perturb.campaign.naming import item_of
from perturb.campaign.plan import Item, selection_of
from perturb.cli import again, output
from perturb.cli.show import newest
from perturb.core.errors import UserError
from perturb.report.detail import detail, text


@dataclass(frozen=True, slots=True)
class Opened:
    """A decision of a run and the model that the run was made on."""

    folder: Path
    item: Item
    answers: Answers
    simulated: bool


def opened(options: argparse.Namespace) -> Opened:
    """The decision that ``ID`` names, and the run's model. Raises UserError when either cannot be had."""
    folder = Path(options.run) if options.run else newest(Path("runs"))
    manifest = read_manifest(folder)
    again.register(folder, manifest, options.load, needed=True)
    chosen = selection_of(manifest)
    item = item_of(options.id, chosen.fixtures, chosen.tools)
    answerer, identity = connect(spec_of(again.settings(folder, manifest, options)))
    if identity != manifest["model"]:
        raise UserError(f"{folder}: was run on {manifest['model']['name']}, this is {identity['name']}")
    answers = answers_for(answerer, identity, patience=chosen.patience)
    return Opened(folder, item, answers, manifest["simulated"])


def main(options: argparse.Namespace) -> int:
    """Ask again and print what ``perturb show`` prints. Exit code 1 when the answer is wrong, 0 when it is right."""
    run = opened(options)
    decision = decide(run.answers, [run.item])[0]
    import orjson

    line = next(r for r in records([decision]) if r["id"] == run.item.id)
    found = detail(orjson.loads(orjson.dumps(line)), read_manifest(run.folder))
    if options.json:
        output.emit_json(found)
    else:
        output.emit(output.printable(text(found)))
    return 0 if decision.perturbed.verdict.joint else 1
