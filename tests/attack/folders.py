"""Run folders that other people made: any JSON where a manifest or a record should be is one line and exit 2."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perturb.campaign.lines import sealed
from tests.attack import Row
from tests.attack._command import RUN, command

ANY = (
    b"",
    b"\xff\xfe",
    b"null",
    b"0",
    b'"x"',
    b"[]",
    b"[{}]",
    b"{}",
    b"NaN",
    b'{"version": NaN}',
    b"[" * 5000 + b"]" * 5000,
    b'{"version": 2, "a": ' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"version": 1}',
    b'{"version": 3}',
    b'{"version": "2"}',
    b'{"version": 18446744073709551616}',
    b'{"version": 2}',
    b"{" + b'"a": 1, ' * 9 + b'"version": 2}',
)
ODD = (None, True, -1, 0, 2**63, 2**64, 1e308, "", "x", "\x1b[2J")
WRONG: tuple[Any, ...] = (*ODD, [], {}, [1], {"a": {}}, [[]], "$gone")
READ = (("report", "DIR"), ("show", "cli-csv-count@4/mini_agent#0", "--run", "DIR"))


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every member of a JSON value stands."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield (*above, key)
        yield from places(inner, (*above, key))


def changed(value: Any, place: tuple[Any, ...], wrong: Any) -> Any:
    """A copy with another value at one place, or without it."""
    made = json.loads(json.dumps(value))
    inner = made
    for key in place[:-1]:
        inner = inner[key]
    if wrong == "$gone":
        del inner[place[-1]]
    else:
        inner[place[-1]] = wrong
    return made


def calm(folder: Path, name: str, commands: tuple[tuple[str, ...], ...] = READ) -> str:
    """The commands on this folder: done, or one line with exit 2 (3: a record of a failed request); "" when so."""
    for arguments in commands:
        done = command(*(argument.replace("DIR", str(folder)) for argument in arguments))
        if done.code == 0 or (done.code == 3 and "Traceback" not in done.err):
            continue
        if not done.one_line(2) or "\x1b" in done.err:
            return f"{name}: {arguments[0]}: exit {done.code}: {done.err[-400:]}"
    return ""


def row(name: str, said: list[str]) -> Row:
    wrong = [one for one in said if one]
    return Row(name, len(said), len(said) - len(wrong), wrong[0][:400] if wrong else "")


def any_manifest(folder: Path) -> Row:
    """No manifest at all."""
    said = []
    for raw in ANY:
        (folder / "run.json").write_bytes(raw)
        for arguments in (
            ("report", str(folder)),
            ("resume", str(folder)),
            ("score", str(folder)),
            (*RUN, "--out", str(folder)),
        ):
            done = command(*arguments)
            said.append("" if done.one_line(2, str(folder)) else f"{raw[:40]!r}: exit {done.code}: {done.err[-300:]}")
    return row("run.json: any bytes or JSON value", said)


def twice(folder: Path, manifest: dict[str, Any]) -> Row:
    """Every field of the manifest twice."""
    said = []
    for name in manifest:
        raw = json.dumps(manifest)[:-1] + f', "{name}": {json.dumps(manifest[name])}}}'
        (folder / "run.json").write_text(raw)
        said.append("" if command("report", str(folder)).one_line(2, "run.json", name, "twice") else name)
    return row("run.json: a field twice", said)


def one_wrong(folder: Path, manifest: dict[str, Any], rng: random.Random, count: int) -> Row:
    """One wrong value, or one that is missing, anywhere in the manifest."""
    every = [(place, wrong) for place in places(manifest) if place[0] != "made_of" for wrong in WRONG]
    said = []
    for place, wrong in rng.sample(every, min(count, len(every))):
        (folder / "run.json").write_text(json.dumps(changed(manifest, place, wrong)))
        said.append(calm(folder, f"{place} = {wrong!r}"))
    (folder / "run.json").write_text(json.dumps(manifest))
    return row("run.json: one wrong value anywhere", said)


def wrong_record(folder: Path, rng: random.Random, count: int) -> Row:
    """One wrong value anywhere in a record, its checksum right."""
    path = folder / "journal.jsonl"
    before = path.read_bytes()
    records = [json.loads(line) for line in before.splitlines()]
    for record in records:
        del record["sum"]
    every = [(n, place, wrong) for n, r in enumerate(records) for place in places(r) for wrong in WRONG]
    said = []
    for number, place, wrong in rng.sample(every, min(count, len(every))):
        bad = changed(records[number], place, wrong)
        path.write_bytes(b"".join(map(sealed, [*records[:number], bad, *records[number + 1 :]])))
        said.append(calm(folder, f"line {number + 1} {place} = {wrong!r}", (*READ, ("score", "DIR"))))
    path.write_bytes(before)
    return row("journal: one wrong value anywhere, checksum right", said)


def other_records(folder: Path) -> Row:
    """Lines that are intact and yet no records, or contradict each other."""
    path = folder / "journal.jsonl"
    before = path.read_bytes()
    record = json.loads(before.splitlines()[0])
    del record["sum"]
    other = {**record, "verdict": {**record["verdict"], "joint": 0}}
    cases = [
        ([{**record, "v": 3}], ("line 1", "version 3")),
        ([{**record, "v": None}], ("line 1", "version unknown")),
        ([{"a": 1}], ("line 1", "version")),
        ([record, {**record, "kind": "other"}], ("line 2", "kind")),
        ([record, record, other], ("lines 1 and 3", record["id"])),
        ([{**record, "response": None}], ("line 1", "response and failure")),
        ([record, {**record, "sample": "1"}], ("line 2", "sample")),
    ]
    said = []
    for rows, words in cases:
        path.write_bytes(b"".join(map(sealed, rows)))
        done = command("report", str(folder))
        said.append("" if done.one_line(2, "journal.jsonl", *words) else f"{words}: exit {done.code} {done.err[-300:]}")
    path.write_bytes(before)
    return row("journal: another version, no record, a contradiction", said)


def matrix(count: int) -> Iterator[Row]:
    """`count` wrong values of each kind."""
    rng = random.Random(8)
    with tempfile.TemporaryDirectory() as place:
        whole, folder = Path(place) / "whole", Path(place) / "run"
        assert command(*RUN, "--out", str(whole)).code == 0
        shutil.copytree(whole, folder)
        manifest = json.loads((folder / "run.json").read_text())
        yield other_records(folder)
        yield one_wrong(folder, manifest, rng, count)
        yield wrong_record(folder, rng, count)
        yield twice(folder, manifest)
        yield any_manifest(folder)


def attack() -> Iterator[Row]:
    """1,000 wrong values of each kind, or as many as there are."""
    yield from matrix(1000)


def sample() -> Iterator[Row]:
    """Some."""
    yield from matrix(60)
