"""``perturb prompt`` and ``perturb parse``: M2's wire format, line by line."""

from __future__ import annotations

import argparse
from pathlib import Path

from perturb.cli import output, wire_commands


def main(options: argparse.Namespace) -> int:
    """One JSON object a line."""
    lines = wire_commands.prompt_lines if options.verb == "prompt" else wire_commands.parse_lines
    for line in lines(Path(options.file)):
        output.emit_json(line)
    return 0
