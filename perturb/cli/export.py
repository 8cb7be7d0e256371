"""``perturb export``: records, cells or failures of a run, for other tools."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from perturb.campaign.folder import JOURNAL
from perturb.cli import output, trajectories
from perturb.cli.analysis_options import TRAJECTORIES
from perturb.cli.compare import loaded
from perturb.core.errors import UserError
from perturb.core.files import write_atomic
from perturb.core.reading import is_folder
from perturb.report.export import cell_rows, failure_rows, inspect_log, record_rows, written


def main(options: argparse.Namespace) -> int:
    """Write one file. Raises UserError when the format cannot hold what is wanted."""
    folder, path = Path(options.dir), Path(options.out)
    if options.format in TRAJECTORIES or (options.format == "inspect" and not is_folder(folder)):
        return trajectories.main(options)
    manifest, records, summary = loaded(folder, options)
    if options.format == "inspect":
        if options.what != "records":
            raise UserError("an Inspect log holds records; leave --what out")
        # When the answers came, so that the same run gives the same file.
        created = datetime.fromtimestamp(int((folder / JOURNAL).stat().st_mtime), UTC).isoformat()
        data = inspect_log(records, manifest, created)
    elif options.what == "cells":
        data = written(cell_rows(summary), options.format)
    else:
        data = written((record_rows if options.what == "records" else failure_rows)(records), options.format)
    write_atomic(path, data)
    output.say(f"{options.what}: {path}")
    return 0
