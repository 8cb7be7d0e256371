"""``perturb docs``: the guides, as they are in the repository."""

from __future__ import annotations

import argparse
from pathlib import Path

from perturb.cli import output
from perturb.core.registry import find

_PACKAGE = Path(__file__).parents[1]


def main(options: argparse.Namespace) -> int:
    """Print a page, or the names of all with their titles."""
    pages = guides()
    if options.page:
        output.emit(find(pages, options.page, "page").read_text("utf-8"))
        return 0
    width = max(map(len, pages))
    for name, path in pages.items():
        output.emit(f"{name:{width}}  {_title(path)}")
    output.say("perturb docs PAGE prints one")
    return 0


def guides() -> dict[str, Path]:
    """Every page by its name: from the wheel, or from the source tree that this package lies in."""
    installed = _PACKAGE / "_docs"
    folder = installed if installed.is_dir() else _PACKAGE.parent / "docs"
    fixtures = _PACKAGE / "_fixtures" if installed.is_dir() else _PACKAGE.parent / "fixtures"
    pages = {path.stem: path for path in sorted(folder.glob("*.md"))}
    return {**pages, "fixtures": fixtures / "README.md"}


def _title(path: Path) -> str:
    return path.read_text("utf-8").splitlines()[0].lstrip("# ")
