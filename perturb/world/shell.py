"""A shell over the emulated files: pipelines of a useful subset of commands, with exit codes and stderr."""

from __future__ import annotations

from dataclasses import replace

from perturb.core.values import Json, Result, World
from perturb.toolbox.codecs import absolute
from perturb.toolbox.shell_idioms import from_command
from perturb.world import files, shell_files  # noqa: F401 (registers its commands)
from perturb.world.failure import WorldError
from perturb.world.outcome import Outcome, UsageError
from perturb.world.shell_commands import COMMANDS
from perturb.world.shell_words import Pipeline, Simple, pipelines


def run(world: World, args: dict[str, Json]) -> tuple[World, Result]:
    """Run a command line. A directory change lasts for this command line only."""
    command = args["command"]
    if not isinstance(command, str):
        raise WorldError("bad_argument", "command is not text")
    recorded = world.python.get(command.strip())
    if recorded is not None:
        return world, recorded_result(recorded)
    home = world.cwd
    try:
        done = _lines(world, pipelines(command, {"HOME": world.home, "PWD": world.cwd, "USER": "dev"}))
    except WorldError as error:
        return world, _shell("", f"bash: {error.message}\n", 2)
    except UsageError as error:
        return world, _shell("", f"{error}\n", 2)
    return replace(done.world, cwd=home), _shell(done.stdout, done.stderr, done.exit_code)


def recorded_result(recorded: Json) -> Result:
    """A recorded command's result: its stdout as text, or an object with stderr and exit code too."""
    if isinstance(recorded, str):
        return _shell(recorded, "", 0)
    return _shell(recorded.get("stdout", ""), recorded.get("stderr", ""), int(recorded.get("exit_code", 0)))


def _shell(stdout: str, stderr: str, exit_code: int) -> Result:
    return Result("shell", {"stdout": stdout, "stderr": stderr, "exit_code": exit_code})


def _lines(world: World, lines: list[Pipeline]) -> Outcome:
    total = Outcome(world)
    for line in lines:
        skipped = (line.when == "&&" and total.exit_code != 0) or (line.when == "||" and total.exit_code == 0)
        if not skipped:
            one = _pipeline(total.world, line.commands)
            total = Outcome(one.world, total.stdout + one.stdout, total.stderr + one.stderr, one.exit_code)
    return total


def _pipeline(world: World, commands: list[Simple]) -> Outcome:
    stdin, errors, last = "", "", Outcome(world)
    for command in commands:
        last = _redirected(last.world, command, stdin)
        stdin, errors = last.stdout, errors + last.stderr
    return Outcome(last.world, last.stdout, errors, last.exit_code)


def _redirected(world: World, command: Simple, stdin: str) -> Outcome:
    if command.stdin is not None:
        stdin = command.stdin
    elif command.read_from and command.read_from != "/dev/null":
        try:
            stdin = files.text_of(world, absolute(command.read_from, world))
        except WorldError as error:
            return Outcome(world, "", f"bash: {error.message}\n", 1)
    done = _command(world, command.words, stdin)
    if command.merge_errors:
        done = replace(done, stdout=done.stdout + done.stderr, stderr="")
    if command.quiet_errors:
        done = replace(done, stderr="")
    if not command.write_to:
        return done
    if command.write_to == "/dev/null":
        return replace(done, stdout="")
    path = absolute(command.write_to, done.world)
    before = str(done.world.files.get(path, "")) if command.append else ""
    try:
        return replace(done, world=files.with_file(done.world, path, before + done.stdout), stdout="")
    except WorldError as error:
        return Outcome(done.world, "", f"bash: {error.message}\n", 1)


def _command(world: World, words: list[str], stdin: str) -> Outcome:
    if not words:
        return Outcome(world)
    recorded = world.python.get(" ".join(words))
    if recorded is not None:
        data = recorded_result(recorded).data
        return Outcome(world, data["stdout"], data["stderr"], data["exit_code"])
    if words[0] in ("python", "python3") and stdin:
        return _edit_script(world, stdin)
    function = COMMANDS.get(words[0])
    if function is None:
        return Outcome(world, "", f"bash: {words[0]}: command not found\n", 127)
    try:
        return function(world, words[1:], stdin)
    except WorldError as error:
        return Outcome(world, "", f"{words[0]}: {error.message}\n", 2 if words[0] == "grep" else 1)
    except UsageError as error:
        return Outcome(world, "", f"{words[0]}: {error}\n", 2)
    except (ValueError, IndexError) as error:
        return Outcome(world, "", f"{words[0]}: {error}\n", 2)


def _edit_script(world: World, script: str) -> Outcome:
    """The one Python script a shell understands here: replacing text in a file (see perturb.toolbox.shell_idioms)."""
    intent = from_command(f"python3 - <<'PERTURB_EOF'\n{script}PERTURB_EOF", world)
    if intent is None:
        return Outcome(world, "", "python3: this script is not recorded\n", 127)
    path, old = str(intent.args["path"]), str(intent.args["old"])
    try:
        text = files.text_of(world, path)
    except WorldError as error:
        return Outcome(world, "", f"FileNotFoundError: {error.message}\n", 1)
    count = -1 if intent.args.get("all") else 1
    return Outcome(files.with_file(world, path, text.replace(old, str(intent.args["new"]), count)))
