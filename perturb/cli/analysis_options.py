"""The options of the commands about numbers: plan, compare, gate, export."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from perturb.cli.options import real, whole
from perturb.core.errors import UserError
from perturb.core.ranges import SEED

# What conversations are exported as; an Inspect log holds either these or records.
TRAJECTORIES = ("openai", "anthropic", "atif", "m2-text", "sft")


def add(make: Callable[[str, str, str], Any], selection: Callable[[Any], None]) -> tuple[Any, ...]:
    """Make the commands with `make(name, module, help)`; returns those that take ``--load`` and ``--json``."""
    plan = make("plan", "plan", "what a run would ask, and what it could show")
    selection(plan)
    plan.add_argument("--samples", type=whole(1, 99_999), default=1, help="answers per perturbed request")
    plan.add_argument("--detect", type=points, default=0.05, metavar="5pp", help="the drop that is to be seen")
    plan.add_argument("--base", type=real(0, 1), default=0.9, help="how often the model is right unchanged (a guess)")
    compare = make("compare", "compare", "runs of the same requests side by side: the first against each other")
    compare.add_argument("dirs", nargs="+", metavar="DIR")
    compare.add_argument("--margin", type=points, default=0.05, metavar="5pp", help="what counts as no worse")
    compare.add_argument("--out", default="", metavar="FILE.html", help="also write a page")
    gate = make("gate", "gate", "pass (0), fail (1) or cannot tell (4), by rules in pyproject.toml or a file")
    gate.add_argument("dir", metavar="DIR")
    gate.add_argument("--rules", default="pyproject.toml", metavar="FILE.toml", help="with [tool.perturb.gate]")
    gate.add_argument("--baseline", default="", metavar="DIR", help="a run that this one must be no worse than")
    gate.add_argument("--junit", default="", metavar="FILE.xml")
    export = make("export", "export", "records, cells or failures of a run, or trajectories, for other tools")
    export.add_argument("dir", metavar="DIR|FILE", help="a run; for trajectories also recordings or fixtures")
    export.add_argument("--format", choices=("csv", "parquet", "jsonl", "inspect", *TRAJECTORIES), default="csv")
    export.add_argument("--operator", action="append", default=[], metavar="GLOB", help="trajectories perturbed by it")
    export.add_argument("--scaffold", action="append", default=[], metavar="NAME", help="in which decisions are told")
    export.add_argument("--seed", type=whole(0, SEED), default=0, help="of the operators")
    export.add_argument("--what", choices=("records", "cells", "failures"), default="records")
    export.add_argument("--out", required=True, metavar="FILE")
    return plan, compare, gate, export


def points(text: str) -> float:
    """``5pp``, ``5`` or ``0.05`` as a share.

    >>> points("5pp"), points("2.5"), points("0.05")
    (0.05, 0.025, 0.05)
    """
    try:
        value = float(text.removesuffix("pp").strip())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of points, e.g. 5pp") from None
    share = value if value < 1 and not text.endswith("pp") else value / 100
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 100 points")
    return share


def share(value: object, name: str, where: str) -> float:
    """A share in a file. Raises UserError naming it."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise UserError(f"{where}: {name}: {value!r} is no share between 0 and 1")
    return float(value)
