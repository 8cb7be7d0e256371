"""A command line done in the world."""

from __future__ import annotations

from perturb.core.values import Json, Result, World
from perturb.world import sandbox
from perturb.world.builtins import Said
from perturb.world.failure import WorldError
from perturb.world.recordings import answer, exact


def run(world: World, args: dict[str, Json]) -> tuple[World, Result]:
    """Run a command line. A directory change lasts for this command line only."""
    command = args["command"]
    if not isinstance(command, str):
        raise WorldError("bad_argument", "command is not text")
    recorded = exact(world, command)
    said = answer(recorded, lambda path: _text(world, path), lambda line: _rerun(world, line)) if recorded else None
    if said is not None:
        return world, _result(said.stdout, said.stderr, said.exit_code)
    done = sandbox.run(world, command)
    return done.world, _result(done.stdout, done.stderr, done.exit_code)


def _text(world: World, path: str) -> str | None:
    found = world.files.get(path)
    return None if found is None else str(found)


def _rerun(world: World, line: str) -> Said:
    done = sandbox.run(world, line)
    return Said(done.stdout, done.stderr, done.exit_code)


def _result(stdout: str, stderr: str, exit_code: int) -> Result:
    return Result("shell", {"stdout": stdout, "stderr": stderr, "exit_code": exit_code})
