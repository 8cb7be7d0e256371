"""``perturb experiment``: which training makes a model stable, part by part; one step after the other, resumable.

Every step is a command of this project with one product; a step whose product is there is done. So the same command
goes on after whatever stopped it, and a step can be made on another machine and its product brought here.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import orjson

from perturb.campaign.journal import Records
from perturb.cli import output
from perturb.core.errors import UserError
from perturb.core.files import make_folder, write_atomic
from perturb.report.experiment import Measured, as_json, page
from perturb.statistics.compared import compare
from perturb.statistics.summary import summarise
from perturb.synthesis.arms import HELD_SCAFFOLD, Arm, arms

# What every other arm is held against, blind.
_REFERENCE = "whole-trajectory"


@dataclass(frozen=True, slots=True)
class Step:
    """A command, and the file that is there when it is done."""

    name: str
    product: Path
    command: tuple[str, ...]


def main(options: argparse.Namespace) -> int:
    """Do what is left to do; write the page."""
    output.register(options.load)
    out, base = Path(options.out), Path(options.base)
    if not (base / "config.json").is_file():
        raise UserError(f"{base}: no base (perturb checkpoint --real {base} --adapter none makes one)")
    chosen = {name: arm for name, arm in arms().items() if _wanted(options.arm, name)}
    if not chosen:
        raise UserError(f"--arm: none of {', '.join(arms())}")
    make_folder(out)
    for arm in chosen.values():
        for seed in range(options.seeds):
            for step in steps(arm, seed, options):
                _do(step, out)
            # A quarter of a gigabyte that its adapter makes again in seconds.
            shutil.rmtree(out / f"{arm.name}-{seed}/model", ignore_errors=True)
    found = {name: [_measured(out, arm, seed) for seed in range(options.seeds)] for name, arm in chosen.items()}
    data = as_json(found, {name: arm.untrained for name, arm in chosen.items()})
    write_atomic(out / "experiment.json", orjson.dumps(data, option=orjson.OPT_INDENT_2) + b"\n")
    write_atomic(out / "experiment.html", page(data).encode())
    if options.json:
        output.emit_json(data)
    else:
        output.emit("\n".join(data["findings"]))
    output.say(f"page: {out / 'experiment.html'}")
    return 0


def _wanted(globs: list[str], name: str) -> bool:
    return not globs or any(fnmatchcase(name, glob) for glob in globs)


def steps(arm: Arm, seed: int, options: argparse.Namespace) -> Iterator[Step]:
    """What one training takes: its data, the adapter, the model, its run."""
    out, base = Path(options.out), str(options.base)
    folder, decisions = out / f"{arm.name}-{seed}", out / "decisions.jsonl"
    words = ("--words", "0.1")
    # The seed of the evaluation is none of the trainings'; words and values are held out besides.
    held = (
        "--format",
        "cases",
        "--held",
        "--fixed-names",
        *words,
        "--seed",
        "1000",
        "--number",
        str(options.decisions),
    )
    yield Step("decisions", decisions, ("synthesize", "--out", str(decisions), *held))
    data, adapter = folder / "data.jsonl", folder / "adapter.safetensors"
    made = ("--seed", str(seed), "--number", str(options.number), "--not-like", str(decisions))
    yield Step(f"{folder.name} data", data, ("synthesize", "--out", str(data), *made, *words, *arm.data))
    numbers = {name: str(getattr(options, name)) for name in ("tokens", "longest", "rank", "first_layer")}
    how = tuple(text for name, value in numbers.items() for text in (f"--{name.replace('_', '-')}", value))
    trained = ("train", "--data", str(data), "--base", base, "--out", str(adapter), "--seed", str(seed), *how)
    yield Step(f"{folder.name} training", adapter, trained)
    run = folder / "run"
    if not (run / "report.html").exists():
        model = folder / "model"
        merged = ("checkpoint", str(model), "--base", base, "--adapter", str(adapter))
        yield Step(f"{folder.name} model", model / "config.json", merged)
        asked = ("--fixture", str(decisions), "--scaffold", "bare", "--scaffold", HELD_SCAFFOLD)
        drawn = ("--temperature", "0", "--max-tokens", "96", "--budget", str(options.budget))
        ran = ("run", "--model", str(model), *asked, *drawn, "--out", str(run))
        yield Step(f"{folder.name} run", run / "report.html", ran)


def _do(step: Step, out: Path) -> None:
    """Make one product, unless it is there; note how long it took. Raises UserError when it could not be made."""
    if step.product.exists():
        return
    make_folder(step.product.parent)
    output.say(f"{step.name} …")
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "perturb", *step.command], stdout=subprocess.DEVNULL, check=False)
    if not step.product.exists():
        shown = " ".join(("perturb", *step.command))
        raise UserError(f"{step.name}: not made (exit code {done.returncode}); what is done is kept; it was: {shown}")
    line = orjson.dumps({"step": step.name, "seconds": round(time.monotonic() - began, 1)}) + b"\n"
    with (out / "steps.jsonl").open("ab") as file:
        file.write(line)


def _measured(out: Path, arm: Arm, seed: int) -> Measured:
    """The run of one training, and the parts in which it is worse than the reference of the same seed: blind."""
    run = Records(out / f"{arm.name}-{seed}/run")
    other = out / f"{_REFERENCE}-{seed}/run"
    if arm.name == _REFERENCE or not (other / "report.html").exists():
        return Measured(summarise(run), None)
    found = compare(Records(other), run)
    return Measured(summarise(run), frozenset(r.name for r in found.rows if r.table == "part" and r.word == "worse"))
