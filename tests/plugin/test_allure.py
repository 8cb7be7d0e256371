"""Allure: what results say, and the generated report in a real browser with its network watched."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

from perturb.core.errors import UserError
from perturb.core.registry import OPERATORS
from perturb.engines.settings import API_KEY
from perturb.report import allure_run, allure_site
from perturb.report.heatmap import heatmap
from perturb.statistics.summary import summarise
from tests.loopback import Server, ok, serving

ROOT = Path(__file__).parents[2]
ALLURE = ROOT / "node_modules" / ".bin" / "allure"
CHROMIUM = shutil.which("chromium")
needs_allure = pytest.mark.skipif(not ALLURE.exists(), reason="Allure 3 is not installed (npm ci)")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

TESTS = """
import pytest
from perturb import assert_correct, assert_no_drop

SMALL = dict(scaffolds=["mini_agent", "cline_like"], fixtures=["cli-csv-count"])

@pytest.mark.perturb(operators=["tools.namespace_prefix", "user.typos"], **SMALL)
def test_decision(perturb_decision):
    assert_correct(perturb_decision)

@pytest.mark.perturb(operators=["tools.*_names"], limit=30)
def test_cell(perturb_cell):
    assert_no_drop(perturb_cell)
"""
# Every way to break out that a report, a terminal or a template could have.
BAD = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "<svg onload=\"document.title='owned'\">\x1b[31mred\x1b]0;owned\x07 [x](javascript:document.title='owned') "
    '{{7*7}} \x00\u202e</pre></textarea><iframe src="http://127.0.0.1:9/"></iframe>'
)


def hostile(server: Server) -> None:
    """Let `server` write hostile text into every field that a model or a server can fill."""
    call = {"id": BAD, "type": "function", "function": {"name": BAD, "arguments": orjson.dumps({BAD: BAD}).decode()}}
    message = {"content": BAD, "reasoning_content": BAD, "tool_calls": [call]}
    server.models = (200, {}, orjson.dumps({"data": [{"id": BAD, "owned_by": BAD}]}))
    # Another finish than the known ones is no answer at all.
    server.reply = lambda *_: ok(message, "tool_calls")


def run(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--alluredir", "results", *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **(environment or {})}
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout + done.stderr


def results_of(folder: Path) -> list[dict[str, Any]]:
    return [orjson.loads(path.read_bytes()) for path in sorted((folder / "results").glob("*-result.json"))]


def labels(result: dict[str, Any]) -> dict[str, str]:
    return {label["name"]: label["value"] for label in result["labels"]}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with results of a defective agent and, by another test run, of a hostile one."""
    folder = tmp_path_factory.mktemp("allure")
    (folder / "test_mine.py").write_text(TESTS)
    with serving() as server:
        hostile(server)
        run(folder, "--perturb-base-url", server.url, "-k", "decision and typos")
    run(folder, "--perturb-agent", "memorises_tool_names")
    return folder


def test_labels_say_part_operator_scaffold_severity_and_outcome(ran: Path) -> None:
    wrong = [r for r in results_of(ran) if r["status"] == "failed" and "namespace_prefix" in r["name"]]
    assert wrong
    said = labels(wrong[0])
    assert (said["epic"], said["feature"]) == ("tools", "tools.namespace_prefix")
    assert said["story"] in ("mini_agent", "cline_like")
    assert (said["severity"], said["outcome"]) == ("blocker", "wrong_tool")
    assert wrong[0]["links"][0]["url"] == "operators.html#tools.namespace_prefix"
    parameters = {p["name"]: p for p in wrong[0]["parameters"]}
    assert {"model", "case", "operator", "scaffold", "sample"} <= parameters.keys()
    assert "simulated agent" in parameters["model"]["value"]
    assert parameters["perturb_decision"]["excluded"]
    right = next(r for r in results_of(ran) if r["status"] == "passed" and "test_decision" in r["fullName"])
    assert labels(right)["severity"] == "trivial"


def test_attachments_hold_what_a_person_needs(ran: Path) -> None:
    wrong = next(
        r for r in results_of(ran) if "namespace_prefix" in r["name"] and "·" in r["name"] and r["status"] == "failed"
    )
    kinds = {a["name"]: a["type"] for a in wrong["attachments"]}
    assert set(kinds) == {
        "base → perturbed.diff.txt",
        "prompt.txt",
        "raw reply.txt",
        "parsed calls.json",
        "expected.json",
        "verdict.txt",
        "record.json",
    }
    assert set(kinds.values()) == {"text/plain", "application/json"}
    source = next(a["source"] for a in wrong["attachments"] if a["name"].endswith("diff.txt"))
    assert "{+" in (ran / "results" / source).read_text()
    right = next(r for r in results_of(ran) if r["status"] == "passed" and "test_decision" in r["fullName"])
    assert "attachments" not in right


def test_history_does_not_depend_on_the_seed(ran: Path, tmp_path: Path) -> None:
    def identities(folder: Path) -> dict[str, str]:
        return {r["name"]: r["historyId"] for r in results_of(folder) if "·" in r["name"]}

    (tmp_path / "test_mine.py").write_text(TESTS)
    run(tmp_path, "--perturb-agent", "memorises_tool_names", "--perturb-seed", "7", "-k", "decision")
    other = identities(tmp_path)
    known = {r["historyId"] for r in results_of(ran)}
    assert other
    assert set(other.values()) <= known
    assert len(set(other.values())) == len(other)


def test_run_level_files(ran: Path) -> None:
    folder = ran / "results"
    found = {m["key"]: m["value"] for m in orjson.loads((folder / "perturb-perf.json").read_bytes())}
    assert found["joint_base"] == 1.0
    assert 0 < found["drop_tools"] <= 100
    assert found["drop_user"] == 0
    assert {"joint_perturbed", "flip_rate", "schema_valid_rate"} <= found.keys()
    assert found.keys() <= allure_run.metric_titles().keys()
    environment = (folder / "environment.properties").read_text()
    assert "model_kind=simulated agent" in environment
    assert orjson.loads((folder / "executor.json").read_bytes())["type"] == "local"
    source = orjson.loads((folder / "perturb-globals.json").read_bytes())["attachments"][0]["source"]
    assert (folder / source).read_text().startswith("<svg")


def test_executors() -> None:
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_SERVER_URL": "https://x",
        "GITHUB_REPOSITORY": "a/b",
        "GITHUB_RUN_ID": "5",
    }
    assert allure_run.executor({**github, "GITHUB_RUN_NUMBER": "3"})["buildUrl"] == "https://x/a/b/actions/runs/5"
    assert allure_run.executor({"GITLAB_CI": "1", "CI_PIPELINE_IID": "8", "CI_JOB_URL": "u"})["buildOrder"] == 8


def test_a_server_failure_is_broken_and_no_secret_is_written(tmp_path: Path, server: Server) -> None:
    secret = "sk-very-secret-3141592653"
    server.reply = lambda *_: (400, {}, str(server.headers[-1]).encode())
    (tmp_path / "test_mine.py").write_text(TESTS)
    said = run(
        tmp_path,
        "--perturb-base-url",
        server.url,
        "-k",
        "decision",
        "-vv",
        "--showlocals",
        environment={API_KEY: secret},
    )
    assert any(secret in str(headers) for headers in server.headers)
    assert {r["status"] for r in results_of(tmp_path)} == {"broken"}
    assert labels(results_of(tmp_path)[0])["epic"] in ("tools", "user")
    assert secret not in said
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path


def test_the_heatmap_is_a_safe_picture() -> None:
    import xml.etree.ElementTree as ElementTree

    record = {"kind": "base", "cluster": "c", "scaffold": "mini_agent", "scores": {}, "operator": "", "part": ""}
    rest = {"failure": None, "unscored": None, "response": {}, "base": "b", "digest": ""}
    good = {"joint": 1, "outcome": "correct", "rules": []}
    rows = [{**record, **rest, "id": "b", "verdict": good}]
    change = {"id": "p", "kind": "perturbed", "part": "tools", "operator": "tools.rename_tool"}
    rows.append({**record, **rest, **change, "verdict": {**good, "joint": 0}})
    picture = heatmap(summarise(rows), "<script>\x00")
    root = ElementTree.fromstring(picture)
    assert "-100.0? (n=1)" in [element.text for element in root.iter() if element.text]
    assert "<script>" not in picture


@pytest.fixture(scope="module")
def site(ran: Path) -> Path:
    if not ALLURE.exists():
        pytest.skip("Allure 3 is not installed (npm ci)")
    command = [
        sys.executable,
        "-m",
        "perturb.cli.main",
        "allure",
        "results",
        "--out",
        "report",
        "--allure",
        str(ALLURE),
    ]
    for _ in range(2):
        subprocess.run([*command, "--history", "history.jsonl"], cwd=ran, check=True, capture_output=True)
    return ran / "report"


def test_no_page_has_a_script_from_outside(site: Path) -> None:
    pages = [page.read_text() for page in site.rglob("*.html")]
    assert pages
    assert not any("googletagmanager" in page or "gtag(" in page for page in pages)
    assert "Content-Security-Policy" in (site / "index.html").read_text()
    assert all(f'id="{name}"' in (site / "operators.html").read_text() for name in OPERATORS)


def test_history_and_trends(site: Path) -> None:
    lines = [orjson.loads(line) for line in (site.parent / "history.jsonl").read_bytes().splitlines()]
    assert len(lines) == 2
    assert lines[0]["metrics"].keys() >= {"joint_perturbed", "drop_tools", "flip_rate"}
    assert lines[0]["testResults"].keys() == lines[1]["testResults"].keys()
    assert (site / "widgets" / "metrics.json").exists()


@needs_allure
@pytest.mark.parametrize(("gate", "code"), [("joint_perturbed>=0.999", 1), ("drop_user<=1", 0)])
def test_the_gate(ran: Path, gate: str, code: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "perturb.cli.main", "allure", str(ran / "results"), "--out", str(tmp_path / "r")]
    done = subprocess.run(
        [*command, "--allure", str(ALLURE), "--gate", gate], check=False, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    assert ("below the required minimum" in done.stderr) == bool(code)
    assert (tmp_path / "r" / "index.html").exists()


def test_bad_gates_and_folders_are_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="METRIC>=NUMBER"):
        allure_site.config(tmp_path, None, ["speed>=3"])
    command = [sys.executable, "-m", "perturb.cli.main", "allure", str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, "no Allure results here" in done.stderr) == (2, True)


@pytest.fixture
def url(site: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the inherited name
        pass


@pytest.mark.browser
@needs_browser
def test_a_person_reads_a_failure_and_nothing_leaves_the_machine(url: str) -> None:
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(url)
        page.get_by_text("tools.namespace_prefix · cli-csv-count@1 · mini_agent").first.click()
        page.get_by_text("base → perturbed.diff.txt").first.click()
        page.get_by_text("{+").first.wait_for()
        assert page.get_by_text("Wrong tool").first.is_visible()
        page.goto(url + "operators.html#tools.namespace_prefix")
        assert page.locator("id=tools.namespace_prefix").is_visible()
        browser.close()
    assert asked
    assert [address for address in asked if not address.startswith((url, "data:", "blob:"))] == []


@pytest.mark.browser
@needs_browser
def test_nothing_from_a_model_runs_in_the_page(url: str) -> None:
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: asked.append("a dialog: " + dialog.message))
        page.goto(url)
        page.get_by_text("user.typos · cli-csv-count@1 · mini_agent").first.click()
        for name in ("raw reply.txt", "parsed calls.json", "verdict.txt", "prompt.txt"):
            page.get_by_text(name).first.click()
        page.get_by_text("<script>document.title='owned'").first.wait_for()
        page.wait_for_timeout(300)
        assert "owned" not in page.title()
        assert page.locator("iframe").count() == 0
        browser.close()
    assert [address for address in asked if not address.startswith((url, "data:", "blob:"))] == []
