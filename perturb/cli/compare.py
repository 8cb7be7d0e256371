"""``perturb compare A B …``: runs of the same requests side by side."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from perturb.campaign.folder import read_manifest
from perturb.campaign.journal import Records
from perturb.cli import again, output
from perturb.core.errors import UserError
from perturb.core.files import write_atomic
from perturb.report.side_by_side import Side, comparison_page
from perturb.report.terminal import interval, percent
from perturb.statistics.as_json import effect_json
from perturb.statistics.compared import Comparison, compare, said
from perturb.statistics.summary import Summary, summarise

SHOWN = 10


def main(options: argparse.Namespace) -> int:
    """The first run against each other one. Exit code 1 when any is worse anywhere."""
    folders = [Path(name) for name in options.dirs]
    if len(folders) < 2:
        raise UserError("compare takes two runs or more")
    runs = [loaded(folder, options) for folder in folders]
    others = zip(folders[1:], runs[1:], strict=True)
    found = [(folder, compare(runs[0][1], run[1], options.margin)) for folder, run in others]
    for folder, one in found:
        if not one.paired:
            raise UserError(f"{folder}: has no request in common with {folders[0]}")
    names = [f"{manifest['model']['name']} ({folder})" for folder, (manifest, _, _) in zip(folders, runs, strict=True)]
    if options.out:
        sides = [Side(name, *run) for name, run in zip(names, runs, strict=True)]
        write_page(Path(options.out), sides, [one for _, one in found])
    if options.json:
        output.emit_json([_json(names, n, one) for n, (_, one) in enumerate(found, 1)])
    else:
        for n, (_, one) in enumerate(found, 1):
            output.emit(output.printable(_text(names[0], names[n], one)))
    return 1 if any(row.word == "worse" for _, one in found for row in one.rows) else 0


def loaded(folder: Path, options: argparse.Namespace) -> tuple[dict[str, Any], Records, Summary]:
    """A run: manifest, records, summary."""
    manifest = read_manifest(folder)
    again.register(folder, manifest, options.load, needed=False)
    records = Records(folder)
    return manifest, records, summarise(records)


def _json(names: list[str], n: int, one: Comparison) -> dict[str, Any]:
    rows = [
        {
            "table": r.table,
            "name": r.name,
            "word": r.word,
            "more_fixtures": r.more,
            "p_holm": r.p,
            **effect_json(r.effect),
        }
        for r in one.rows
    ]
    flips = {"lost": list(one.lost), "won": list(one.won)}
    counts = {"paired": one.paired, "unpaired": one.unpaired}
    return {"first": names[0], "second": names[n], "sentence": said(one), **counts, "rows": rows, **flips}


def _text(first: str, second: str, one: Comparison) -> str:
    lines = [
        *wrap(f"{second} against {first}", 80, subsequent_indent="  "),
        *wrap(said(one), 80, subsequent_indent="  ", break_on_hyphens=False),
        f"{one.paired} requests in both, {one.unpaired} left out; {len(one.lost)} lost, {len(one.won)} won",
        "",
        f"{'':<30}{'first':>6}{'second':>7}{'change':>7}{'95 % interval':>17}  verdict",
    ]
    real = [r for r in one.rows if r.table != "operator" or r.word in ("worse", "better")]
    for row in real:
        e = row.effect
        numbers = f"{e.base:>6.3f}{e.perturbed:>7.3f}{percent(e.difference):>7}{interval(e):>17}"
        lines.append(f"{row.name[:29]:<30}{numbers}  {row.word}{f' +{row.more}' if row.more else ''}")
    for title, ids in (("lost", one.lost), ("won", one.won)):
        lines += [f"{title}: {name}" for name in ids[:SHOWN]]
        if len(ids) > SHOWN:
            lines.append(f"{title}: … {len(ids) - SHOWN} more (--json, --out)")
    return "\n".join([*lines, f"corrected over {len(one.rows)} rows (Holm, 5 %)"])


def write_page(path: Path, sides: Sequence[Side], found: Sequence[Comparison]) -> None:
    """The page of a comparison, as a file."""
    write_atomic(path, comparison_page(sides, found).encode("utf-8", "backslashreplace"))
    output.say(f"page: {path}")
