"""``perturb shrink ID``: the smallest recipe that still fails, found with the model that the run was made on."""

from __future__ import annotations

import argparse

from perturb.campaign.decision import decide
from perturb.cli import output
from perturb.cli.replay import opened
from perturb.core.errors import UserError
from perturb.operators import recipe
from perturb.report.difference import difference
from perturb.scaffolding.render import prompt_text
from perturb.search.minimise import minimise


def main(options: argparse.Namespace) -> int:
    """Replay the failure, shrink it, print the minimum and how to replay that."""
    if options.at_least > options.samples:
        raise UserError("--at-least cannot be more than --samples")
    run = opened(options)
    failed = decide(run.answers, [run.item])[0]
    if not failed.hurt:
        state = "is right" if failed.perturbed.verdict.joint else "is wrong, but so is its base"
        raise UserError(f"{run.item.id}: nothing to shrink: the answer {state}")
    found = minimise(run.answers, failed, options.samples, options.at_least)
    item = found.decision.perturbed.item
    facts = {
        "id": item.id,
        "recipe": item.recipe,
        "outcome": found.decision.perturbed.outcome,
        "reason": found.decision.perturbed.verdict.reason,
        "steps": {"before": len(recipe.of(run.item.case)), "after": len(recipe.of(item.case))},
        "batches": found.batches,
        "difference": difference(prompt_text(item.base), prompt_text(item.case)),
        "replay": f"perturb replay '{item.id}' --run {run.folder}",
        "simulated": run.simulated,
    }
    if options.json:
        output.emit_json(facts)
        return 0
    output.emit(output.printable(f"{facts['difference']}\n\n{facts['outcome']}: {facts['reason']}"))
    output.emit(f"minimal: {item.recipe}\nreplay:  {facts['replay']}")
    output.say(f"{found.batches} batches of requests")
    return 0
