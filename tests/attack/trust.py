"""What a folder may not do by itself: run a module that it names, or have requests and a key sent to its server."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.attack import Row
from tests.attack._command import RUN, SMALL, Done, command, process
from tests.loopback import Server, ok, serving

RECORD = "cli-csv-count@4/mini_agent#0"
READERS = (("show", RECORD, "--run", "DIR"), ("report", "DIR"))
# These cannot do without what the folder names.
DOERS = (
    ("score", "DIR"),
    ("resume", "DIR"),
    ("resume", "DIR", "--restart"),
    ("resume", "DIR", "--keep-old"),
    ("replay", RECORD, "--run", "DIR"),
    ("shrink", RECORD, "--run", "DIR"),
)
KEY = "sk-attack-0123456789abcdef"


def edited(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest as a stranger would have."""
    manifest = json.loads((folder / "run.json").read_text())
    edit(manifest)
    (folder / "run.json").write_text(json.dumps(manifest))


def module_runs_only_when_named(place: Path, whole: Path) -> Row:
    """A module that would leave a mark, named by the folder."""
    mark, module = place / "mark", place / "theirs.py"
    module.write_text(f"from pathlib import Path\nPath({str(mark)!r}).write_text('run')\n")
    said = []
    for arguments in (*READERS, *DOERS):
        folder = place / "run"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, folder)
        edited(folder, lambda manifest: manifest.update(load=[str(module)]))
        mark.unlink(missing_ok=True)
        asked = [argument.replace("DIR", str(folder)) for argument in arguments]
        done = command(*asked)
        right = done.code == 0 if arguments in READERS else done.one_line(2)
        if mark.exists() or not right or f"--load {module}" not in done.err:
            said.append(f"{arguments[0]}: exit {done.code}: {done.err[-200:]}")
            continue
        process(*asked, "--load", str(module))
        said.append("" if mark.exists() else f"{arguments[0]} --load did not run the module")
    return _row("a module that a folder names", said)


def server_asked_only_when_named(place: Path, server: Server, other: Server) -> Row:
    """A folder whose server was exchanged for a stranger's: no request, no key."""
    whole = place / "served"
    made = process("run", "--base-url", server.url, *SMALL, "--out", str(whole), env={"PERTURB_API_KEY": KEY})
    said = [] if made.code == 0 else [f"the run itself: exit {made.code}: {made.err[-200:]}"]
    for arguments in (*READERS, *DOERS):
        folder = place / "run"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, folder)
        edited(folder, lambda manifest: manifest["engine"].update(base_url=[other.url]))
        before = len(server.asked)
        done = process(*(a.replace("DIR", str(folder)) for a in arguments), env={"PERTURB_API_KEY": KEY})
        offline = arguments in READERS or arguments[0] == "score"
        right = done.code == 0 if offline else done.one_line(2, f"--base-url {other.url}")
        quiet = not other.asked and not other.gets and len(server.asked) == before
        said.append("" if right and quiet and KEY not in done.err + done.out else _told(arguments, done))
    named = process("resume", str(place / "run"), "--base-url", server.url, "--restart", env={"PERTURB_API_KEY": KEY})
    said.append("" if named.code == 0 and not other.asked else _told(("resume --base-url",), named))
    return _row("a server that a folder names", said)


def model_loaded_only_when_named(place: Path, whole: Path) -> Row:
    """A folder that names a model of a hub, whose code it wants to be run."""
    said = []
    argument = "trust_remote_code=true"
    edit = {"model": "someone/else", "agent": "", "engine_args": [argument]}
    named = (("--model", "someone/else"), ("--engine-arg", argument))
    for arguments in (*READERS, *DOERS):
        folder = place / "run"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, folder)
        edited(folder, lambda manifest: manifest["engine"].update(edit))
        asked = [a.replace("DIR", str(folder)) for a in arguments]
        if arguments in READERS or arguments[0] == "score":
            done = command(*asked)
            said.append("" if done.code == 0 else _told(arguments, done))
            continue
        for given, wanted in (((), named), (named[:1], named[1:]), (named[1:], named[:1])):
            done = command(*asked, *(word for option in given for word in option))
            right = done.one_line(2, *(" ".join(option) for option in wanted))
            said.append("" if right else _told(arguments, done))
    return _row("a model, or code with it, that a folder names", said)


def _told(arguments: tuple[str, ...], done: Done) -> str:
    return f"{arguments[0]}: exit {done.code}: {done.err[-300:]}"


def _row(name: str, said: list[str]) -> Row:
    wrong = [one for one in said if one]
    return Row(name, len(said), len(said) - len(wrong), wrong[0] if wrong else "")


def attack() -> Iterator[Row]:
    """Every command."""
    with tempfile.TemporaryDirectory() as made, serving() as server, serving() as other:
        place = Path(made)
        server.reply = other.reply = lambda *_: ok({"content": "I would rather not."})
        assert command(*RUN, "--out", str(place / "whole")).code == 0
        yield module_runs_only_when_named(place, place / "whole")
        yield model_loaded_only_when_named(place, place / "whole")
        yield server_asked_only_when_named(place, server, other)
