"""What the documentation tells a person to do is done here: its files written, its commands run, in order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from perturb.judging.ideal import ideal
from tests.loopback import Server, ok

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What needs a registry, a GPU or an hour.
SKIPPED = ("pip install", "npm install", "make ", "perturb run --model", "perturb run --base-url")


def environment(server: Server) -> dict[str, str]:
    paths = [str(Path(sys.executable).parent), str(ROOT / "node_modules" / ".bin"), os.environ["PATH"]]
    return {
        **os.environ,
        "PATH": os.pathsep.join(paths),
        "BASE_URL": server.url,
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
    }


def shell(command: str, folder: Path, server: Server) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=environment(server),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("page", ["pytest", "hypothesis", "allure", "models", "python", "your-own-agent"])
def test_a_person_can_follow_it(page: str, tmp_path: Path, server: Server) -> None:
    if page == "allure" and not (ROOT / "node_modules" / ".bin" / "allure").exists():
        pytest.skip("Allure 3 is not installed (npm ci)")
    server.reply = lambda *_: ok({"content": "I would rather not."})
    done = 0
    for kind, body in BLOCK.findall((ROOT / "docs" / f"{page}.md").read_text()):
        if kind == "python":
            name = re.match(r"# (\S+\.py)\n", body)
            assert name, f"a block without its file's name: {body[:60]}"
            (tmp_path / name[1]).write_text(body)
        for line in body.splitlines() if kind == "sh" else ():
            command, _, comment = line.partition("   # ")
            if command.startswith(SKIPPED):
                continue
            wanted = int(comment.removeprefix("exit ")) if comment.startswith("exit ") else 0
            ran = shell(command, tmp_path, server)
            # `replay` says by its exit code whether today's answer is right.
            allowed = {0, 1} if command.startswith("perturb replay") else {wanted}
            assert ran.returncode in allowed, f"{command}\n{ran.stdout}\n{ran.stderr}"
            done += 1
    assert done


def test_the_operator_in_the_readme_obeys_the_laws(tmp_path: Path) -> None:
    body = next(body for kind, body in BLOCK.findall((ROOT / "README.md").read_text()) if kind == "python")
    (tmp_path / "mine.py").write_text(body)
    command = [sys.executable, "-m", "perturb.cli.main", "check", str(tmp_path / "mine.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_command_in_the_readme_exists() -> None:
    text = (ROOT / "README.md").read_text() + "".join(p.read_text() for p in (ROOT / "docs").glob("*.md"))
    commands = set(
        re.findall(r"\bperturb ([a-z]+)\b", "\n".join(re.findall(r"`[^`]+`|^perturb .*$", text, re.MULTILINE)))
    )
    known = subprocess.run(
        [sys.executable, "-m", "perturb.cli.main", "--help"], capture_output=True, text=True, check=True
    )
    assert commands
    assert {name for name in commands if name not in known.stdout} == set()


def github_steps() -> list[str]:
    job: Any = yaml.safe_load((ROOT / "docs" / "ci" / "github.yml").read_text())["jobs"]["robustness"]
    return [step["run"] for step in job["steps"] if "run" in step and step["name"] != "Install"]


def gitlab_steps() -> list[str]:
    return list(yaml.safe_load((ROOT / "docs" / "ci" / "gitlab.yml").read_text())["robustness"]["script"])


USERS_TEST = """
import pytest
from perturb import assert_correct

OPERATORS = ["tools.rename_tool", "user.typos"]

@pytest.mark.perturb(operators=OPERATORS, scaffolds=["mini_agent"], fixtures=["cli-csv-count"])
def test_decision(perturb_decision):
    assert_correct(perturb_decision)
"""


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize(("steps", "report"), [(github_steps(), "allure-report"), (gitlab_steps(), "public")])
def test_the_shell_steps_of_the_ci_recipes(
    steps: list[str], report: str, right: bool, tmp_path: Path, server: Server
) -> None:
    """They pass on a model that is right and, at the gate, fail on one that is not; the report is there either way."""
    if not (ROOT / "node_modules" / ".bin" / "allure").exists():
        pytest.skip("Allure 3 is not installed (npm ci)")
    server.reply = lambda _, asked: ok(ideal_message(asked)) if right else ok({"content": "No."})
    (tmp_path / "tests" / "robustness").mkdir(parents=True)
    (tmp_path / "tests" / "robustness" / "test_robust.py").write_text(USERS_TEST)
    codes = [shell(step, tmp_path, server).returncode for step in steps]
    assert codes[:-1] == [0] * (len(steps) - 1)
    assert codes[-1] == (0 if right else 1)
    assert (tmp_path / report / "index.html").exists()
    assert (tmp_path / ".allure" / "history.jsonl").exists()
    assert (tmp_path / "junit.xml").exists()


def ideal_message(asked: dict[str, Any]) -> dict[str, Any]:
    """A (simulated) right answer to a request: that of the decision whose messages these are."""
    import orjson

    from perturb.campaign.plan import Selection, plan

    if not _IDEAL:
        wanted = Selection(
            scaffolds=("mini_agent",), fixtures=("cli-csv-count",), operators=("tools.rename_tool", "user.typos")
        )
        for item in plan(wanted):
            reply = ideal(item.case).reply
            calls = [
                {
                    "id": f"c{n}",
                    "type": "function",
                    "function": {"name": c.tool, "arguments": orjson.dumps(c.args).decode()},
                }
                for n, c in enumerate(reply.calls)
            ]
            key = orjson.dumps([_texts(item.request.messages), [t["function"]["name"] for t in item.request.tools]])
            _IDEAL[key] = {"content": reply.text, "reasoning_content": reply.thinking, "tool_calls": calls}
    key = orjson.dumps([_texts(asked["messages"]), [t["function"]["name"] for t in asked["tools"]]])
    return _IDEAL[key]


_IDEAL: dict[bytes, dict[str, Any]] = {}


def _texts(messages: Any) -> list[str]:
    return [str(message.get("content") or "") for message in messages]
