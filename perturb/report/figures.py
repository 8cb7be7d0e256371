"""Small pictures inside the page, drawn in the page's own colours."""

from __future__ import annotations

from perturb.statistics.doses import Curve

WIDTH, HEIGHT, SIDE, TOP = 220, 110, 34, 10


def curve(found: Curve) -> str:
    """Accuracy against dose as SVG: base and perturbed. Holds numbers only, so that nothing needs escaping."""
    last = max(dose for dose, _ in found.effects) or 1

    def place(dose: int, value: float) -> tuple[float, float]:
        return SIDE + (WIDTH - SIDE - 10) * dose / last, TOP + (HEIGHT - TOP - 22) * (1 - value)

    after = [place(dose, e.perturbed) for dose, e in found.effects]
    before = [place(dose, e.base) for dose, e in found.effects]
    rows = [
        f'<svg class="curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="accuracy by dose">',
        *(_label(2, place(0, v)[1] + 4, f"{100 * v:.0f} %") for v in (0.0, 0.5, 1.0)),
        *(f'<line class="grid" x1="{SIDE}" x2="{WIDTH - 8}" y1="{y:.1f}" y2="{y:.1f}"/>' for y in _levels(place)),
        _line("before", before),
        _line("after", after),
        *(f'<circle class="after" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in after),
        *(_label(place(d, 0)[0] - 3, HEIGHT - 6, str(d + 1)) for d, _ in found.effects),
    ]
    return "".join([*rows, "</svg>"])


def _levels(place: object) -> list[float]:
    assert callable(place)
    return [place(0, v)[1] for v in (0.0, 0.5, 1.0)]


def _line(name: str, points: list[tuple[float, float]]) -> str:
    return f'<polyline class="{name}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'


def _label(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}">{text}</text>'
