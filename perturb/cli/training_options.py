"""The options of the commands that make training data and train: synthesize, clean, train, curriculum, experiment."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from perturb.cli.options import real, whole
from perturb.core.ranges import COUNT, SEED

Make = Callable[[str, str, str], argparse.ArgumentParser]


def add(make: Make, parts_help: str) -> tuple[argparse.ArgumentParser, ...]:
    """Make the commands with `make(name, module, help)`; returns those that take ``--load`` and ``--json``."""
    clean = make("clean", "clean", "what is wrong with conversations that somebody would train on, by rules")
    clean.add_argument("file", metavar="FILE.jsonl", help="conversations in OpenAI's form, one a line")
    clean.add_argument("--out", default="", metavar="FILE.jsonl", help="those with which nothing is wrong")
    curriculum = make("curriculum", "curriculum", "operators weighted by the drop that a run measured")
    curriculum.add_argument("dir", metavar="DIR", help="a finished run")
    curriculum.add_argument("--out", required=True, metavar="FILE.jsonl")
    _train(make)
    return _synthesize(make, parts_help), clean, curriculum, _experiment(make)


def _experiment(make: Make) -> argparse.ArgumentParser:
    made = make("experiment", "experiment", "which training makes a model stable, part by part; resumable")
    made.add_argument("--base", required=True, metavar="DIR", help="perturb checkpoint --real DIR --adapter none")
    made.add_argument("--out", required=True, metavar="DIR")
    made.add_argument("--arm", action="append", default=[], metavar="GLOB", help="default: all")
    numbers: tuple[tuple[str, int, str], ...] = (
        ("seeds", 3, "trainings of each arm"),
        ("number", 6000, "examples of each training"),
        ("decisions", 200, "held-out decisions"),
        ("budget", 1200, "requests of each run"),
        ("tokens", 300_000, "of each training"),
        ("longest", 560, "tokens of an example"),
        ("rank", 16, "of the adapters"),
        ("first-layer", 8, "layers below stay as they are"),
    )
    for name, default, text in numbers:
        at_least = 0 if name == "first-layer" else 1
        made.add_argument(f"--{name}", type=whole(at_least, COUNT), default=default, metavar="N", help=text)
    return made


def _synthesize(make: Make, parts_help: str) -> argparse.ArgumentParser:
    made = make("synthesize", "synthesize", "training examples, each proven: generated decisions, perturbed")
    made.add_argument("--out", required=True, metavar="FILE.jsonl|.parquet")
    made.add_argument("--number", type=whole(1, COUNT), default=1000, help="how many examples")
    forms = "m2-text (prompt, answer), openai (messages), or cases: decisions to run, unperturbed"
    made.add_argument("--format", choices=("m2-text", "openai", "cases"), default="m2-text", help=forms)
    made.add_argument("--seed", type=whole(0, SEED), default=0)
    what = made.add_argument_group("decisions")
    what.add_argument("--fixture", action="append", default=[], metavar="GLOB|FILE|FOLDER", help="not generated ones")
    what.add_argument("--fixed-names", action="store_true", help="each tool under one name only")
    what.add_argument("--held", action="store_true", help="the values and wordings that training never sees")
    what.add_argument("--words", type=real(0, 1), default=0.0, metavar="SHARE", help="where no call is right")
    what.add_argument("--most-tools", type=whole(2, 30), default=4, metavar="N", help="shown in one decision")
    how = made.add_argument_group("perturbing")
    how.add_argument("--operator", action="append", default=[], metavar="GLOB", help=parts_help)
    held_out = "operators, scaffolds and episodes that never occur"
    how.add_argument("--hold-out", action="append", default=[], metavar="GLOB", help=held_out)
    how.add_argument("--scaffold", action="append", default=[], metavar="NAME", help="default: bare")
    how.add_argument("--unperturbed", type=real(0, 1), default=0.35, metavar="SHARE", help="between 0 and 1")
    how.add_argument("--copies", type=whole(1, 1000), default=1, metavar="N", help="examples of each decision")
    how.add_argument("--balance", choices=("part", "operator"), default="", help="equally often, as far as they apply")
    how.add_argument("--curriculum", default="", metavar="FILE.jsonl", help="operators' weights (perturb curriculum)")
    how.add_argument("--mild", action="store_true", help="the mildest dose of each operator only")
    kept = made.add_argument_group("what is kept")
    kept.add_argument("--longest", type=whole(0, COUNT), default=0, metavar="N", help="tokens, prompt and answer")
    kept.add_argument("--tokenizer", default="", metavar="DIR", help="of the checkpoint that counts them")
    unlike = "fixtures whose users' words never occur (default: all shipped ones)"
    kept.add_argument("--not-like", action="append", default=[], metavar="GLOB|FILE|FOLDER", help=unlike)
    kept.add_argument("--split", type=real(0, 1), default=0.0, metavar="SHARE", help="set aside, by cluster")
    return made


def _train(make: Make) -> None:
    train = make("train", "train", "a LoRA adapter on proven examples, with plain torch; goes on where it was killed")
    train.add_argument("--data", required=True, metavar="FILE.jsonl", help="of perturb synthesize, in m2-text")
    train.add_argument("--base", required=True, metavar="DIR", help="the checkpoint (perturb checkpoint --real)")
    train.add_argument("--out", required=True, metavar="FILE.safetensors")
    numbers: tuple[tuple[str, Any, str], ...] = (
        ("tokens", 500_000, "the whole budget, padding included"),
        ("tokens-per-step", 2_500, ""),
        ("longest", 560, "longer examples are left out, and counted"),
        ("rank", 16, "of the adapter"),
        ("first-layer", 8, "layers below stay as they are"),
    )
    for name, default, text in numbers:
        at_least = 0 if name == "first-layer" else 1
        said = f"{text}; default {default}".removeprefix("; ")
        train.add_argument(f"--{name}", type=whole(at_least, COUNT), default=default, metavar="N", help=said)
    train.add_argument("--rate", type=real(0, 1), default=1e-3, help="the learning rate; default 0.001")
    train.add_argument("--seed", type=whole(0, SEED), default=0)
