"""What an Allure report is told about a run as a whole: metrics, categories, environment, executor, the heatmap.

The files and their names are what Allure 3 reads from a results folder.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from perturb.core.files import make_folder, write_atomic
from perturb.core.plain import shortened
from perturb.core.redaction import redact
from perturb.core.values import PARTS
from perturb.report.heatmap import heatmap
from perturb.statistics.summary import Summary

_NAME = "perturb"
# The ways a model is wrong, and the outcome classes of each (a test's "outcome" label holds its class).
CATEGORIES = (
    ("Wrong tool", ("wrong_tool",)),
    ("Wrong argument", ("wrong_argument",)),
    ("Arguments break the schema", ("schema_invalid",)),
    ("Malformed output", ("malformed", "leaked_protocol", "reasoning_only", "cut")),
    ("Broken rule", ("broken_rule",)),
    ("No call where one was due", ("no_call", "missing_call", "refused")),
    ("A call too many", ("extra_side_effect", "unexpected_call", "forbidden")),
    ("Several kinds of failure", ("several",)),
)
OURS = "No answer from the engine (not the model's fault)"


def write_run(folder: Path, summary: Summary, manifest: Mapping[str, Any]) -> None:
    """Add the run's files to a folder of Allure results, without secrets.

    Raises UserError when the folder cannot be one, StorageError when the disk refuses.
    """
    files: dict[str, bytes] = {
        f"{_NAME}-perf.json": _json(metrics(summary)),
        "categories.json": _json(categories_file()),
        "environment.properties": _properties(environment(manifest)),
        "executor.json": _json(executor(os.environ)),
        f"{_NAME}-heatmap-attachment.svg": heatmap(summary, _title(manifest)).encode(),
        f"{_NAME}-globals.json": _json(
            {
                "attachments": [
                    {"name": "parts × scaffolds", "source": f"{_NAME}-heatmap-attachment.svg", "type": "image/svg+xml"}
                ],
                "errors": [
                    {"message": f"{n} requests failed ({kind}), e.g. {shortened(summary.examples.get(kind, ''), 300)}"}
                    for kind, n in summary.failures.items()
                ],
            }
        ),
    }
    make_folder(folder)
    for name, data in files.items():
        write_atomic(folder / name, redact(data.decode()).encode())


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)


def metric_titles() -> dict[str, tuple[str, str, str]]:
    """Key of every metric: its title, its unit, and which way is better. Shares are from 0 to 1, drops in points."""
    drops = {f"drop_{part}": (f"Drop when {part} is perturbed", "points", "lower") for part in PARTS}
    return {
        "joint_base": ("Joint accuracy, unperturbed", "", "higher"),
        "joint_perturbed": ("Joint accuracy, perturbed", "", "higher"),
        "flip_rate": ("Right before, wrong after", "", "lower"),
        "schema_valid_rate": ("Answers whose arguments fit the schema", "", "higher"),
        "floor_flip_rate": ("A/A: the same question, another verdict", "", "lower"),
        "joint_change": ("Change of the joint under perturbation", "points", "higher"),
        **drops,
        **{f"bound_{part}": (f"Drop not excluded when {part} is perturbed", "points", "lower") for part in PARTS},
    }


def metrics(summary: Summary) -> list[dict[str, Any]]:
    """What was measured, as Allure's performance samples. What was not measured is not there."""
    found: dict[str, float] = {}
    if summary.overall:
        overall = summary.overall.effect
        found["joint_base"], found["joint_perturbed"] = overall.base, overall.perturbed
        found["flip_rate"] = overall.worse / overall.n
        found["joint_change"] = 100 * overall.difference
    if summary.floor:
        found["floor_flip_rate"] = summary.floor.rate
    if "schema" in summary.scores:
        found["schema_valid_rate"] = summary.scores["schema"]
    found |= {f"drop_{row.name}": -100 * row.effect.difference for row in summary.by_part}
    # A gate on these cannot be passed by thin data.
    found |= {f"bound_{row.name}": -100 * row.effect.bound for row in summary.by_part}
    # Allure takes no sample without a time.
    now = int(1000 * time.time())
    return [{"id": k, "key": k, "value": round(v, 6), "start": now, "stop": now} for k, v in found.items()]


def categories() -> list[dict[str, Any]]:
    """Allure 3's categories, for its configuration: by the outcome label."""
    wrong = [
        {"name": name, "matchers": [{"statuses": ["failed"], "labels": {"outcome": one}} for one in outcomes]}
        for name, outcomes in CATEGORIES
    ]
    return [*wrong, {"name": OURS, "matchers": {"statuses": ["broken"]}}]


def categories_file() -> list[dict[str, Any]]:
    """The same in the form of ``categories.json``, which has no labels: by the first line of the message."""
    wrong = [
        {"name": name, "matchedStatuses": ["failed"], "messageRegex": rf"[^\n]*: (?:{'|'.join(outcomes)})\n[\s\S]*"}
        for name, outcomes in CATEGORIES
    ]
    return [*wrong, {"name": OURS, "matchedStatuses": ["broken"]}]


def environment(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The table that says what was tested."""
    model = manifest["model"]
    return {
        "perturb": str(manifest["perturb"]),
        "model": str(model["name"]),
        "model_kind": "simulated agent" if manifest["simulated"] else str(model.get("kind", "")),
        "model_version": str(model.get("version", "")),
        "weights": str(model.get("weights", "")),
        "seed": str(manifest["selection"]["seed"]),
        "temperature": str(manifest["sampling"]["temperature"]),
    }


def executor(variables: Mapping[str, str]) -> dict[str, Any]:
    """Who ran it: GitHub Actions, GitLab, or a person."""
    if variables.get("GITHUB_ACTIONS"):
        url = f"{variables.get('GITHUB_SERVER_URL', '')}/{variables.get('GITHUB_REPOSITORY', '')}"
        run = variables.get("GITHUB_RUN_ID", "")
        return _executor(
            "GitHub Actions", "github", variables.get("GITHUB_RUN_NUMBER", ""), f"{url}/actions/runs/{run}"
        )
    if variables.get("GITLAB_CI"):
        number, url = variables.get("CI_PIPELINE_IID", ""), variables.get("CI_JOB_URL", "")
        return _executor("GitLab CI", "gitlab", number, url)
    return {"name": "local", "type": "local"}


def _executor(name: str, kind: str, number: str, url: str) -> dict[str, Any]:
    order = int(number) if number.isdecimal() else 0
    return {"name": name, "type": kind, "buildName": f"#{number}", "buildOrder": order, "buildUrl": url}


def _properties(values: Mapping[str, str]) -> bytes:
    """Java properties: one line each, what would end or continue a line spelled out."""
    lines = (f"{key}={value.encode('unicode_escape').decode()}" for key, value in values.items() if value)
    return ("\n".join(lines) + "\n").encode()


def _title(manifest: Mapping[str, Any]) -> str:
    label = " (simulated agent)" if manifest["simulated"] else ""
    return f"{manifest['model']['name']}{label}: change of the joint in points, by part and scaffold"
