"""No secret of a server, a person or the environment at any sink; nothing from outside drives the terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from perturb.campaign.lines import LineLog, Lines
from perturb.core.plain import clipped, one_line, printable, shortened
from perturb.report.allure_run import environment
from tests.attack import sinks
from tests.hostile.secrets_of_every_kind import NAMED, SHAPED
from tests.loopback import Server

ROOT = Path(__file__).parents[2]
KEY = "swordfish-Tr0ub4dor-2291"
ODD = "\x1b]0;owned\x07\x9b31m\u202e\u200b\u2066"
EVERY = {**SHAPED, **{f"named {kind}": text for kind, (text, _) in NAMED.items()}}


def secret_of(kind: str) -> str:
    """What must show nowhere."""
    return (
        NAMED[kind.removeprefix("named ")][1] if kind.startswith("named ") else max(SHAPED[kind].splitlines(), key=len)
    )


@pytest.mark.parametrize("kind", sorted(EVERY))
def test_every_kind_at_every_door(kind: str, tmp_path: Path) -> None:
    text, secret = EVERY[kind], secret_of(kind)
    row = {"failure": {"detail": f"HTTP 401: {text}"}, "response": {"text": text, "calls": None}, "id": "x"}
    with LineLog(tmp_path / "kept.jsonl") as log:
        log.append(row)
    with LineLog(tmp_path / "shared.jsonl", frozenset()) as log:
        log.append(row)
    kept = next(iter(Lines(tmp_path / "kept.jsonl", {})))
    assert kept["response"]["text"] == text
    assert secret not in kept["failure"]["detail"]
    assert secret not in (tmp_path / "shared.jsonl").read_text()
    said = f"trouble: {text}"
    for door in (clipped, one_line):
        assert secret not in door(said)
    cut = len(said) - 3
    assert secret[:-3] not in shortened(said, cut)
    model = {"name": said, "kind": "server", "version": said}
    run = {"perturb": "0", "model": model, "simulated": False, "selection": {"seed": 0}, "sampling": {"temperature": 1}}
    assert secret not in str([one_line(value) for value in environment(run).values()])


def perturb(*arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "perturb.cli.main", *arguments]
    environment = {**os.environ, **variables, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, cwd=ROOT, env=environment, timeout=300, check=False)


def leaks(done: subprocess.CompletedProcess[bytes], folder: Path) -> list[str]:
    """Where the key or a control character came through."""
    found = []
    for name, data in (("stdout", done.stdout), ("stderr", done.stderr)):
        text = data.decode()
        if KEY in text:
            found.append(f"{name}: the key")
        if printable(text) != text:
            found.append(f"{name}: {printable(text)[:200]}")
    return found + [str(p) for p in folder.rglob("*") if p.is_file() and KEY.encode() in p.read_bytes()]


def test_a_server_that_repeats_the_key_and_writes_to_the_terminal(server: Server, tmp_path: Path) -> None:
    """The answer of a server is its own: a key in it is redacted, escapes in it are spelled out."""

    said = f"{ODD} your key {KEY} is bad; Authorization: Bearer {KEY}".encode()
    server.models = 200, {}, json.dumps({"data": [{"id": f"m{ODD}", "owned_by": ODD}]}).encode()
    server.reply = lambda *_: (403, {}, said)
    options = ["--limit", "1", "--operator", "user.typos", "--out", str(tmp_path / "run")]
    done = perturb("run", "--base-url", server.url, *options, PERTURB_API_KEY=KEY)
    assert done.returncode in (2, 3), done.stderr
    assert leaks(done, tmp_path) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--agent", f"x{ODD}", "--out", "/tmp/none"],
        ["run", "--agent", "perfect", "--fixture", f"/nothing{ODD}.json", "--out", "/tmp/none"],
        ["run", "--agent", "perfect", "--operator", ODD, "--out", "/tmp/none"],
        ["list", ODD],
        [ODD],
        ["show", ODD, "--run", ODD],
        ["run", "--base-url", f"http://me:{KEY}@127.0.0.1:9/v1"],
        ["run", "--base-url", f"http://127.0.0.1:9/v1?api_key={KEY}"],
        ["run", "--base-url", f"http://127.0.0.1:9/{KEY}/v1"],
        ["run", "--base-url", "http://127.0.0.1:9/v1", "--api-key", f"{KEY}\n"],
        ["run", "--base-url", "http://127.0.0.1:9/v1", "--header", f"x-api-key={KEY}\n"],
        ["run", "--agent", f"token={KEY}"],
        ["import", f"/nothing/{ODD}", "--out", "/tmp/none.jsonl"],
        ["parse", f"/nothing/{ODD}"],
    ],
)
def test_what_is_said_of_a_wrong_option(arguments: list[str], tmp_path: Path) -> None:
    done = perturb(*arguments)
    assert done.returncode == 2, done.stderr
    assert leaks(done, tmp_path) == []
    lines = done.stderr.decode().splitlines()
    assert [line.startswith("perturb: ") for line in lines if not line.startswith("profile ")] == [True]


def test_keys_of_a_fixture_drive_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({ODD: 1, "version": 1, f"api_key={KEY}": KEY}))
    done = perturb("run", "--agent", "perfect", "--fixture", str(path), "--out", str(tmp_path / "run"), MY_TOKEN=KEY)
    path.unlink()
    assert done.returncode == 2
    assert leaks(done, tmp_path) == []


def test_secrets_of_several_kinds_reach_no_sink_of_a_real_run() -> None:
    """The whole matrix, every kind at every sink, is ``make attack``."""
    rows = list(sinks.sample())
    assert len(rows) >= 12
    assert [row for row in rows if row.survived != row.tried or not row.tried] == []
