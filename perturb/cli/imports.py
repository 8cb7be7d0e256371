"""``perturb import``: recorded conversations of any format in this project's own form; what was read, and what not."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from perturb.cli import output
from perturb.recordings.choosing import chosen_files
from perturb.recordings.loading import import_files, loaded
from perturb.recordings.tool_lists import read_toolset
from perturb.recordings.values import LeftOut

# Places that a run names of what it leaves out; an import names them all.
SHOWN = 3


def main(options: argparse.Namespace) -> int:
    """Write the recordings and cases; say which records were left out, and why."""
    output.register(options.load)
    done = []
    tools = read_toolset(Path(options.tools)) if options.tools else None
    for found in import_files([Path(file) for file in options.files], Path(options.out), options.format, tools):
        done.append(found)
        for one in found.left_out:
            output.say(output.printable(f"left out: {one.where}: {one.reason}"))
        read = ((found.recordings, "recording"), (found.cases, "case"))
        counts = ", ".join(_many(number, noun) for number, noun in read if number)
        output.say(f"{found.path}: {found.format}: {counts or 'nothing'} read, {len(found.left_out):,} left out")
        _say_unused(options.tools, found.named)
    if options.json:
        files = [
            {
                "file": one.path,
                "format": one.format,
                "recordings": one.recordings,
                "cases": one.cases,
                "left_out": [[row.where, row.reason] for row in one.left_out],
            }
            for one in done
        ]
        output.emit_json({"out": options.out, "files": files})
    return 0


def say_files(fixtures: Sequence[str], tools: str = "") -> None:
    """What the files among `fixtures` hold, how many of their steps can be asked, and why the others cannot."""
    for path in (path for name in fixtures for path in chosen_files(name)):
        found = loaded(path, tools)
        if not found.recordings:
            continue
        decisions = sum(len(episode.cases) for episode in found.episodes)
        output.say(
            f"{path}: {found.format}: {_many(found.recordings, 'recording')}, {_many(decisions, 'decision')} to ask"
        )
        _say_unused(tools, found.named)
        if found.inferred:
            output.say(
                f"  tools inferred from the calls in {found.inferred:,}: none are recorded; --tools FILE names them"
            )
        _say_left_out(found.left_out)


def _say_unused(tools: str, named: int) -> None:
    if tools and not named:
        output.say(f"  {tools} is not used: every recording holds its own tools")


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s'[: number != 1]}"


def _say_left_out(rows: Sequence[LeftOut]) -> None:
    """Reasons by how often they occur, each with a few of its places."""
    reasons = Counter(row.reason for row in rows)
    for reason, count in reasons.most_common():
        places = [row.where for row in rows if row.reason == reason][:SHOWN]
        more = f" and {count - SHOWN:,} more" if count > SHOWN else ""
        output.say(output.printable(f"  {count:,} left out: {reason} ({'; '.join(places)}{more})"))
