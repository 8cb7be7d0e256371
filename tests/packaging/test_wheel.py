"""The wheel: what it puts where, and that it works among other people's packages."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
USERS_TEST = """
import pytest
import fixtures, scaffolds
from perturb import assert_correct

def test_my_own_packages_are_mine():
    assert (fixtures.MINE, scaffolds.MINE) == (1, 2)

@pytest.mark.perturb(operators=["tools.rename_tool"], scaffolds=["mini_agent"], fixtures=["cli-csv-count"])
def test_decision(perturb_decision):
    assert_correct(perturb_decision)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(folder)]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True)
    return folder


def test_it_puts_one_package_into_site_packages(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"perturb"}
    assert {"perturb/scaffolds/cli/mini_agent.py", "perturb/_docs/pytest.md", "perturb/py.typed"} <= set(names)
    assert len([name for name in names if name.startswith("perturb/_fixtures/")]) > 50


def test_its_metadata_says_what_it_is(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    metadata = archive.read(next(n for n in archive.namelist() if n.endswith("METADATA"))).decode()
    for field in (
        "Classifier: Framework :: Pytest",
        "Project-URL: Documentation",
        "Author: ",
        "License-Expression: MIT",
    ):
        assert field in metadata


@pytest.mark.parametrize("kind", ["wheel", "source tree"])
def test_it_works_among_packages_of_the_same_names(kind: str, installed: Path, tmp_path: Path) -> None:
    for name, value in (("fixtures", 1), ("scaffolds", 2), ("tests", 3)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"MINE = {value}\n")
    (tmp_path / "tests" / "test_mine.py").write_text(USERS_TEST)
    home = installed if kind == "wheel" else ROOT
    environment = {**os.environ, "PYTHONPATH": f".{os.pathsep}{home}"}

    def ran(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert str(home) in ran("-c", "import perturb; print(perturb.__file__)")
    assert "mini_agent" in ran("-m", "perturb", "list", "scaffolds")
    assert "perturb in pytest" in ran("-m", "perturb", "docs", "pytest")
    ran("-m", "perturb", "run", "--agent", "perfect", "--limit", "2", "--operator", "tools.rename_tool", "--out", "run")
    told = ran("-m", "pytest", "-p", "no:cacheprovider", "-q", "tests", "--perturb-agent", "perfect")
    assert " passed" in told
