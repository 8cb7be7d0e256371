"""``perturb show``: one record of a run, as a person needs it."""

from __future__ import annotations

import argparse
from pathlib import Path

from perturb.campaign.folder import read_manifest
from perturb.campaign.journal import Records
from perturb.cli import again, output
from perturb.cli.run import say_damage
from perturb.core.errors import UserError
from perturb.report.detail import detail, text


def main(options: argparse.Namespace) -> int:
    """Find it, rebuild its case from the recipe, print what changed."""
    folder = Path(options.run) if options.run else newest(Path("runs"))
    manifest = read_manifest(folder)
    again.register(folder, manifest, options.load, needed=False)
    records = Records(folder)
    say_damage(records.damage)
    record = records.get(options.id)
    if record is None:
        raise UserError(f"{folder}: no record {options.id!r} (ids are in {folder}/journal.jsonl and the report)")
    found = detail(record, manifest)
    if options.json:
        output.emit_json(found)
    else:
        output.emit(output.printable(text(found)))
    return 0


def newest(parent: Path) -> Path:
    """The run in `parent` that was started last."""
    runs = [p for p in parent.glob("*") if (p / "run.json").is_file()] if parent.is_dir() else []
    if not runs:
        raise UserError("no run in runs/; name one with --run DIR")
    return max(runs, key=lambda path: (path / "run.json").stat().st_mtime)
