"""What programs are recorded to answer follows from the files: right after any right fix, wrong after a wrong one."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from perturb.core.values import Intent, World
from perturb.laws.fixtures import fixture_breaches
from perturb.laws.recordings import deaf
from perturb.trajectories.episodes import read_episode
from perturb.trajectories.loading import load_all
from perturb.world.execute import execute
from perturb.world.recordings import NOT_HERE

FIXTURES = Path(__file__).parents[2] / "fixtures"
TIDES, RETRY, FARES = "/srv/ferry/ferry/tides.py", "/code/uploader/src/retry.py", "/code/tram/tram/fares.py"
RUST, WRAP, MAIN = "/code/lantern/src/lib.rs", "/code/quill/text/wrap.go", "/code/quill/main.go"
LOG, SQL = "/code/atlas/config/logging.yaml", "/code/orchard/migrations/003_harvest_day.sql"
PACKAGE, VERSION = "/code/kestrel/package.json", "/code/kestrel/src/version.js"
RACK, LOOM, COMPOSE = "/code/cellar/src/rack.ts", "/code/loom/loom/weave.c", "/code/harbor/compose.yaml"
TODO, CLAMP = "    // TODO: clamp to 100\n    percent\n", "    if percent > 100 { 100 } else { percent }\n"
Edits = tuple[tuple[str, str, str], ...]


@cache
def start(name: str) -> World:
    return read_episode(FIXTURES / name.split("-")[0] / f"{name}.json").cases[0].world


def run(name: str, command: str, edits: Edits = ()) -> tuple[str, int]:
    world = start(name)
    files = dict(world.files)
    for path, old, new in edits:
        assert old in files.get(path, "")
        files[path] = files.get(path, "").replace(old, new) if old else new
    data = execute(replace(world, files=files), Intent("shell.run", {"command": command}))[1].data
    return data["stdout"] + data["stderr"], data["exit_code"]


RIGHT: list[tuple[str, str, Edits]] = [
    ("cli-failing-test", "pytest -q", ((TIDES, ".days + 1", ".days"),)),
    ("cli-failing-test", "pytest", ((TIDES, "return table[day_index(day)]", "return table[day_index(day) - 1]"),)),
    ("cli-failing-test", "python -m pytest tests/", ((TIDES, "date(2026, 1, 1)", "date(2026, 1, 2)"),)),
    ("cli-retry-budget", "pytest -q tests", ((RETRY, "RETRIES = 3", "RETRIES = 5"),)),
    ("cli-retry-budget", "pytest -x", ((RETRY, "range(RETRIES)", "range(5)"),)),
    ("cli-rust-todo", "cargo test", ((RUST, TODO, "    percent.min(100)\n"),)),
    ("cli-rust-todo", "cargo t -q", ((RUST, TODO, CLAMP),)),
    ("cli-go-rename", "go vet ./...", ()),
    ("cli-go-rename", "go vet", ((WRAP, "WrapLine", "Wrap"), (MAIN, "WrapLine", "Wrap"))),
    ("cli-go-rename", "go build ./...", ((WRAP, "WrapLine", "Wrap"), (MAIN, "WrapLine", "Wrap"))),
    ("cli-log-level", "make check", ((LOG, "root:\n  level: DEBUG", "root:\n  level: WARNING"),)),
    ("cli-log-level", "make", ((LOG, "root:\n  level: DEBUG", 'root:\n  level: "ERROR"'),)),
    ("cli-sql-index", "sh tools/migrate.sh", ((SQL, "", "CREATE INDEX harvest_day_idx\n  ON harvest (day);\n"),)),
    ("cli-version-bump", "npm test", ((PACKAGE, "2.3.1", "2.4.0"), (VERSION, "2.3.1", "2.4.0"))),
    ("cli-version-bump", "npm run test", ((PACKAGE, "2.3.1", "3"), (VERSION, '"2.3.1"', "'3'"))),
    ("cli-duplicate-port", "docker compose config -q", ((COMPOSE, "7070:9000", "7072:9000"),)),
    ("cli-duplicate-port", "docker-compose config --quiet", ((COMPOSE, '["7070:9000"]', "\n      - 7072:9000"),)),
    ("ide-unused-import", "npx tsc --noEmit", ((RACK, 'import { formatYear } from "./dates";\n', ""),)),
    ("ide-failing-build", "make", ((LOOM, "threads * 2", "2 * threads;"),)),
    ("ide-extract-constant", "pytest -q", ((FARES, "1.35", "PRICE"), (FARES, "def fare", "PRICE = 2\ndef fare"))),
]  # fmt: skip
WRONG: list[tuple[str, str, Edits]] = [
    ("cli-failing-test", "pytest -q tests/test_tides.py", ()),
    ("cli-failing-test", "pytest", ((TIDES, ".days + 1", ".days + 2"),)),
    ("cli-failing-test", "pytest", ((TIDES, "def row(", "def rows("),)),
    ("cli-failing-test", "pytest", ((TIDES, ".days + 1", ".days +"),)),
    ("cli-retry-budget", "pytest", ()),
    ("cli-retry-budget", "pytest -q tests", ((RETRY, "RETRIES = 3", "RETRIES = 4"),)),
    ("cli-rust-todo", "cargo test", ((RUST, TODO, "    percent.min(10)\n"),)),
    ("cli-rust-todo", "cargo test", ((RUST, "pub fn label", "pub fn labels"),)),
    ("cli-go-rename", "go vet ./...", ((MAIN, "WrapLine", "Wrap"),)),
    ("cli-go-rename", "go build ./...", ((WRAP, "func WrapLine", "func Wrap"), (MAIN, "WrapLine", "Wrap"))),
    ("cli-log-level", "make check", ((LOG, "root:\n  level: DEBUG", "root:\n  level: WARN"),)),
    ("cli-sql-index", "sh tools/migrate.sh", ((SQL, "", "create index harvest_day on harvest(day);\n"),)),
    ("cli-version-bump", "npm test", ((PACKAGE, "2.3.1", "2.4.0"),)),
    ("cli-version-bump", "npm test", ((PACKAGE, '"2.3.1",', '"2.3.1"'),)),
    ("cli-duplicate-port", "docker compose config -q", ((COMPOSE, '["7070:9000"]', "7072"),)),
    ("ide-unused-import", "npx tsc --noEmit", ((RACK, "{ formatYear } ", ""),)),
    ("ide-unused-import", "npx tsc --noEmit", ((RACK, 'import { Bottle } from "./bottle";\n', ""),)),
    ("ide-failing-build", "make all", ()),
    ("ide-failing-build", "make all", ((LOOM, "* 2\n}", "* 2;\n"),)),
    ("ide-extract-constant", "pytest -q", ((FARES, "7 * 1.35", "7 * PRICE"),)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "command", "edits"), RIGHT)
def test_a_check_passes_after_any_right_fix(name: str, command: str, edits: Edits) -> None:
    assert run(name, command, edits)[1] == 0


@pytest.mark.parametrize(("name", "command", "edits"), WRONG)
def test_a_check_fails_before_the_fix_and_after_a_wrong_one(name: str, command: str, edits: Edits) -> None:
    said, code = run(name, command, edits)
    assert code not in (0, 127)
    assert said


# A command inside a line says the same as by itself; `{}` is the command.
WRAPPERS = [
    ("{}", True),
    ("cd . && {}", True),
    ("{} 2>&1", True),
    ("bash -lc '{}'", True),
    ("({})", True),
    ("timeout 60 {}", True),
    ("env CI=1 {}", True),
    ("x=1; {}", True),
    ("{} 2>&1 | tail -20", False),
    ("{}; echo $?", False),
    ("{} || true", False),
]
COMMANDS = ["pytest", "pytest -q", "python -m pytest", "python3 -m pytest -q", "pytest -v tests", "pytest tests/"]


@pytest.mark.parametrize(
    "command", [*COMMANDS, "py.test", "pytest --tb=short -x", "python3 -m pytest tests/test_tides.py"]
)
@pytest.mark.parametrize(("wrapper", "keeps_code"), WRAPPERS)
def test_a_check_says_the_same_however_it_is_called(command: str, wrapper: str, keeps_code: bool) -> None:
    fixed = ((TIDES, ".days + 1", ".days"),)
    for edits, words, code in (((), "1 failed", 1), (fixed, "1 passed", 0)):
        said, got = run("cli-failing-test", wrapper.format(command), edits)
        assert words in said
        assert got == (code if keeps_code else 0)


def test_what_nothing_is_recorded_for() -> None:
    assert run("cli-failing-test", "pytest tests/test_moon.py")[1] == 4
    assert run("cli-log-level", "make dance") == ("make: *** No rule to make target 'dance'.  Stop.\n", 2)
    assert run("cli-version-bump", "npm run lint")[1] == 1
    assert run("cli-version-bump", "pytest") == ("bash: line 1: pytest: command not found\n", 127)
    assert run("cli-failing-test", "npm test") == ("bash: line 1: npm: command not found\n", 127)


TWO = World(
    cwd="/w",
    files={
        "/w/tests/test_a.py": "def test_one():\n    pass\n\n\ndef test_two():\n    pass\n",
        "/w/tests/test_b.py": "class TestB:\n    def test_three(self):\n        pass\n",
        "/w/Makefile": "lint: src\n\techo lint\nall: lint\n\techo all\n",
    },
    python={
        "pytest -q": {
            "stdout": "FAILED tests/test_a.py::test_one - assert 0\n1 failed, 2 passed in 0.02s\n",
            "exit_code": 1,
        },
        "make lint": "lint\n",
        "make all": {"stdout": "all\n", "writes": {"/w/build/all": "all\n"}},
    },
)
WHOLE = "FAILED tests/test_a.py::test_one - assert 0\n1 failed, 2 passed in 0.02s\n"


@pytest.mark.parametrize(
    ("command", "said", "code"),
    [
        ("pytest", WHOLE, 1),
        ("pytest tests/test_b.py tests/test_a.py", WHOLE, 1),
        ("pytest tests/test_b.py", "1 passed in 0.01s\n", 0),
        ("pytest tests/test_a.py::test_two -q", "1 passed in 0.01s\n", 0),
        ("pytest -k one", "FAILED tests/test_a.py::test_one - assert 0\n1 failed in 0.01s\n", 1),
        ("pytest -k 'not one'", "2 passed in 0.01s\n", 0),
        ("pytest --deselect tests/test_a.py::test_one tests/test_a.py", "1 passed in 0.01s\n", 0),
        ("pytest -k nothing", "\nno tests ran in 0.00s\n", 5),
        ("pytest --lf", f"pytest: '--lf' {NOT_HERE}\n", 1),
        ("make", "lint\n", 0),
        ("make all lint", "all\nlint\n", 0),
        ("make lint nothing", "lint\nmake: *** No rule to make target 'nothing'.  Stop.\n", 2),
        ("make -n all", f"make: 'all -n' {NOT_HERE}\n", 1),
        ("make all SPEED=1", "make: 'all SPEED=1' is something else\n", 1),
        ("make al", "make: *** No rule to make target 'al'.  Stop.\n", 2),
        ("make -C . lint", "lint\n", 0),
        ("make -C src lint", f"make: 'lint -C=src' {NOT_HERE}\n", 1),
    ],
)
def test_a_run_is_resolved_by_what_it_runs(command: str, said: str, code: int) -> None:
    data = execute(TWO, Intent("shell.run", {"command": command}))[1].data
    assert (data["stdout"] + data["stderr"], data["exit_code"]) == (said, code)


def test_a_build_leaves_what_it_makes() -> None:
    for command in ("make all", "cd /w && make all | cat"):
        after, _ = execute(TWO, Intent("shell.run", {"command": command}))
        assert after.files["/w/build/all"] == "all\n"


def test_a_recording_that_hears_nothing_is_refused(tmp_path: Path) -> None:
    text = (FIXTURES / "cli" / "cli-log-level.json").read_text()
    data = json.loads(text)
    data["world"]["python"]["make check"] = "config ok\n"
    path = tmp_path / "deaf.json"
    path.write_text(json.dumps(data, indent=1))
    (breach,) = fixture_breaches([read_episode(path)], [])
    assert (breach.law, breach.name) == ("recording", "cli-log-level")
    assert breach.example.startswith(f"{path}: line {path.read_text().split('make check')[0].count(chr(10)) + 1}:")
    assert not [line for episode in load_all() for line in deaf(episode)]
