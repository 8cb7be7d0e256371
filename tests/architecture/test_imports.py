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
)
# Who may not import whom (module prefixes).
FORBIDDEN = {
    "perturb/operators": ("scaffolds", "perturb.engines", "perturb.scoring", "perturb.runner", "perturb.cli"),
    "scaffolds": ("perturb.operators", "perturb.engines", "perturb.scoring", "perturb.runner", "perturb.cli"),
    "perturb/engines": ("perturb.operators", "perturb.episodes", "perturb.scoring", "perturb.plan", "scaffolds"),
    "perturb/world": ("perturb.operators", "perturb.engines", "perturb.scoring", "perturb.render", "scaffolds"),
    "perturb/statistics": ("perturb.operators", "perturb.engines", "perturb.scoring", "perturb.plan", "scaffolds"),
    "perturb/strategies": ("perturb.cli", "perturb.testing", "perturb.pytest_plugin", "perturb.engines", "allure"),
    "perturb/report": ("perturb.cli", "perturb.testing", "perturb.pytest_plugin", "perturb.engines", "hypothesis"),
    "perturb/laws": ("perturb.cli", "perturb.testing", "perturb.engines", "perturb.report", "scaffolds"),
    "perturb/checks": ("perturb.operators", "perturb.engines", "perturb.runner", "scaffolds"),
}


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


@pytest.mark.parametrize("room", sorted(FORBIDDEN))
def test_import_directions(room: str) -> None:
    crossed = [
        (path.name, name)
        for path in (ROOT / room).rglob("*.py")
        for name in imports(path)
        if name.startswith(FORBIDDEN[room])
    ]
    assert crossed == []


def test_nothing_imports_the_command_line() -> None:
    sources = [p for p in (ROOT / "perturb").rglob("*.py") if "cli" not in p.parts]
    assert [p.name for p in sources if any(name.startswith("perturb.cli") for name in imports(p))] == []


def test_nothing_imports_the_plugin() -> None:
    inside = ("perturb.testing", "perturb.pytest_plugin")
    sources = [p for p in (ROOT / "perturb").rglob("*.py") if "testing" not in p.parts and p.stem != "pytest_plugin"]
    assert [p.name for p in sources if any(name.startswith(inside) for name in imports(p))] == []


def test_heavy_modules_are_imported_lazily() -> None:
    allowed = {"perturb/fixture_schema.py"}
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


@pytest.mark.parametrize("module", ["perturb", "perturb.cli.main", "perturb.pytest_plugin"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_files_have_one_subject() -> None:
    sources = [p for folder in ("perturb", "scaffolds") for p in (ROOT / folder).rglob("*.py")]
    lengths = {p.name: len(p.read_text().splitlines()) for p in sources}
    assert max(lengths.values()) <= 420
    assert len([name for name, lines in lengths.items() if lines > 300]) <= 4
