"""``perturb check``: the laws over everything registered."""

from __future__ import annotations

import argparse

from perturb.cli import output
from perturb.laws import check


def main(options: argparse.Namespace) -> int:
    """Print each breach with its smallest example; exit 1 when there is any."""
    output.register([*options.files, *options.load])
    with output.progress_bar("checks") as progress:
        breaches = check(everything=options.all, progress=progress)
    if options.json:
        output.emit_json([{"law": b.law, "name": b.name, "example": b.example, "detail": b.detail} for b in breaches])
    else:
        for breach in breaches:
            output.emit(output.printable(f"{breach.law}: {breach.name}: {breach.detail}\n  at {breach.example}"))
    output.say(f"{len(breaches)} breaches" if breaches else "every law holds")
    return 1 if breaches else 0
