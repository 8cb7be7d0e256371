"""Programs that cannot run here (test runners, builds): what a fixture says they answer, by the state of the files.

A recording is a text, an object ``{stdout, stderr, exit_code}``, or a list of those with conditions: the first whose
``while`` holds is the answer. An answer may be computed instead: ``run`` is a line that the sandbox runs. What a build
makes is in ``writes``, file by file.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from perturb.core.patterns import compile_pattern
from perturb.core.values import Json, World
from perturb.world.builtins import Asked, Said, builtin
from perturb.world.disk import read
from perturb.world.invocations import Invocation, invocation
from perturb.world.selection import covers, selected, tests

# What the command says where nothing is recorded for its words; no program ends with it.
NOTHING = 253


def programs(world: World) -> list[str]:
    """The names of the programs that a world has recordings of."""
    found = {invocation(key).program for key in world.python if "\n" not in key}
    return sorted(name for name in found if name and "/" not in name)


def exact(world: World, line: str) -> Json:
    """The recording of exactly this line, if there is one."""
    return world.python.get(line.strip())


Rerun = Callable[[str], Said]


def chosen(recorded: Json, text: Callable[[str], str | None], rerun: Rerun) -> Json:
    """The answer of a recording that holds in a state: `text` gives a file's text, `rerun` runs a line on the files."""
    for one in _listed(recorded):
        if isinstance(one, str) or all(_holds(condition, text, rerun) for condition in _listed(one.get("while"))):
            return one
    return None


def writes(one: Json) -> dict[str, str]:
    """The files that an answer says are written, by path."""
    return {} if isinstance(one, str) else {str(path): str(text) for path, text in one.get("writes", {}).items()}


def answer(one: Json, rerun: Rerun) -> Said:
    """What a chosen answer prints, and its exit code."""
    if isinstance(one, str):
        return Said(one)
    said = Said(str(one.get("stdout", "")), str(one.get("stderr", "")), int(one.get("exit_code", 0)))
    if "run" not in one:
        return said
    ran = rerun(str(one["run"]))
    return Said(said.stdout + ran.stdout, said.stderr + ran.stderr, ran.exit_code)


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
    wanted = invocation(shlex.join(asked.words), asked.text, asked.cwd)
    if wanted.program == "make" and len(wanted.operands) > 1:
        return _one_by_one(asked, wanted)
    keys = {key: invocation(key, asked.text, asked.world.cwd) for key in asked.world.python if "\n" not in key}
    if wanted.program == "pytest":
        return _tested(asked, wanted, {key: one for key, one in keys.items() if one.program == "pytest"})
    for key, one in keys.items():
        said = _answered(asked, key) if one == wanted else None
        if said is not None:
            return said
    return _of_everything(asked, wanted, keys) or _refusal(asked, wanted)


def _answered(asked: Asked, key: str) -> Said | None:
    """What a recording says now; what it writes is there afterwards."""
    one = chosen(asked.world.python[key], asked.text, lambda line: _rerun(asked, line))
    if one is None:
        return None
    for path, text in writes(one).items():
        asked.fs.mkdir(posixpath.dirname(path), recursive=True)
        asked.fs.write_file(path, text.encode())
    return answer(one, lambda line: _rerun(asked, line))


def _one_by_one(asked: Asked, wanted: Invocation) -> Said:
    """Several targets, one after the other until one fails."""
    out = Said()
    options = sorted(wanted.options)
    for target in wanted.operands:
        said = recorded(replace(asked, words=("make", target, *options)))
        out = Said(out.stdout + said.stdout, out.stderr + said.stderr, said.exit_code)
        if said.exit_code:
            break
    return out


def _tested(asked: Asked, wanted: Invocation, keys: dict[str, Invocation]) -> Said:
    """A call of pytest: the recording that runs the same tests, else one of some of them, else a part of a whole."""
    missing = [path for path in wanted.operands if not asked.exists(asked.absolute(path.split("::")[0]))]
    if missing and keys:
        return Said("\nno tests ran in 0.00s\n", f"ERROR: file or directory not found: {missing[0]}\n\n", 4)
    every = tests(asked.world.files, asked.text, asked.world.cwd)
    mine = selected(wanted, every)
    if mine is None or not keys:
        return _refusal(asked, wanted)
    if every and not mine:
        return Said("\nno tests ran in 0.00s\n", "", 5)
    theirs = {key: selected(one, every) for key, one in keys.items() if one.options == wanted.options}
    for key, found in theirs.items():
        same = found == mine if every else covers(keys[key], wanted) and covers(wanted, keys[key])
        if same and (said := _answered(asked, key)):
            return said
    for key, found in theirs.items():
        wider = found is not None and found < mine if every else covers(wanted, keys[key])
        if wider and (said := _answered(asked, key)):
            return said
    for key, found in theirs.items():
        said = _answered(asked, key) if found is not None and mine < found else None
        if said is not None and (part := _part(said, mine)):
            return part
    return _refusal(asked, wanted)


def _part(said: Said, mine: frozenset[str]) -> Said | None:
    """What some of the tests of a recorded run say; None where the run does not tell which of its tests failed."""
    rows = [row for row in said.stdout.splitlines(keepends=True) if row.startswith("FAILED ")]
    if said.exit_code and not rows:
        return None
    failed = [row for row in rows if re.split(r"[\s\[]", row)[1] in mine]
    passed = len(mine) - len({re.split(r"[\s\[]", row)[1] for row in failed})
    counts = [f"{len(failed)} failed"] * bool(failed) + [f"{passed} passed"] * bool(passed)
    return Said("".join([*failed, ", ".join(counts), " in 0.01s\n"]), "", int(bool(failed)))


def _of_everything(asked: Asked, wanted: Invocation, keys: dict[str, Invocation]) -> Said | None:
    """A check of one Go package, where the check of all of them is silent: then this one is silent too."""
    verb = wanted.operands[:1]
    whole = next((key for key, one in keys.items() if one == Invocation("go", (*verb, "./..."), wanted.options)), None)
    said = _answered(asked, whole) if whole and wanted.program == "go" else None
    return said if said == Said() else None


def _rerun(asked: Asked, line: str) -> Said:
    """Run a line on the files as they are now, in a sandbox of its own, without recordings."""
    disk = read(asked.fs, asked.world)
    files = {path: content.decode("utf-8", "replace") for path, content in disk.files.items()}
    return asked.session.rerun(replace(asked.world, files=files, python={}), line)


# What is said of a call that the program would know and nothing is recorded of: nobody can tell what it would do.
NOT_HERE = "is not available here"
_VERBS = {
    "cargo": "add bench build check clean clippy doc fetch fix fmt install metadata run test tree update".split(),
    "go": "build doc env fmt generate get install list mod run test tool version vet".split(),
    "docker": "build compose exec images info inspect logs ps pull run start stop version".split(),
}


def _refusal(asked: Asked, wanted: Invocation) -> Said:
    """What a program that is there says to words that nothing is recorded for."""
    program, first = wanted.program, next(iter(wanted.operands), "")
    if program not in programs(asked.world) or program in ("python3", "sh", "bash"):
        return Said("", "", NOTHING)
    if program == "make" and not first:
        return Said("", "make: *** No targets specified and no makefile found.  Stop.\n", 2)
    if program == "make" and not (wanted.options or _has_rule(asked, first)):
        return Said("", f"make: *** No rule to make target '{first}'.  Stop.\n", 2)
    if program == "npm" and f'"{first}"' not in (asked.text(asked.absolute("package.json")) or "") and first != "test":
        return Said("", f'npm error Missing script: "{first}"\n', 1)
    if program in _VERBS and first not in _VERBS[program]:
        return Said("", f"{program}: unknown command: {first}\n", 2)
    words = " ".join((*wanted.operands, *sorted(wanted.options)))
    if _another(wanted, [invocation(key, asked.text, asked.world.cwd) for key in asked.world.python]):
        return Said("", f"{program}: '{words}' is something else\n", 1)
    return Said("", f"{program}: '{words}' {NOT_HERE}\n", 1)


def _another(wanted: Invocation, recorded: list[Invocation]) -> bool:
    """Whether a call names more than a recorded one, or another value: whatever it does, it is not that run."""
    flags = {option for option in wanted.options if option.startswith("-")}
    return any(
        one.program == wanted.program
        and one.operands == wanted.operands[: len(one.operands)]
        and flags == {option for option in one.options if option.startswith("-")}
        and one != wanted
        for one in recorded
    )


def _has_rule(asked: Asked, target: str) -> bool:
    """Whether a Makefile says how a target is made."""
    text = "\n".join(asked.text(asked.absolute(name)) or "" for name in ("GNUmakefile", "makefile", "Makefile"))
    rule = rf"^(?:[^\n:=\t]*\s)?{re.escape(target)}(?:\s[^\n:=]*)?:(?!=)"
    return re.search(rule, text, re.MULTILINE) is not None
