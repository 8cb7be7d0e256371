"""Every kind of secret driven through every sink of real commands: a server's errors hold them, and nothing keeps them.

One run and one pytest session against a server that answers each request with an error that holds another secret; then
everything they wrote, printed and exported is searched.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from perturb.campaign.folder import write_manifest
from perturb.cli.main import main
from perturb.report.allure_run import write_run
from perturb.statistics.summary import summarise
from tests.attack import Row
from tests.hostile.secrets_of_every_kind import NAMED, SHAPED
from tests.loopback import Server, serving

ROOT = Path(__file__).parents[2]
EVERY: dict[str, str] = {**SHAPED, **{f"named {kind}": text for kind, (text, _) in NAMED.items()}}
SAMPLE = (
    "openai",
    "private key",
    "jwt",
    "slack webhook",
    "named basic",
    "named query",
    "named json in json",
    "named cookie",
)
MINE = """
import pytest
from perturb import assert_correct

@pytest.mark.perturb(operators=["user.casing"], scaffolds=["mini_agent", "cline_like"])
def test_decision(perturb_decision):
    assert_correct(perturb_decision)
"""


def secret_of(kind: str) -> str:
    """What must show nowhere."""
    named = kind.removeprefix("named ")
    return NAMED[named][1] if kind.startswith("named ") else max(SHAPED[kind].splitlines(), key=len)


def printed(*arguments: str, where: Path = ROOT) -> str:
    """What a program prints, on both streams."""
    command = [sys.executable, "-m", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, cwd=where, env=environment, timeout=500, check=False)
    return (done.stdout + done.stderr).decode()


def sinks(kinds: list[str]) -> Iterator[tuple[str, int, str]]:
    """(sink, how many errors with a secret reached it, all its text)."""
    texts = [EVERY[kind] for kind in kinds]
    with serving() as server, tempfile.TemporaryDirectory() as name:
        server.reply = lambda number, _: (
            400,
            {},
            json.dumps({"error": {"message": texts[number % len(texts)]}}).encode(),
        )
        yield from _of_a_run(server, Path(name) / "run", len(kinds))
        yield from _of_pytest(server, Path(name) / "mine", len(kinds))
        yield from _one_by_one(texts, Path(name))


def _files(folder: Path, pattern: str = "*") -> str:
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in folder.rglob(pattern) if path.is_file())


def _of_a_run(server: Server, out: Path, least: int) -> Iterator[tuple[str, int, str]]:
    options = ["--base-url", server.url, "--limit", str(max(4, least // 2)), "--operator", "user.casing"]
    screen = printed("perturb.cli.main", "run", *options, "--out", str(out))
    asked = len(server.asked)
    screen += printed("perturb.cli.main", "report", str(out))
    yield "terminal", asked, screen
    yield "run folder (journal, manifest, page)", asked, _files(out)
    for form in ("csv", "jsonl", "inspect"):
        path = out.with_suffix(f".{form}")
        screen = printed("perturb.cli.main", "export", str(out), "--format", form, "--out", str(path))
        yield f"export {form}", asked, screen + path.read_text()
    lines = [json.loads(line) for line in (out / "journal.jsonl").read_text().splitlines()]
    shown = "".join(printed("perturb.cli.main", "show", row["id"], "--run", str(out)) for row in lines[:2])
    yield "show", asked, shown
    manifest = json.loads((out / "run.json").read_text())
    raw = {"kind": "bad_request", "detail": "\n".join(EVERY.values())}
    write_run(out / "allure", summarise([{**row, "failure": raw} for row in lines[:1]]), manifest)
    yield "Allure's files of a run", len(EVERY), _files(out / "allure")


def _of_pytest(server: Server, folder: Path, least: int) -> Iterator[tuple[str, int, str]]:
    folder.mkdir()
    (folder / "test_mine.py").write_text(MINE)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    before = len(server.asked)
    options = ["-q", "-rA", "--perturb-base-url", server.url, "--perturb-limit", str(max(4, least))]
    screen = printed("pytest", *options, "--alluredir", "allure", "--junitxml", "junit.xml", where=folder)
    asked = len(server.asked) - before
    yield "pytest's output", asked, screen
    yield "Allure's results of tests", asked, _files(folder / "allure")
    yield "JUnit", asked, (folder / "junit.xml").read_text()
    yield "pytest's folder", asked, _files(folder)


def _one_by_one(texts: list[str], folder: Path) -> Iterator[tuple[str, int, str]]:
    """Sinks that take one text: a manifest, an option that is wrong."""
    manifests: dict[str, Any] = {}
    for number, text in enumerate(texts):
        place = folder / f"manifest-{number}"
        place.mkdir()
        write_manifest(place, {"model": {"name": text, "version": f"v {text}"}, "note": text})
        manifests[text] = (place / "run.json").read_text()
    yield "manifest", len(texts), "\n".join(manifests.values())
    stream = io.StringIO()
    with redirect_stderr(stream), redirect_stdout(stream):
        for text in texts:
            main(["run", "--agent", text, "--out", str(folder / "none")])
            main(["run", "--agent", "perfect", "--fixture", f"/nothing/{text}", "--out", str(folder / "none")])
    yield "lines on errors", 2 * len(texts), stream.getvalue()


def matrix(kinds: list[str]) -> Iterator[Row]:
    """For each sink: as many cells as there are kinds; one is survived when its secret is not there."""
    for sink, reached, text in sinks(kinds):
        found = [kind for kind in kinds if secret_of(kind) in text]
        detail = f"{reached} errors with secrets, none is left" if not found else f"left: {', '.join(found[:5])}"
        enough = reached >= len(kinds) and bool(text.strip())
        yield Row(f"secrets in {sink}", len(kinds), len(kinds) - len(found) if enough else 0, detail)


def attack() -> Iterator[Row]:
    """Every kind."""
    yield from matrix(sorted(EVERY))


def sample() -> Iterator[Row]:
    """A few of each sort."""
    yield from matrix(list(SAMPLE))
