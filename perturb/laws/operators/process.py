"""Another process, with another hash seed, clock, folder, locale and time zone, makes the same cases.

Run as a module it is that other process: jobs come in as JSON, digests go out.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from perturb.core.canonical import digest
from perturb.core.draw import nearest
from perturb.core.errors import UserError
from perturb.core.registry import OPERATORS, SCAFFOLDS, Operator, load_builtin, load_file
from perturb.laws.breach import Breach
from perturb.laws.operators.applied import Applied
from perturb.laws.operators.trying import attempt, watching
from perturb.scaffolding.binding import bind
from perturb.trajectories.loading import load_all

# Of each operator this many applications are made again.
JOBS = 8
# Two of them, so that an order that comes out the same by luck does not stay so.
SEEDS = ("11", "4242")
_TIMEOUT = 300
_PACKAGE = Path(__file__).parents[2]


def process_breaches(
    tried: Sequence[tuple[Operator, Sequence[Applied]]], modules: Sequence[str] = ()
) -> Iterator[Breach]:
    """Breaches over operators and applications of theirs to shipped cases.

    `modules` are the files that register operators; without them each operator's own file is loaded.
    """
    jobs = [(one, job) for _, applied in tried for one in applied[:JOBS] if (job := _job(one))]
    files = modules or sorted({file for operator, _ in tried if (file := source(operator))})
    said: set[str] = set()
    for seed in SEEDS if jobs else ():
        answers = _elsewhere({"modules": list(files), "jobs": [job for _, job in jobs]}, seed)
        for (one, _), answer in zip(jobs, answers, strict=True):
            name = one.operator.name
            if answer != digest(one.out) and name not in said:
                said.add(name)
                why = answer if answer.startswith("raised") or "not" in answer else "it made another case there"
                yield Breach("another process", name, one.example, why)


def _job(applied: Applied) -> dict[str, Any] | None:
    if applied.case.lineage:
        return None
    return {
        "operator": applied.operator.name,
        "case": applied.case.id,
        "scaffold": applied.case.scaffold,
        "choices": applied.choices,
    }


@cache
def source(operator: Operator) -> str | None:
    """The file of an operator that does not ship, or None. Raises nothing: what has no file cannot be loaded again."""
    try:
        found = inspect.getsourcefile(inspect.unwrap(operator.perturb))
    except TypeError:
        return None
    return None if found is None or _PACKAGE in Path(found).resolve().parents else found


def _elsewhere(task: dict[str, Any], seed: str) -> list[str]:
    """The digests another process comes to. Raises UserError when it comes to none."""
    path = os.pathsep.join([str(_PACKAGE.parent), *filter(None, sys.path)])
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": path,
            "TZ": "Pacific/Kiritimati" if seed == SEEDS[0] else "America/Adak",
            "LC_ALL": "C",
            "LANG": "C",
            "HOME": folder,
            "USER": f"user{seed}",
        }
        task = {**task, "modules": [str(Path(m).resolve()) for m in task["modules"]]}
        command = [sys.executable, "-m", "perturb.laws.operators.process"]
        try:
            done = subprocess.run(
                command,
                input=json.dumps(task),
                capture_output=True,
                text=True,
                cwd=folder,
                env=environment,
                timeout=_TIMEOUT,
            )
        except subprocess.TimeoutExpired as error:
            raise UserError(f"another process did not end within {_TIMEOUT} s") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise UserError(f"another process could not check the operators: {last}")
    answers = json.loads(done.stdout.splitlines()[-1])
    return [str(answer) for answer in answers]


def main() -> None:
    """Do the jobs that stand on stdin; write what each came to."""
    task = json.loads(sys.stdin.read())
    load_builtin()
    _another_day()
    for module in task["modules"]:
        load_file(Path(module))
    cases = {case.id: case for episode in load_all() for case in episode.cases}
    answers = [_answer(job, cases) for job in task["jobs"]]
    sys.stdout.write(json.dumps(answers) + "\n")


def _answer(job: dict[str, Any], cases: dict[str, Any]) -> str:
    operator = OPERATORS.get(job["operator"])
    if operator is None:
        return "it is not registered when its file is loaded alone"
    case = bind(cases[job["case"]], SCAFFOLDS[job["scaffold"]])
    if case is None:
        return "its case is not there"
    watched, _ = watching(nearest(job["choices"]))
    breach, out = attempt(operator, case, watched)
    if breach is not None:
        return f"raised there: {breach.detail}"
    if out is None:
        return "it does not apply there"
    return (
        digest(out) if watched.taken == list(job["choices"]) else "it made other choices there, not the recorded ones"
    )


def _another_day() -> None:
    """Move the clock: what reads the date reads another one."""
    import datetime
    import time

    shift = 400 * 86_400
    real, real_date = datetime.datetime, datetime.date
    now, now_ns = time.time, time.time_ns

    class Later(real):  # type: ignore[misc,valid-type]  # the class it stands for
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return real.now(tz) + datetime.timedelta(seconds=shift)

        @classmethod
        def utcnow(cls) -> Any:
            return real.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(seconds=shift)

        @classmethod
        def today(cls) -> Any:
            return cls.now()

    class LaterDate(real_date):  # type: ignore[misc,valid-type]  # the class it stands for
        @classmethod
        def today(cls) -> Any:
            return real_date.today() + datetime.timedelta(seconds=shift)

    datetime.datetime, datetime.date = Later, LaterDate  # type: ignore[misc]  # for the operators that are loaded next
    localtime, gmtime, strftime = time.localtime, time.gmtime, time.strftime
    time.time, time.time_ns = lambda: now() + shift, lambda: now_ns() + shift * 10**9
    time.localtime = lambda secs=None: localtime(now() + shift if secs is None else secs)
    time.gmtime = lambda secs=None: gmtime(now() + shift if secs is None else secs)
    time.strftime = lambda form, t=None: strftime(form, time.localtime() if t is None else t)


if __name__ == "__main__":
    main()
