"""``python -m tests.attack [NAME…] [--quick] [--json]``: every attack, or those of the named files, as one table.

``--quick`` runs the sample of those that have one, as the tests do: a few minutes of one core.
Exit code 1 when anything was not survived. An attack that itself breaks, or that tries nothing, counts as not survived.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from perturb.core.registry import load_builtin
from tests.attack import Row

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Every attack, in the order of the table."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def rows(name: str, quick: bool = False) -> Iterator[Row]:
    """What one file reports. An exception in it is one more row."""
    try:
        module = importlib.import_module(f"tests.attack.{name}")
        yield from module.sample() if quick and hasattr(module, "sample") else module.attack()
    except Exception as error:
        yield Row(f"{name} broke", 1, 0, f"{type(error).__name__}: {error}"[:200])


def line(row: Row) -> str:
    mark = " " if 0 < row.tried == row.survived else "!"
    return f"{mark} {row.name:<52}{row.tried:>9}{row.survived:>10}  {row.detail}"


def cpu() -> float:
    """Seconds of CPU so far, ended children's included."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attack")
    parser.add_argument("names", nargs="*", help=f"of: {', '.join(names())}")
    parser.add_argument("--quick", action="store_true", help="a sample of the long ones")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(names()))
    if unknown:
        parser.error(f"no attack {unknown[0]!r} (there are: {', '.join(names())})")
    load_builtin()
    found: list[Row] = []
    if not options.json:
        print(f"  {'attack':<52}{'tried':>9}{'survived':>10}", flush=True)
    for name in options.names or names():
        begun, used = time.monotonic(), cpu()
        for row in rows(name, options.quick):
            found.append(row)
            if not options.json:
                print(line(row), flush=True)
        took = f"{time.monotonic() - begun:.0f} s, {cpu() - used:.0f} s of CPU"
        print(f"  ({name}: {took})", file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps([asdict(row) for row in found], indent=1))
    return 0 if found and all(0 < row.tried == row.survived for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
