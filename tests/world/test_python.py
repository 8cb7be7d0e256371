"""Python in the sandbox: the world's clock and files, a project's own modules, how a script ends."""

from __future__ import annotations

import pytest

from perturb.core.values import Intent, World
from perturb.world.execute import execute

FILES = {
    "/code/ferry/base.py": "ONE = 1\n",
    "/code/ferry/tides.py": "from ferry.base import ONE\n\n\ndef row(table, day):\n    return table[day + ONE]\n",
    "/code/src/retry.py": "import sys\nRETRIES = 3\n\n\ndef attempts():\n    return range(RETRIES)\n",
    "/code/run.py": "import sys\nprint(sys.argv)\nif len(sys.argv) > 1:\n    sys.exit(3)\n",
    "/code/fails.py": "x = 1\nraise ValueError('no')\n",
    "/code/loop.py": "import loop\nX = 1\n",
    "/code/days.txt": "mon\ntue\n",
    "/code/conf.json": '{"a": 1}',
}
WORLD = World(cwd="/code", files=FILES)


@pytest.mark.parametrize(
    ("line", "said", "code"),
    [
        ("python3 run.py", "['run.py']\n", 0),
        ("python run.py a b; echo $?", "['run.py', 'a', 'b']\n3\n", 0),
        ("python3 -c 'import sys; sys.exit(\"bad\")'", "bad\n", 1),
        ("python3 -c 'import sys; sys.exit()'", "", 0),
        ("python3 -c 'raise SystemExit(4)'", "", 4),
        ("python3 -c '1 + 1'", "", 0),
        ("python3 -c 'from datetime import datetime; print(datetime.now())'", "2026-03-02 09:30:00\n", 0),
        ("python3 -c 'import time; time.sleep(9); print(time.time())'", "1772443800.0\n", 0),
        ("python3 -c 'import statistics as s'; echo", "\n", 0),
        (
            "python3 -c 'from statistics import mean, stdev; print(mean([1, 2]), stdev([1, 3]))'",
            "1.5 1.4142135623730951\n",
            0,
        ),
        ("python3 -c 'for line in open(\"days.txt\"): print(line.strip())'", "mon\ntue\n", 0),
        ("cat days.txt | python3 -c 'import sys; print([one for one in sys.stdin])'", "['mon\\n', 'tue\\n']\n", 0),
        ("cat conf.json | python3 -c 'import json, sys; print(json.load(sys.stdin)[\"a\"])'; ls -A /tmp", "1\n", 0),
        ("python3 -c 'import os; print(os.getcwd())'", "/code\n", 0),
        ("python3 -c 'from ferry.tides import row; print(row([1, 2], 0))'", "2\n", 0),
        ("sed -i 's/ + ONE//' ferry/tides.py; python3 -c 'import ferry.tides as t; print(t.row([1, 2], 0))'", "1\n", 0),
        ("python3 -c 'from retry import *; print(len(attempts()))'", "3\n", 0),
        (
            "cd / && python3 -c 'import sys\nsys.path.append(\"/code/src\")\nimport retry\nprint(retry.RETRIES)'",
            "3\n",
            0,
        ),
        ("python3 -c 'import loop; print(loop.X)' 2>&1 | tail -1", "ModuleNotFoundError: No module named 'loop'\n", 0),
        ("python3 -c 'from retry import no' 2>&1 | tail -1", "ImportError: cannot import name 'no' from 'retry'\n", 0),
        ("python3 fails.py 2>&1 | grep -c 'File \"fails.py\", line 2'", "1\n", 0),
        ("python3 -m py_compile run.py && echo fine", "fine\n", 0),
        ("python3 -m json.tool conf.json", '{\n    "a": 1\n}\n', 0),
        ("python3 -m nothing", "/usr/bin/python3: No module named nothing\n", 1),
    ],
)
def test_scripts(line: str, said: str, code: int) -> None:
    data = execute(WORLD, Intent("shell.run", {"command": line}))[1].data
    assert (data["stdout"] + data["stderr"], data["exit_code"]) == (said, code)


def test_a_snippet_sees_and_changes_the_files() -> None:
    code = "from retry import RETRIES\nopen('n.txt', 'w').write('x')\nRETRIES"
    world, result = execute(WORLD, Intent("py.exec", {"code": code}))
    assert (result.data["stdout"], world.files["/code/n.txt"]) == ("3\n", "x")
