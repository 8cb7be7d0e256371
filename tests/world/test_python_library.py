"""What a script prints in the sandbox is what Python prints, where the embedded interpreter had to be helped."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from perturb.core.values import Intent, World
from perturb.world.execute import execute
from perturb.world.lacking import lacking

FILES = {
    "a.csv": 'id,name,st\n1,"x, y",overdue\n2,y,back\n3,x,overdue\n',
    "f.py": "RETRIES = 3\nX = 1\n\ndef f(a, b=2):\n    return a + b  # TODO: x\n",
}
WORLD = World(cwd="/w", files={f"/w/{name}": text for name, text in FILES.items()})
SCRIPTS = [json.loads(line) for line in (Path(__file__).parent / "scripts.jsonl").read_text().splitlines()]


def ran(code: str) -> tuple[str, str]:
    data = execute(WORLD, Intent("shell.run", {"command": f"python3 - <<'END'\n{code}\nEND"}))[1].data
    return data["stdout"], data["stderr"]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each script prints in this Python: one process for all of them."""
    folder = tmp_path_factory.mktemp("scripts")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    all_of_them = "import sys\nfor code in SCRIPTS:\n    exec(code, {})\n    print(chr(0))\n"
    code = f"SCRIPTS = {SCRIPTS!r}\n{all_of_them}"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.split("\0\n")


@pytest.mark.parametrize("number", range(len(SCRIPTS)))
def test_a_script_prints_what_python_prints(number: int, printed: list[str]) -> None:
    assert ran(SCRIPTS[number]) == (printed[number], "")


LACKING = [
    "import subprocess",
    "import numpy as np",
    "from decimal import Decimal",
    "from pathlib import Path\nprint(list(Path('.').glob('[ab].py')))",
    "def f():\n    yield 1\nprint(list(f()))",
    "class A(list):\n    pass",
    "print('{0.real}'.format(3))",
    "from collections import Counter\nprint(Counter('aab'))",
    "match 3:\n    case 3:\n        print(1)",
    "print(1 + True)",
]
WRONG = [
    "import retry_policy.nothing as f\nraise ValueError",
    "open('nothing.txt')",
    "print('a'.lowr())",
    "assert 1 == 2",
    "raise ValueError('this is not right')",
    "print(undefined)",
    "x = {}['a']",
    "import f\nprint(f.no)",
]


@pytest.mark.parametrize("code", LACKING)
def test_what_only_a_real_python_can_do_is_said(code: str) -> None:
    assert lacking(ran(code)[1], WORLD)


@pytest.mark.parametrize("code", WRONG)
def test_an_error_of_the_script_is_the_scripts(code: str) -> None:
    world = World(cwd="/w", files={**WORLD.files, "/w/retry_policy/__init__.py": ""})
    said = ran(code)[1]
    assert said
    assert not lacking(said, world)


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("perl -pi -e 's/3/5/' f.py", True),
        ("node -e 1", True),
        ("npx prettier --write f.py", True),
        ("str_replace f.py 3 5", False),
        ("sed -i 's/3/5/' no.py", False),
        ("grep -q nothing f.py", False),
    ],
)
def test_a_program_that_a_machine_has(line: str, missing: bool) -> None:
    data = execute(WORLD, Intent("shell.run", {"command": line}))[1].data
    assert bool(lacking(data["stderr"], WORLD)) is missing
