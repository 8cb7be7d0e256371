"""What the core costs on disk: the package and everything it requires, extras left out."""

from __future__ import annotations

import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LIMIT = 120_000_000


def closure(requirements: list[str]) -> dict[str, Distribution]:
    """Distributions by name that `requirements` need, themselves included."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        if wanted.name in found or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        found[wanted.name] = distribution(wanted.name)
        waiting += [Requirement(text) for text in found[wanted.name].requires or []]
    return found


def test_the_core_stays_light() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    sizes = {}
    for name, installed in closure(wanted).items():
        paths = [Path(str(installed.locate_file(file))) for file in installed.files or ()]
        sizes[name] = sum(path.stat().st_size for path in paths if path.is_file())
    own = sum(p.stat().st_size for top in ("perturb", "scaffolds", "fixtures", "docs") for p in (ROOT / top).rglob("*"))
    assert sum(sizes.values()) > 10_000_000  # the sizes were really read
    assert sum(sizes.values()) + own < LIMIT, sorted(sizes.items(), key=lambda row: -row[1])[:8]
    assert not {"numpy", "scipy", "pandas", "torch"} & sizes.keys()
