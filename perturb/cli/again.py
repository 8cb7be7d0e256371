"""What a folder may ask for only when a person asks for it too: code to load, a server to send requests to.

A run's folder can come from anybody. It says which modules and which server its run used; nothing of that is run or
asked until the command line names it again.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from perturb.campaign.model import REACH_FIELDS
from perturb.cli import output
from perturb.core.errors import UserError
from perturb.core.plain import printable


def register(folder: Path, manifest: dict[str, Any], load: list[str], *, needed: bool) -> None:
    """Load what ships and the modules that were named. Says which modules of the run were not named.

    With `needed` that is an error: without its own operators and scorers a run cannot be gone on with or judged.
    """
    output.register(load)
    named = {Path(file).name for file in load}
    left = [file for file in manifest["load"] if Path(file).name not in named]
    if not left:
        return
    again = " ".join(f"--load {file}" for file in left)
    said = printable(
        f"{folder}: its run loaded {', '.join(left)}; code that a folder names is not run by itself. If you trust it, "
        f"name it again: {again}"
    )
    if needed:
        raise UserError(said)
    output.say(f"perturb: {said}")


def settings(folder: Path, manifest: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """How the run's model was asked. Raises UserError when that was on a server which the options do not name.

    Requests, and the key in the environment, go to the server of the command line and to no other.
    """
    engine = manifest["engine"]
    urls = " ".join(f"--base-url {url}" for url in engine["base_url"])
    if urls and not options.base_url:
        raise UserError(
            printable(
                f"{folder}: was run on a server; requests and your key go only to a server that you name: "
                f"add {urls} if you trust it"
            )
        )
    if options.base_url and not urls:
        raise UserError(f"{folder}: was not run on a server; leave --base-url out")
    asked = {**engine, **manifest["sampling"], "seed": manifest["selection"]["seed"]}
    # How a server is reached is no part of what a run is, and its secrets are recorded nowhere.
    return {**asked, **{name: getattr(options, name) for name in REACH_FIELDS}}
