"""What programs are recorded to answer follows from the files: right after any right fix, wrong after a wrong one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from perturb.core.values import Intent, World
from perturb.trajectories.episodes import read_episode
from perturb.world.execute import execute

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
