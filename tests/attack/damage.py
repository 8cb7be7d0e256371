"""A journal damaged on the disk: no damaged line is ever taken for a record, every sound one is used, all is named."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from perturb.campaign.journal import Records
from perturb.core.errors import UserError
from tests.attack import Row
from tests.attack._command import RUN, command

Damaged = Callable[[bytes, random.Random], bytes]


def flipped(journal: bytes, rng: random.Random) -> bytes:
    """One bit, anywhere."""
    place = rng.randrange(len(journal))
    return journal[:place] + bytes([journal[place] ^ (1 << rng.randrange(8))]) + journal[place + 1 :]


def spliced(journal: bytes, rng: random.Random) -> bytes:
    """The beginning of one line with the end of another."""
    lines = journal.splitlines(True)
    one, other = rng.sample(range(len(lines)), 2)
    head, tail = lines[one][: rng.randint(1, len(lines[one]) - 2)], lines[other]
    lines[one] = head + tail[rng.randint(1, len(tail) - 2) :]
    return b"".join(lines)


def holed(journal: bytes, rng: random.Random) -> bytes:
    """A block of zeros, as a power cut can leave it."""
    start = rng.randrange(len(journal))
    length = min(rng.choice((1, 512, 4096)), len(journal) - start)
    return journal[:start] + bytes(length) + journal[start + length :]


def torn_out(journal: bytes, rng: random.Random) -> bytes:
    """A stretch of bytes that is gone."""
    start = rng.randrange(len(journal))
    return journal[:start] + journal[start + rng.randint(1, 3000) :]


def verdict(folder: Path, before: bytes, after: bytes) -> str:
    """What is wrong with how the damaged journal was read; "" when nothing is."""
    sound = set(before.splitlines(True))
    whole = [part + b"\n" for part in after.split(b"\n")]
    good = {line for line in whole if line in sound}
    if whole[-1] == b"\n":
        whole.pop()
    bad = sum(line not in sound for line in whole)
    (folder / "journal.jsonl").write_bytes(after)
    records = Records(folder)
    if len(records) != len(good):
        return f"{len(records)} records used of {len(good)} sound lines"
    named = len(records.damage.lines) + records.damage.cut
    return "" if named == bad else f"{named} lines named of {bad} damaged ones"


def damaged(kind: str, damage: Damaged, count: int, folder: Path, journal: bytes) -> Row:
    """`count` damaged copies of a journal, each read."""
    rng = random.Random(kind)
    wrong = []
    for _ in range(count):
        after = damage(journal, rng)
        try:
            said = verdict(folder, journal, after) if after != journal else ""
        except UserError as error:
            said = str(error)
        wrong += [said] if said else []
    return Row(f"journal: {kind}", count, count - len(wrong), wrong[0][:200] if wrong else "")


def truncated(folder: Path, journal: bytes, every: int) -> Row:
    """The journal cut at each `every`-th byte."""
    places = range(0, len(journal), every)
    wrong = [said for place in places if (said := verdict(folder, journal, journal[:place]))]
    return Row("journal: cut off at every byte", len(places), len(places) - len(wrong), wrong[0][:200] if wrong else "")


def said_by_commands(folder: Path, journal: bytes) -> Row:
    """Each command that reads a journal says how many lines were damaged, and uses the rest."""
    lines = journal.splitlines(True)
    lines[2] = lines[2].replace(b"a", b"b", 1)
    shown = Records(folder)
    first = next(iter(shown))["id"]
    tried = survived = 0
    for arguments in (("report", "DIR"), ("show", first, "--run", "DIR"), ("score", "DIR"), ("resume", "DIR")):
        (folder / "journal.jsonl").write_bytes(b"".join(lines))
        done = command(*(argument.replace("DIR", str(folder)) for argument in arguments))
        tried += 1
        survived += done.code == 0 and "journal.jsonl: 1 damaged line is left out (line 3)" in done.err
    return Row("journal: a damaged line is named by every command", tried, survived, "report, show, score, resume")


def matrix(count: int, every: int) -> Iterator[Row]:
    """`count` of each kind of damage."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        assert command(*RUN, "--out", str(folder)).code == 0
        journal = (folder / "journal.jsonl").read_bytes()
        yield said_by_commands(folder, journal)
        yield damaged("one bit flipped", flipped, count, folder, journal)
        yield damaged("two lines spliced", spliced, count // 10, folder, journal)
        yield damaged("a block of zeros", holed, count // 10, folder, journal)
        yield damaged("bytes torn out", torn_out, count // 10, folder, journal)
        yield truncated(folder, journal, every)


def attack() -> Iterator[Row]:
    """3,000 bit flips, every byte."""
    yield from matrix(3000, 1)


def sample() -> Iterator[Row]:
    """Some."""
    yield from matrix(300, 29)
