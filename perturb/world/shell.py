"""A command line done in the world."""

from __future__ import annotations

from dataclasses import replace

from perturb.core.values import Json, Result, World
from perturb.world import sandbox
from perturb.world.builtins import Said
from perturb.world.failure import WorldError
from perturb.world.recordings import answer, chosen, exact, writes


def run(world: World, args: dict[str, Json]) -> tuple[World, Result]:
    """Run a command line. A directory change lasts for this command line only."""
    command = args["command"]
    if not isinstance(command, str):
        raise WorldError("bad_argument", "command is not text")
    one = chosen(exact(world, command), lambda path: _text(world, path), lambda line: _rerun(world, line))
    if one is not None:
        said = answer(one, lambda line: _rerun(world, line))
        after = replace(world, files={**world.files, **made}) if (made := writes(one)) else world
        return after, _result(said.stdout, said.stderr, said.exit_code)
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
