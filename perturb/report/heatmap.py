"""Parts × scaffolds as an SVG picture: the one figure of a run."""

from __future__ import annotations

from html import escape

from perturb.core.registry import SCAFFOLDS
from perturb.core.values import PARTS
from perturb.report.html import heat
from perturb.report.terminal import percent
from perturb.statistics.summary import Summary

COLOURS = ("#eef5ee", "#fdeed3", "#fbd3a4", "#f5a97c", "#e67357", "#c73a3a")
CELL, HEIGHT, LEFT, TOP = 112, 40, 110, 60


def heatmap(summary: Summary, title: str) -> str:
    """An SVG of the paired drop in every part and scaffold, in points; darker is worse, empty is not measured."""
    parts = [p for p in PARTS if any(part == p for part, _ in summary.cells)]
    scaffolds = [s for s in sorted(SCAFFOLDS) if any(scaffold == s for _, scaffold in summary.cells)]
    width, height = LEFT + CELL * len(scaffolds) + 10, TOP + HEIGHT * len(parts) + 10
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="#ffffff"/>',
        _text(10, 20, title, "start"),
        *(_text(LEFT + CELL * (n + 0.5), 48, name.removesuffix("_like"), "middle") for n, name in enumerate(scaffolds)),
    ]
    for row, part in enumerate(parts):
        rows.append(_text(LEFT - 8, TOP + HEIGHT * (row + 0.62), part, "end"))
        rows += [_cell(summary, part, scaffold, row, column) for column, scaffold in enumerate(scaffolds)]
    return "".join([*rows, "</svg>"])


def _cell(summary: Summary, part: str, scaffold: str, row: int, column: int) -> str:
    found = summary.cells.get((part, scaffold))
    x, y = LEFT + CELL * column, TOP + HEIGHT * row
    colour = COLOURS[heat(found)] if found else "#f4f4f4"
    box = f'<rect x="{x}" y="{y}" width="{CELL - 2}" height="{HEIGHT - 2}" fill="{colour}"/>'
    label = f"{percent(found.difference)} (n={found.n})" if found else ""
    return box + _text(x + CELL / 2, y + HEIGHT * 0.62, label, "middle")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    shown = "".join(c if c.isprintable() else "?" for c in text)[:100]
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="#222222">{escape(shown)}</text>'
