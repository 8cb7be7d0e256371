"""How the graders do on the labelled lines, and ``make confusion``: the same as a page of the documentation."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perturb.core.exact import loads
from perturb.judging.grading.lines_in import graded
from perturb.scaffolding.outcomes import hear

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "grading-table.md"


def lines(name: str) -> list[bytes]:
    """The lines of a data file."""
    return (HERE / name).read_bytes().splitlines()


def pairs() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """(labelled pair, verdict) of every pair."""
    source = (HERE / "pairs.jsonl").read_bytes()
    yield from zip(map(loads, source.splitlines()), graded(io.BytesIO(source), "strict"), strict=True)


def replies() -> Iterator[tuple[str, str]]:
    """(labelled outcome, outcome) of every reply."""
    for line in lines("replies.jsonl"):
        item = loads(line)
        yield item["outcome"], hear(item).outcome


def page() -> str:
    """Both tables as Markdown."""
    counts = Counter((item["kind"], item["equal"], got.get("equal")) for item, got in pairs())
    kinds = sorted({kind for kind, _, _ in counts})
    rows = ["# How the graders do on labelled pairs", ""]
    rows += ["Written by `make confusion` from `tests/judging_data/`. Labels and graders have the same author, so this"]
    rows += ["shows what the graders are meant to do and that they do it; it does not estimate errors on new data.", ""]
    rows += ["| kind | pairs | same: said same | same: said different | different: said different | said same |"]
    rows += ["|---|---:|---:|---:|---:|---:|"]
    for kind in kinds:
        cell = [counts[kind, a, b] for a, b in ((True, True), (True, False), (False, False), (False, True))]
        rows.append(f"| {kind} | {sum(cell)} | {' | '.join(map(str, cell))} |")
    right = sum(n for (_, a, b), n in counts.items() if a == b)
    rows += ["", f"{right} of {sum(counts.values())} right.", "", "# Outcomes of labelled replies", ""]
    rows += ["| labelled | read as | replies |", "|---|---|---:|"]
    rows += [f"| {a} | {b} | {n} |" for (a, b), n in sorted(Counter(replies()).items())]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
