"""``perturb checkpoint``: a small random model with M2's architecture, to try the real engine on a CPU."""

from __future__ import annotations

import argparse
from pathlib import Path

from perturb.cli import output
from perturb.formats.m2.checkpoint import build


def main(options: argparse.Namespace) -> int:
    """Write it."""
    build(Path(options.dir), seed=options.seed)
    output.say(f"{options.dir}: random weights in M2's architecture; its answers mean nothing")
    return 0
