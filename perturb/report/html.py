"""One self-contained HTML page: no script from outside, no request to anywhere, everything escaped.

The page's own script and style are its only ones, allowed by hash in its content security policy.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

from perturb.campaign.journal import Records
from perturb.core.errors import UserError
from perturb.core.files import write_atomic
from perturb.core.plain import clipped
from perturb.core.registry import SCAFFOLDS
from perturb.core.values import PARTS, Case
from perturb.report.detail import cases_by_id, detail, verdict_lines
from perturb.report.terminal import interval, percent
from perturb.statistics.rows import Row
from perturb.statistics.summary import Summary

# Failures shown in full: so many in all, and of each operator in each scaffold. The journal has every one.
FAILURES = 150
EACH = 2
TEMPLATES = Path(__file__).parent


def write_report(folder: Path, manifest: dict[str, Any], summary: Summary) -> Path:
    """Write ``report.html`` into the run's folder and return its path."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    page = environment.get_template("report.html.j2").render(
        manifest=manifest,
        model={key: clipped(value) if isinstance(value, str) else value for key, value in manifest["model"].items()},
        summary=summary,
        worst=sorted(summary.by_operator, key=lambda row: row.effect.difference),
        parts=[p for p in PARTS if any(part == p for part, _ in summary.cells)],
        scaffolds=[s for s in SCAFFOLDS if any(scaffold == s for _, scaffold in summary.cells)],
        failures=list(failures(folder, manifest)),
        percent=percent,
        interval=interval,
        heat=heat,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    path = folder / "report.html"
    write_atomic(path, page.encode("utf-8", "backslashreplace"))
    return path


def _hash(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def heat(row: Row) -> int:
    """A cell's colour step: 0 (no drop) to 5 (half or more lost), by the measured drop."""
    return min(5, max(0, round(-10 * row.effect.difference)))


def failures(folder: Path, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The failures shown in full: those that the perturbation caused (base right, perturbed wrong) first."""
    records = Records(folder)
    base_right = {r["id"] for r in records if r["kind"] == "base" and r["verdict"] and r["verdict"]["joint"]}
    chosen: list[tuple[bool, dict[str, Any]]] = []
    seen: Counter[tuple[str, str, bool]] = Counter()
    for record in records:
        if not record["verdict"] or record["verdict"]["joint"]:
            continue
        caused = record["kind"] == "perturbed" and record["base"] in base_right
        key = (record["operator"], record["scaffold"], caused)
        seen[key] += 1
        if seen[key] <= EACH:
            chosen.append((caused, record))
    chosen.sort(key=lambda row: not row[0])
    cases = cases_by_id(manifest) if chosen else {}
    return [_failure(record, manifest, caused, cases) for caused, record in chosen[:FAILURES]]


def _failure(record: dict[str, Any], manifest: dict[str, Any], caused: bool, cases: dict[str, Case]) -> dict[str, Any]:
    verdict = record["verdict"]
    shown = {"id": record["id"], "caused": caused, "outcome": verdict["outcome"], "operator": record["operator"]}
    try:
        found = detail(record, manifest, cases)
    except UserError as error:
        return {**shown, "difference": str(error), "prompt": "", "reply": "", "ideal": "", "verdict": ""}
    return {
        **shown,
        "difference": clipped(found["difference"] or "(this is the base)"),
        "prompt": clipped(found["prompt"]),
        "reply": clipped(_reply(found)),
        "ideal": clipped(_ideal(found["expected"]["ideal"])),
        "verdict": clipped("\n".join(verdict_lines(verdict))),
    }


def _reply(found: dict[str, Any]) -> str:
    calls = "\n".join(f"{call['tool']} {call['args']}" for call in found["reply_calls"] or ())
    return "\n".join(part for part in (found["reply_thinking"], found["reply"], calls) if part)


def _ideal(answer: dict[str, Any]) -> str:
    return "\n".join([answer["text"], *(f"{call['tool']} {call['args']}" for call in answer["calls"])])
