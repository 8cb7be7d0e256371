"""``perturb prompt``, ``perturb parse`` and ``perturb grade``: JSON Lines in, one JSON object a line out."""

from __future__ import annotations

import argparse

from perturb.cli import output, wire_commands


def main(options: argparse.Namespace) -> int:
    """One JSON object a line, in order; 2 when a line of `parse` or `grade` could not be used."""
    with wire_commands.opened(options.file) as file:
        if options.verb == "prompt":
            lines = wire_commands.prompt_lines(file)
        elif options.verb == "parse":
            lines = wire_commands.parse_lines(file)
        else:
            lines = wire_commands.grade_lines(file, options.reading)
        unusable = False
        for line in lines:
            unusable |= "error" in line
            output.emit_json(line, verbatim=True)
    return 2 if unusable and options.verb != "prompt" else 0
