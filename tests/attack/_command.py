"""The command line under attack: in this process (fast, faults can be planted) or as a process of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perturb.cli.main import main

ROOT = Path(__file__).parents[2]
# One decision in one scaffold under a few operators: a whole run in a fraction of a second.
FIXTURE = ROOT / "fixtures" / "cli" / "cli-csv-count.json"
SMALL = ("--fixture", str(FIXTURE), "--scaffold", "mini_agent", "--operator", "user.*", "--limit", "1")
RUN = ("run", "--agent", "perfect", *SMALL)


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended. A code of 99 is an exception that nobody caught."""

    code: int
    out: str
    err: str

    def one_line(self, code: int, *words: str) -> bool:
        """Whether it ended with `code` and exactly one line on stderr, with these words in it and no traceback."""
        lines = self.err.splitlines()
        return self.code == code and len(lines) == 1 and all(word in self.err for word in words)


def command(*arguments: str) -> Done:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(arguments)
        except BaseException:
            err.write(traceback.format_exc())
            code = 99
    return Done(code, out.getvalue(), err.getvalue())


def argv(*arguments: str) -> list[str]:
    """The same as a command of its own."""
    return [sys.executable, "-m", "perturb.cli.main", *arguments]


def process(*arguments: str, **more: Any) -> Done:
    """Run a command as a process."""
    settings: dict[str, Any] = {"cwd": ROOT, "capture_output": True, "text": True, "timeout": 120, "check": False}
    settings["env"] = {**os.environ, **more.pop("env", {})}
    done = subprocess.run(argv(*arguments), **{**settings, **more})
    return Done(done.returncode, done.stdout or "", done.stderr or "")
