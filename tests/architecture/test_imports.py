"""The import directions that ARCHITECTURE.md states, and what importing the package may cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = (
    "vllm",
    "torch",
    "transformers",
    "hypothesis",
    "allure",
    "scipy",
    "numpy",
    "pydantic",
    "jinja2",
    "rich",
    "httpx",
    "aiohttp",
    "re2",
)
# The rooms, lowest first. A file may import from its own room and from rooms of lower levels, never back up.
LEVELS: tuple[tuple[str, ...], ...] = (
    ("core",),
    ("claims",),
    ("toolbox", "formats"),
    ("world",),
    ("trajectories",),
    ("scaffolding", "checks", "engines"),
    ("scaffolds", "operators", "judging"),
    ("agents", "laws", "statistics", "recordings"),
    ("campaign", "synthesis"),
    ("report", "strategies"),
    ("testing",),
    ("search", "notebook"),
    ("cli",),
)
LEVEL = {room: number for number, rooms in enumerate(LEVELS) for room in rooms}
# Rooms of lower levels that a room may not enter all the same.
FORBIDDEN = {
    "operators": ("engines", "scaffolds", "judging"),
    "scaffolds": ("engines", "checks"),
    "engines": ("world", "trajectories"),
    "statistics": ("engines", "operators", "judging", "trajectories", "scaffolds"),
    "laws": ("engines", "scaffolds"),
    "report": ("engines",),
    "strategies": ("engines",),
}
PACKAGE = ROOT / "perturb"
# Files that stand before the rooms: the public names, and `python -m perturb`.
FRONT = ("__init__.py", "__main__.py")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def sources() -> list[Path]:
    # The scaffolds stand at the top of the repository and are reached through a link.
    linked = (PACKAGE / "scaffolds").rglob("*.py")
    return sorted({*PACKAGE.rglob("*.py"), *linked})


def modules() -> dict[str, Path]:
    """Dotted name to file."""
    found = {}
    for path in sources():
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, top_level: bool = False) -> list[str]:
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level else list(ast.walk(tree))
    found = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def test_every_file_has_a_room() -> None:
    homeless = [str(p.relative_to(ROOT)) for p in sources() if p.name not in FRONT and room_of(p) not in LEVEL]
    assert homeless == []
    assert [p.name for p in PACKAGE.glob("*.py") if p.name not in FRONT] == []
    assert [room for room in LEVEL if not (PACKAGE / room).is_dir()] == []


def test_imports_run_one_way() -> None:
    crossed = []
    for path in sources():
        if path.parent == PACKAGE:
            continue
        room = room_of(path)
        for name in imports(path):
            parts = name.split(".")
            if parts[0] != "perturb" or len(parts) < 2 or parts[1] not in LEVEL or parts[1] == room:
                continue
            if LEVEL[parts[1]] >= LEVEL[room] or parts[1] in FORBIDDEN.get(room, ()):
                crossed.append((str(path.relative_to(ROOT)), name))
    assert crossed == []


def test_no_circle_between_files() -> None:
    known = modules()
    edges = {name: {n for n in imports(path) if n in known and n != name} for name, path in known.items()}
    settled: set[str] = set()
    while True:
        free = {name for name, wanted in edges.items() if name not in settled and wanted <= settled}
        if not free:
            break
        settled |= free
    assert sorted(set(edges) - settled) == []


def test_heavy_modules_are_imported_lazily() -> None:
    allowed = {"perturb/trajectories/schema.py"}
    eager = [
        (str(path.relative_to(ROOT)), name)
        for path in (ROOT / "perturb").rglob("*.py")
        for name in imports(path, top_level=True)
        if name.split(".")[0] in HEAVY
        and str(path.relative_to(ROOT)) not in allowed
        # Its users have imported Hypothesis already.
        and not (name.startswith("hypothesis") and "strategies" in path.parts)
    ]
    assert [row for row in eager if "openai" not in row[0]] == []


def test_no_code_from_outside_is_ever_run() -> None:
    banned = {"eval", "exec", "compile", "__import__"}
    calls = [
        (path.name, node.func.id)
        for folder in ("perturb", "scaffolds")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in banned
    ]
    assert calls == []


@pytest.mark.parametrize("module", ["perturb", "perturb.cli.main", "perturb.testing.plugin"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_files_have_one_subject() -> None:
    lengths = {str(p): len(p.read_text().splitlines()) for p in sources()}
    assert max(lengths.values()) <= 420
    assert len([name for name, lines in lengths.items() if lines > 300]) <= 4
