"""Lines that were never meant to be run: broken by chance, hostile on purpose, reaching for the host."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from perturb.core.values import Intent, World
from perturb.toolbox.shell.analysis import analyse
from perturb.toolbox.shell.meaning import Place
from perturb.world.execute import execute
from tests.attack import Row
from tests.world.conformance import rows as conformance
from tests.world.test_sandbox import HOSTILE

LABELLED = Path(__file__).parents[1] / "world/commands.jsonl"
LINES = [json.loads(line)["command"] for line in LABELLED.read_text(encoding="utf-8").splitlines()]
CHARACTERS = "abc*+()[]{}|\\ '\"$`<>&;\n-.0x#!=~/é漢\t\0%,:"
WORLD = World(cwd="/w", files={"/w/a.py": "1\n2\n", "/w/src/b.py": "x"}, python={"pytest -q": "ok\n"})
BROKEN = 10_000
LONGEST = 12.0  # seconds; the sandbox ends a line after two, and tries one again that had no processor


def broken(chance: random.Random, lines: list[str]) -> str:
    """A line with a few characters put in, taken out, or another line's start in the middle."""
    if chance.random() < 0.3:
        return "".join(chance.choice(CHARACTERS) for _ in range(chance.randrange(60)))
    line = chance.choice(lines)
    for _ in range(chance.randrange(1, 5)):
        at, kind = chance.randrange(len(line) + 1), chance.randrange(3)
        piece = (chance.choice(CHARACTERS), "", chance.choice(lines)[: chance.randrange(30)])[kind]
        line = line[:at] + piece + line[at + (chance.randrange(4) if kind == 1 else 0) :]
    return line


def ends(line: str) -> bool:
    """Whether a line is read and run in bounded time, and what comes of it is JSON."""
    begun = time.monotonic()
    read = analyse(line, Place(WORLD.cwd, WORLD.home, WORLD.files))
    world, result = execute(WORLD, Intent("shell.run", {"command": line}))
    json.dumps([dict(result.data), dict(world.files), dict(world.git), list(read.effects)])
    return result.kind == "shell" and time.monotonic() - begun < LONGEST


def survived(lines: list[str]) -> int:
    """How many lines end as promised."""
    count = 0
    for line in lines:
        try:
            count += ends(line)
        except Exception:
            continue
    return count


def attack() -> Iterator[Row]:
    """Broken lines, hostile lines, and lines that reach for the host."""
    known = [*LINES, *(str(row["command"]) for row in conformance())]
    chance = random.Random(9)
    lines = [broken(chance, known) for _ in range(BROKEN)]
    yield Row("sandbox: lines broken by chance", len(lines), survived(lines), "read and run, an answer each")
    yield Row("sandbox: hostile lines", len(HOSTILE), survived(HOSTILE), f"each ends within {LONGEST:.0f} s")
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder, "secret.txt")
        secret.write_text("host-secret")
        tries = [
            f"cat {secret}", f"cp {secret} x; cat x", f"ls {folder}", "find / -name secret.txt -exec cat {} +",
            f"python3 -c \"print(open('{secret}').read())\"", f". {secret}", f"bash {secret}", f"diff {secret} a.py",
            f"curl file://{secret}", f"tar cf - {folder} | cat", f"ln -s {secret} l; cat l", f"jq -R . {secret}",
            f"echo gone > {secret}", f"rm -rf {folder}", f"exec 3<{secret}; cat <&3", "cat /proc/self/environ",
        ]  # fmt: skip
        kept = 0
        for line in tries:
            said = str(dict(execute(WORLD, Intent("shell.run", {"command": line}))[1].data))
            kept += "host-secret" not in said and secret.read_text() == "host-secret"
        yield Row("sandbox: lines that reach for the host", len(tries), kept, "nothing read, nothing changed")
