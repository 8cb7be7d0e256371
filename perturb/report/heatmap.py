"""Parts × scaffolds as an SVG picture: the one figure of a run."""

from __future__ import annotations

from html import escape

from perturb.core.registry import SCAFFOLDS
from perturb.core.values import PARTS
from perturb.report.terminal import percent
from perturb.statistics.rows import Row
from perturb.statistics.summary import Summary

CELL, HEIGHT, LEFT, TOP = 112, 40, 110, 60
# A verdict is told by colour and by pattern: what is unknown never looks like what is fine.
DROPS = ("#fbd3a4", "#f5a97c", "#e67357", "#c73a3a")
FILLS = {"no drop": "#cfe8d2", "unknown": "url(#unknown)"}
_PATTERN = (
    '<defs><pattern id="unknown" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="8" height="8" fill="#f4f4f4"/><rect width="2" height="8" fill="#c4c8cc"/></pattern></defs>'
)


def heatmap(summary: Summary, title: str) -> str:
    """An SVG of every part and scaffold: the paired change in points.

    Green where a drop is excluded, red where it is shown, hatched where neither is known, empty where not measured.
    """
    parts = [p for p in PARTS if any(part == p for part, _ in summary.cells)]
    scaffolds = [s for s in sorted(SCAFFOLDS) if any(scaffold == s for _, scaffold in summary.cells)]
    width, height = LEFT + CELL * len(scaffolds) + 10, TOP + HEIGHT * len(parts) + 10
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        f'font-size="12">{_PATTERN}<rect width="100%" height="100%" fill="#ffffff"/>',
        _text(10, 20, title, "start"),
        *(_text(LEFT + CELL * (n + 0.5), 48, name.removesuffix("_like"), "middle") for n, name in enumerate(scaffolds)),
    ]
    for row, part in enumerate(parts):
        rows.append(_text(LEFT - 8, TOP + HEIGHT * (row + 0.62), part, "end"))
        rows += [_cell(summary, part, scaffold, row, column) for column, scaffold in enumerate(scaffolds)]
    return "".join([*rows, "</svg>"])


def fill(row: Row) -> str:
    """The colour or pattern of a verdict; a drop is darker the larger it is."""
    if row.verdict.word != "drop":
        return FILLS[row.verdict.word]
    return DROPS[min(len(DROPS) - 1, int(-10 * row.effect.difference))]


def _cell(summary: Summary, part: str, scaffold: str, row: int, column: int) -> str:
    found = summary.cells.get((part, scaffold))
    x, y = LEFT + CELL * column, TOP + HEIGHT * row
    colour = fill(found) if found else "#ffffff"
    box = f'<rect x="{x}" y="{y}" width="{CELL - 2}" height="{HEIGHT - 2}" fill="{colour}"/>'
    unsure = "?" if found and found.verdict.word == "unknown" else ""
    label = f"{percent(found.effect.difference)}{unsure} (n={found.effect.n})" if found else ""
    return box + _text(x + CELL / 2, y + HEIGHT * 0.62, label, "middle")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    shown = "".join(c if c.isprintable() else "?" for c in text)[:100]
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="#222222">{escape(shown)}</text>'
