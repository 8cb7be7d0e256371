"""``from perturb import …``: one home for what users import, loaded only when used, enough for what they write."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import perturb

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "fixtures" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def modules_of(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
    return [name for name in found if name.split(".")[0] == "perturb"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_guides_import_from_perturb_alone(page: Path) -> None:
    for body in BLOCK.findall(page.read_text()):
        assert set(modules_of(body)) <= {"perturb"}, body


def test_examples_that_tests_load_import_from_perturb_alone() -> None:
    """Modules that the suite writes for `--load`, and users' tests, use what users have."""
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "from perturb" in node.value:
                written = re.findall(r"^\s*from (perturb[\w.]*) import", node.value, re.MULTILINE)
                assert set(written) <= {"perturb"}, f"{path}: {node.value[:200]}"


def test_every_public_name_is_there_and_type_checkers_know_it() -> None:
    told = set()
    for node in ast.walk(ast.parse((ROOT / "perturb" / "__init__.py").read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("perturb."):
            told |= {alias.name for alias in node.names}
    assert told == set(perturb.__all__)
    assert [name for name in perturb.__all__ if getattr(perturb, name) is None] == []


def test_what_the_shipped_scaffolds_import_users_can_import() -> None:
    needed = {
        alias.name
        for path in (ROOT / "scaffolds").rglob("*.py")
        if path.name != "pieces.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("perturb.")
        for alias in node.names
    }
    assert needed - set(perturb.__all__) - {"toolbox", "JsonObject"} == set()


def test_looking_at_the_package_loads_nothing() -> None:
    code = "import sys, perturb; dir(perturb); print([m for m in sys.modules if m.startswith('perturb.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
