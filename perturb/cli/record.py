"""``perturb record``: stand between an agent and its model's server, and write their conversations down."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

from perturb.cli import output
from perturb.recordings.recorded import Recorded
from perturb.recordings.recorder import Recorder


def main(options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; then say how much was recorded."""
    recorded = Recorded(Path(options.out))
    before = len(recorded)
    try:
        asyncio.run(_serve(options, Recorder(options.upstream, recorded, output.say)))
    finally:
        recorded.close()
    made = {"file": options.out, "conversations": len(recorded), "answers": recorded.answers}
    if options.json:
        output.emit_json(made)
    output.say(
        f"{options.out}: {len(recorded)} conversations ({len(recorded) - before} new), {recorded.answers} answers"
    )
    return 0


async def _serve(options: argparse.Namespace, recorder: Recorder) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def ready(port: int) -> None:
        base = f"http://{options.host}:{port}"
        output.say(f"recording {recorder.origin}{recorder.path} to {options.out}; stop with Ctrl-C")
        output.say(f"point the agent at {base}{recorder.path} (OPENAI_BASE_URL, or ANTHROPIC_BASE_URL={base})")

    await recorder.serve(options.host, options.port, ready, stop)
