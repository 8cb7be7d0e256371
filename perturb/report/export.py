"""A run for other tools: flat rows as CSV, JSON lines or Parquet, and Inspect's log format."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from perturb.core.errors import UserError
from perturb.core.plain import shown
from perturb.statistics.as_json import row_json
from perturb.statistics.summary import Summary

# Cells that begin so are formulas to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def record_rows(records: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """One flat row per record: where, what, right or wrong, and what came back."""
    right = {r["id"]: r["verdict"]["joint"] for r in records if r["kind"] == "base" and r["verdict"]}
    for record in records:
        verdict, response = record["verdict"] or {}, record["response"] or {}
        failure = record["failure"]
        yield {
            **{name: record.get(name) for name in ("id", "kind", "case", "cluster", "family", "scaffold", "seen_in")},
            **{name: record.get(name) for name in ("operator", "part", "relation", "recipe", "sample", "exposed")},
            "joint": verdict.get("joint"),
            "base_joint": right.get(record["base"]) if record["kind"] == "perturbed" else None,
            "outcome": verdict.get("outcome"),
            "reason": shown(verdict.get("reason") or ""),
            "calls": verdict.get("calls"),
            "schema_valid": verdict.get("schema_valid"),
            "failure": shown(f"{failure['kind']}: {failure['detail']}") if failure else None,
            "unscored": shown(record["unscored"]) if record["unscored"] else None,
            "prompt_tokens": response.get("prompt_tokens"),
            "completion_tokens": response.get("completion_tokens"),
            "reply": shown(response.get("text") or ""),
            "thinking": shown(response.get("thinking") or ""),
            **{f"score_{name}": value for name, value in sorted(record["scores"].items())},
        }


def failure_rows(records: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows of wrong answers and of requests without a verdict."""
    return (row for row in record_rows(records) if row["joint"] != 1)


def cell_rows(summary: Summary) -> Iterator[dict[str, Any]]:
    """One row per part, scaffold, operator and pair of them, with its verdict."""
    tables = (
        ("part", ((row.name, "", row) for row in summary.by_part)),
        ("scaffold", (("", row.name, row) for row in summary.by_scaffold)),
        ("operator", ((row.name, "", row) for row in summary.by_operator)),
        ("directional", ((row.name, "", row) for row in summary.directional)),
        ("control", ((row.name, "", row) for row in summary.controls)),
        ("part x scaffold", ((part, scaffold, row) for (part, scaffold), row in summary.cells.items())),
        ("operator x scaffold", ((name, scaffold, row) for (name, scaffold), row in summary.operator_cells.items())),
    )
    for table, rows in tables:
        for name, scaffold, row in rows:
            found = row_json(row)
            low, high = found["interval"] or (None, None)
            flat = {k: v for k, v in found.items() if not isinstance(v, dict | list)}
            exposed = found["exposed"]["difference"] if found["exposed"] else None
            limits = {"low": low, "high": high, "exposed": exposed}
            yield {"table": table, "name": name, "scaffold": scaffold, **flat, **limits}


def written(rows: Iterable[dict[str, Any]], kind: str) -> bytes:
    """Rows as ``csv``, ``jsonl`` or ``parquet``. Raises UserError when Parquet's library is not there."""
    if kind == "jsonl":
        return b"".join(orjson.dumps(row) + b"\n" for row in rows)
    every = list(rows)
    names = list(dict.fromkeys(name for row in every for name in row))
    if kind == "csv":
        text = io.StringIO()
        sheet = csv.writer(text, lineterminator="\n")
        sheet.writerow(names)
        sheet.writerows([_cell(row.get(name)) for name in names] for row in every)
        return text.getvalue().encode("utf-8", "backslashreplace")
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise UserError("Parquet needs pyarrow: pip install 'perturb-agents[parquet]'") from error
    table = arrow.table({name: [row.get(name) for row in every] for name in names})
    sink = arrow.BufferOutputStream()
    parquet.write_table(table, sink)
    return bytes(sink.getvalue())


def _cell(value: Any) -> Any:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def inspect_log(records: Iterable[Mapping[str, Any]], manifest: Mapping[str, Any], created: str) -> bytes:
    """The run as an eval log of Inspect AI (version 2): a sample per request, its scores, the base's id beside it."""
    model = str(manifest["model"]["name"])
    samples = [_sample(record, model) for record in records]
    log = {
        "version": 2,
        "status": "success",
        "eval": {
            "created": created,
            "task": "perturb",
            "task_id": "perturb",
            "task_version": 0,
            "run_id": "perturb",
            "eval_id": "perturb",
            "dataset": {"name": "perturb", "samples": len(samples)},
            "model": model,
            "config": {},
            "metadata": {"selection": manifest["selection"], "simulated": manifest["simulated"]},
        },
        "plan": {"name": "plan", "steps": []},
        "results": {
            "total_samples": len(samples),
            "completed_samples": sum(bool(sample["scores"]) for sample in samples),
            "scores": [_mean(name, samples) for name in sorted({name for s in samples for name in s["scores"]})],
        },
        "stats": {"started_at": created, "completed_at": created, "model_usage": {}},
        "samples": samples,
    }
    return orjson.dumps(log, option=orjson.OPT_INDENT_2)


def _mean(name: str, samples: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A scorer's mean over the samples it has something to say about."""
    values = [sample["scores"][name]["value"] for sample in samples if name in sample["scores"]]
    metrics = {"mean": {"name": "mean", "value": sum(values) / len(values)}}
    return {"name": name, "scorer": name, "scored_samples": len(values), "metrics": metrics}


def _sample(record: Mapping[str, Any], model: str) -> dict[str, Any]:
    verdict, response = record["verdict"], record["response"] or {}
    text = shown(response.get("text") or "")
    choice = {"message": {"role": "assistant", "content": text, "source": "generate"}, "stop_reason": "stop"}
    sample: dict[str, Any] = {
        "id": record["id"],
        "epoch": record["sample"] + 1,
        "input": f"{record['case']} in {record['scaffold']} {record['recipe']}".strip(),
        "target": "joint",
        "messages": [],
        "output": {"model": model, "choices": [choice] if record["response"] else []},
        "metadata": {k: record[k] for k in ("kind", "base", "cluster", "scaffold", "operator", "part", "relation")},
        "scores": {},
    }
    if verdict:
        reason = shown(verdict.get("reason") or "")
        sample["scores"]["joint"] = {"value": verdict["joint"], "answer": verdict["outcome"], "explanation": reason}
        sample["scores"] |= {name: {"value": value} for name, value in record["scores"].items() if name != "joint"}
    return sample
