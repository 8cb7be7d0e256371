"""What a folder may ask for only when a person asks for it too: code to load, a server or a model to ask.

A run's folder can come from anybody. It says which modules, which server and which model its run used; nothing of that
is run, fetched or asked until the command line names it again.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from shlex import quote
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
    again = " ".join(f"--load {quote(file)}" for file in left)
    said = printable(
        f"{folder}: its run loaded {', '.join(left)}; code that a folder names is not run by itself. If you trust it, "
        f"name it again: {again}"
    )
    if needed:
        raise UserError(said)
    output.say(f"perturb: {said}")


def settings(folder: Path, manifest: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """How the run's model was asked. Raises UserError when that was by a server or a model that no option names.

    Requests, and the key in the environment, go to the server of the command line and to no other. A model is fetched
    and loaded only when it is named, and what a folder adds to vLLM's arguments (code that comes with a model, for one)
    only when that is.
    """
    engine = manifest["engine"]
    missing = _missing(engine, options)
    if missing:
        raise UserError(
            printable(
                f"{folder}: what its run asked is not asked again by itself: requests and your key go only to a server "
                f"or a model that you name. If you trust it, name it again: {' '.join(missing)}"
            )
        )
    if options.base_url and not engine["base_url"]:
        raise UserError(f"{folder}: was not run on a server; leave --base-url out")
    asked = {**engine, **manifest["sampling"], "seed": manifest["selection"]["seed"]}
    # How a server is reached is no part of what a run is, and its secrets are recorded nowhere.
    return {**asked, **{name: getattr(options, name) for name in REACH_FIELDS}}


def _missing(engine: dict[str, Any], options: argparse.Namespace) -> list[str]:
    """The options that would have to name again what `engine` names."""
    servers = [] if options.base_url else [f"--base-url {quote(url)}" for url in engine["base_url"]]
    model = engine["model"] or ""
    models = [f"--model {quote(model)}"] if model and options.model != model else []
    given, template = set(options.engine_args), engine.get("chat_template") or ""
    # A template is a file of this machine, whose text would go to the model.
    templates = [f"--chat-template {quote(template)}"] if template and options.chat_template != template else []
    return [
        *servers,
        *models,
        *templates,
        *(f"--engine-arg {quote(a)}" for a in engine.get("engine_args", ()) if a not in given),
    ]


def command(folder: Path, manifest: dict[str, Any]) -> str:
    """The command that goes on with a run, with all that it must name again."""
    nothing = argparse.Namespace(base_url=(), model="", engine_args=(), chat_template="")
    loaded = [f"--load {quote(file)}" for file in manifest["load"]]
    return " ".join(["perturb resume", quote(str(folder)), *loaded, *_missing(manifest["engine"], nothing)])
