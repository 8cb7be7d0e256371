"""``perturb doctor``: what is here, and what to run."""

from __future__ import annotations

import argparse

from perturb.cli import output
from perturb.engines import hardware as doctor


def main(options: argparse.Namespace) -> int:
    """Print the findings."""
    found = doctor.report()
    if options.json:
        output.emit_json(found)
    else:
        output.emit(doctor.text(found))
    return 0
