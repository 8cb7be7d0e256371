"""Programs that cannot run here (test runners, builds): what a fixture says they answer, by the state of the files.

A recording is a text, an object ``{stdout, stderr, exit_code}``, or a list of those with conditions: the first whose
``while`` holds is the answer. An answer may be computed instead: ``run`` is a line that the sandbox runs.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from perturb.core.patterns import compile_pattern
from perturb.core.values import Json, World
from perturb.world.builtins import Asked, Said, builtin
from perturb.world.disk import read
from perturb.world.invocations import Invocation, invocation

# What the command says where nothing is recorded for its words; no program ends with it.
NOTHING = 253


def programs(world: World) -> list[str]:
    """The names of the programs that a world has recordings of."""
    found = {invocation(key).program for key in world.python if "\n" not in key}
    return sorted(name for name in found if name and "/" not in name)


def exact(world: World, line: str) -> Json:
    """The recording of exactly this line, if there is one."""
    return world.python.get(line.strip())


def answer(recorded: Json, text: Callable[[str], str | None], rerun: Callable[[str], Said]) -> Said | None:
    """What a recording says in a state: `text` gives a file's text, `rerun` runs a line on the files."""
    for one in recorded if isinstance(recorded, list) else [recorded]:
        if isinstance(one, str):
            return Said(one)
        if all(_holds(condition, text, rerun) for condition in _listed(one.get("while"))):
            said = Said(str(one.get("stdout", "")), str(one.get("stderr", "")), int(one.get("exit_code", 0)))
            if "run" not in one:
                return said
            ran = rerun(str(one["run"]))
            return Said(said.stdout + ran.stdout, said.stderr + ran.stderr, ran.exit_code)
    return None


def _listed(value: Json) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _holds(condition: Mapping[str, Any], text: Callable[[str], str | None], rerun: Callable[[str], Said]) -> bool:
    """Whether a condition on a file, or on what a line in the sandbox says, holds."""
    if "passes" in condition and rerun(str(condition["passes"])).exit_code != 0:
        return False
    if "file" not in condition:
        return True
    found = text(str(condition["file"]))
    if "exists" in condition:
        return (found is not None) is bool(condition["exists"])
    if found is None:
        return False
    return bool(
        all(part in found for part in _listed(condition.get("contains")))
        and not any(part in found for part in _listed(condition.get("lacks")))
        and all(compile_pattern(str(part)).search(found) for part in _listed(condition.get("matches")))
    )


@builtin("__recorded")
def recorded(asked: Asked) -> Said:
    """The answer of the recording that these words ask for; :data:`NOTHING` where there is none."""
    world = asked.world
    wanted = invocation(shlex.join(asked.words), asked.text, asked.cwd)
    if wanted.program == "pytest" and _missing(asked, wanted):
        return _refusal(asked, wanted)
    keys = [key for key in world.python if "\n" not in key]
    for key in sorted(keys, key=lambda key: -wanted.likeness(invocation(key, asked.text, asked.world.cwd))):
        if wanted.likeness(invocation(key, asked.text, asked.world.cwd)) <= 0:
            break
        said = answer(world.python[key], asked.text, lambda line: _rerun(asked, line))
        if said is not None:
            return said
    return _refusal(asked, wanted)


def _rerun(asked: Asked, line: str) -> Said:
    """Run a line on the files as they are now, in a sandbox of its own, without recordings."""
    disk = read(asked.fs, asked.world)
    files = {path: content.decode("utf-8", "replace") for path, content in disk.files.items()}
    return asked.session.rerun(replace(asked.world, files=files, python={}), line)


def _missing(asked: Asked, wanted: Invocation) -> list[str]:
    return [path for path in wanted.operands if not asked.exists(asked.absolute(path.split("::")[0]))]


def _refusal(asked: Asked, wanted: Invocation) -> Said:
    """What a program that is there says to words that nothing is recorded for."""
    program = wanted.program
    if program not in programs(asked.world) or program in ("python3", "sh", "bash"):
        return Said("", "", NOTHING)
    if program == "pytest":
        missing = _missing(asked, wanted)
        if missing:
            return Said("\nno tests ran in 0.00s\n", f"ERROR: file or directory not found: {missing[0]}\n\n", 4)
        return Said("\nno tests ran in 0.00s\n", "", 5)
    if program == "make":
        target = next(iter(wanted.operands), "")
        if not target:
            return Said("", "make: *** No targets specified and no makefile found.  Stop.\n", 2)
        return Said("", f"make: *** No rule to make target '{target}'.  Stop.\n", 2)
    if program == "npm":
        script = (wanted.operands[-1:] or ("",))[0]
        return Said("", f'npm error Missing script: "{script}"\n', 1)
    return Said("", f"{program}: '{' '.join(wanted.operands)}' is not available here\n", 1)
