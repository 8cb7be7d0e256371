"""One self-contained HTML page: no script from outside, no request to anywhere, everything escaped.

The page's own script and style are its only ones, allowed by hash in its content security policy. Whatever a model or
a fixture wrote lies in it compressed and reaches the page as text, never as markup.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from perturb.campaign.journal import Records
from perturb.core import plain
from perturb.core.files import write_atomic
from perturb.core.plain import clipped
from perturb.core.registry import SCAFFOLDS
from perturb.core.values import PARTS, Case
from perturb.report.decisions import Columns, Wanted, chosen, columns
from perturb.report.detail import cases_by_id
from perturb.report.figures import curve
from perturb.report.terminal import ORACLES, WORST, interval, percent, worst_first
from perturb.report.transcripts import Look, chunks, packed
from perturb.statistics.means import COSTS
from perturb.statistics.rows import Row
from perturb.statistics.sentence import MANY, sentence
from perturb.statistics.summary import Summary

if TYPE_CHECKING:
    from jinja2 import Environment

# Decisions with their whole transcript in the page, what was broken first; ``perturb show`` has every other.
TRANSCRIPTS = 2_000
TEMPLATES = Path(__file__).parent


def write_report(folder: Path, manifest: dict[str, Any], summary: Summary, records: Records | None = None) -> Path:
    """Write ``report.html`` into the run's folder and return its path. `records`, where they are open already."""
    records = records or Records(folder)
    found = columns(records, [row.name for row in summary.directional], summary.smallest, summary.compared)
    wanted = chosen(found, TRANSCRIPTS)
    full = placed(found, wanted, beside_base(records), cases_by_id(manifest) if wanted else {})
    page = rendered(
        "report.html.j2",
        manifest=manifest,
        model=plain_model(manifest),
        settings=settings(manifest),
        data=packed(found.data),
        chunks=full,
        smallest=found.smallest,
        worst=[row for row in worst_first(summary.by_operator) if row.name in found.smallest][:WORST],
        **shown(summary),
    )
    path = folder / "report.html"
    write_atomic(path, page.encode("utf-8", "backslashreplace"))
    return path


def beside_base(records: Records) -> Look:
    """A decision of a run and the base that it is compared with."""

    def look(one: Wanted) -> tuple[dict[str, Any], dict[str, Any] | None]:
        record = records.get(one.id)
        assert record is not None
        return record, records.get(one.base) if one.perturbed else None

    return look


def placed(found: Columns, wanted: Sequence[Wanted], look: Look, cases: dict[str, Case]) -> list[str]:
    """The transcripts of `wanted`, packed; where each one is is noted in the columns."""
    full = list(chunks(wanted, look, cases))
    found.data["where"] = {str(row): [n, k] for n, (rows, _) in enumerate(full) for k, row in enumerate(rows)}
    return [text for _, text in full]


def rendered(template: str, **values: Any) -> str:
    """A page of this room's templates, with its style and script and their hashes."""
    style, script = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    return (
        _environment()
        .get_template(template)
        .render(
            percent=percent,
            interval=interval,
            css=css,
            query=query,
            style=style,
            script=script,
            style_hash=_hash(style),
            script_hash=_hash(script),
            **values,
        )
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Kept, so that a process that writes many pages reads their templates once."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_fit,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def shown(summary: Summary) -> dict[str, Any]:
    """What the page says of a summary."""
    counts = summary.counts
    missing = counts["failed"] + counts["unscored"]
    order = {"drop": 0, "unknown": 1, "no drop": 2}
    return {
        "summary": summary,
        "sentence": clipped(sentence(summary)),
        "missing": missing,
        "many": missing > MANY * counts["requests"],
        "operators": sorted(summary.by_operator, key=lambda r: (order[r.verdict.word], r.effect.difference, r.name)),
        "drops": [r for r in summary.by_operator if r.verdict.word == "drop"],
        "passes": [(k, value) for k, value in summary.base.passes.items() if k > 1] if summary.base else [],
        "parts": [p for p in PARTS if any(part == p for part, _ in summary.cells)],
        "scaffolds": [s for s in SCAFFOLDS if any(scaffold == s for _, scaffold in summary.cells)],
        "beside": _beside(summary),
        **_judges(summary),
        "curves": [(c, curve(c)) for c in summary.doses],
        "lost_fixtures": [f for f in summary.fixtures if f.perturbed < f.base - 0.1 and f.base > 0][:12],
        "never": [f for f in summary.fixtures if f.base == 0 and f.perturbed == 0],
    }


def _judges(summary: Summary) -> dict[str, Any]:
    """Which oracle judged how many decisions of recordings, and the agreement of those that have no gold."""
    known = [(words, summary.oracles[name]) for name, words in ORACLES.items() if name in summary.oracles]
    found = summary.agreement
    return {
        "judges": known if summary.oracles.keys() - {"fixture"} else [],
        "agreed": [("all", found.overall), *found.by_part.items()] if found else [],
    }


def _beside(summary: Summary) -> list[str]:
    """Costs and scorers that any row has, costs first."""
    known = {name for row in (*summary.by_operator, *summary.directional) for name in row.beside}
    return [*(name for name in COSTS if name in known), *sorted(known - set(COSTS))]


def plain_model(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The model's description as a page may show it."""
    return {key: clipped(value) if isinstance(value, str) else value for key, value in manifest["model"].items()}


def settings(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Everything that made the run what it is, flat."""
    flat: list[tuple[str, str]] = []
    for group, values in sorted(manifest.items()):
        if group in ("made_of", "simulated"):
            continue
        for key, value in values.items() if isinstance(values, Mapping) else [("", values)]:
            if value not in ("", [], None, False):
                flat.append((f"{group} {key}".strip(), clipped(str(value))))
    return flat


def css(row: Row | None) -> str:
    """A verdict's classes: colour and pattern; a drop is darker the larger it is."""
    if row is None:
        return "none"
    if row.verdict.word == "drop":
        return f"drop d{min(4, 1 + int(-10 * row.effect.difference))}"
    return "fine" if row.verdict.word == "no drop" else "unknown"


def query(**wanted: str) -> str:
    """A link into the list of decisions.

    >>> query(part="tools", only="lost")
    '#f:part=tools;only=lost'
    """
    return "#f:" + ";".join(f"{key}={quote(value, safe='')}" for key, value in wanted.items())


def _fit(value: Any) -> Any:
    """Whatever the template prints, fit to be seen; the page's own style and script are markup already."""
    return plain.shown(value) if type(value) is str else value


def _hash(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()
