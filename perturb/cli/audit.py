"""``perturb audit DIR``: steps whose gold most base answers miss; ``--apply FILE`` puts what is accepted into them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import orjson

from perturb.campaign.accepting import apply, decided
from perturb.campaign.audit import findings
from perturb.campaign.folder import read_manifest
from perturb.campaign.journal import Records
from perturb.campaign.plan import selection_of
from perturb.cli import again, output
from perturb.core.errors import UserError
from perturb.core.files import read_json, write_atomic
from perturb.recordings.choosing import chosen_episodes

AUDIT = "audit.json"


def main(options: argparse.Namespace) -> int:
    """List and write the entries, or apply them. Exit code 1 when there is something to decide."""
    if options.apply:
        path = Path(options.apply)
        return _apply(path, decided(path, read_json(path)), options.json)
    if not options.dir:
        raise UserError("name a run's folder, or --apply FILE")
    folder = Path(options.dir)
    manifest = read_manifest(folder)
    again.register(folder, manifest, options.load, needed=True)
    chosen = selection_of(manifest)
    path = Path(options.out) if options.out else folder / AUDIT
    known = _known(path)
    episodes = list(chosen_episodes(chosen.fixtures, chosen.tools))
    entries = [_kept(entry, known) for entry in findings(Records(folder), episodes, chosen)]
    write_atomic(path, orjson.dumps(entries, option=orjson.OPT_INDENT_2) + b"\n")
    if options.json:
        output.emit_json(entries)
    else:
        for entry in entries:
            output.emit(output.printable(_text(entry)))
    left = sum(entry["decision"] == "?" for entry in entries)
    output.say(f'{left} to decide: set "decision" to accept or reject in {path}, then: perturb audit --apply {path}')
    return 1 if left else 0


def _known(path: Path) -> dict[bytes, str]:
    """What was decided in an earlier audit, so that nobody is asked twice."""
    if not path.exists():
        return {}
    return {_key(entry): entry["decision"] for entry in decided(path, read_json(path))}


def _key(entry: dict[str, Any]) -> bytes:
    return orjson.dumps([entry["step"], entry["accept"]], option=orjson.OPT_SORT_KEYS)


def _kept(entry: dict[str, Any], known: dict[bytes, str]) -> dict[str, Any]:
    return {**entry, "decision": known.get(_key(entry), "?")}


def _text(entry: dict[str, Any]) -> str:
    where = f"{entry['fixture']}: line {entry['line']}" if entry["line"] else entry["fixture"]
    said = "; ".join(f"{one['action']} {one['args']}" for one in entry["accept"])
    gold = "; ".join(f"{one['action']} {one['args']}" for one in entry["gold"])
    lines = [f"{entry['step']} ({entry['answers']} answers; {', '.join(entry['scaffolds'])}) {where}"]
    lines += [f"  gold:     {gold[:400]}", f"  answered: {said[:400]}", f"  verdict:  {entry['outcome'][:400]}"]
    return "\n".join([*lines, *(f"  world:    {line}" for line in entry["world"])])


def _apply(path: Path, entries: list[dict[str, Any]], as_data: bool) -> int:
    added = apply(entries)
    if as_data:
        output.emit_json(added)
    else:
        for name, count in added.items():
            output.emit(output.printable(f"{name}: {count} alternatives added"))
    left = sum(entry["decision"] == "?" for entry in entries)
    output.say(f"{path}: {left} still to decide; perturb check FILE holds a changed fixture to the laws")
    return 0
