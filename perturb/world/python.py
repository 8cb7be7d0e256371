"""A Python snippet done in the world: a recorded answer, or the sandbox's embedded interpreter."""

from __future__ import annotations

import re

from perturb.core.values import Json, Result, World
from perturb.world import sandbox
from perturb.world.failure import WorldError
from perturb.world.python_source import ready

_MARK = "PERTURB_SNIPPET"


def run(world: World, args: dict[str, Json]) -> tuple[World, Result]:
    """Run a snippet; the value of a last bare expression is printed, as a notebook does."""
    code = args["code"]
    if not isinstance(code, str):
        raise WorldError("bad_argument", "code is not text")
    recorded = world.python.get(code.strip())
    if isinstance(recorded, str | dict):
        text = recorded if isinstance(recorded, str) else str(recorded.get("stdout", ""))
        return world, Result("python", {"stdout": text, "error": ""})
    if _MARK in code:
        raise WorldError("bad_argument", "code holds the mark of its own end")
    done = sandbox.run(world, f"command python3 - <<'{_MARK}'\n{ready(code, world, world.files.get)}\n{_MARK}")
    return done.world, Result("python", {"stdout": done.stdout, "error": _error(done.stderr, done.exit_code)})


def _error(stderr: str, exit_code: int) -> str:
    """The last line of a traceback, which names the error."""
    lines = [line for line in stderr.split("\n") if line.strip()]
    named = [line for line in lines if re.match(r"[A-Z]\w*(Error|Exit|Interrupt|Exception|Iteration)\b", line)]
    return (named or lines or [f"exit code {exit_code}"])[-1] if exit_code or lines else ""
