"""Training: it learns, it goes on after a kill where it last saved, and what cannot be trained on is one line."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="comes with the engine")
pytest.importorskip("transformers", reason="comes with the engine")

from perturb.formats import safetensors  # only where there is torch
from perturb.formats.smollm2.build import build, merge

SMALL = ("--tokens", "8000", "--tokens-per-step", "200", "--longest", "60", "--rank", "4", "--first-layer", "0")


@pytest.fixture
def base(wheel: Path, tmp_path: Path) -> Path:
    build(tmp_path / "base", wheel=wheel)
    return tmp_path / "base"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [{"prompt": f"]~b]ai{'abcdefghijkl'[n:]}", "answer": "abcdefghijkl"[n % 5 :][:4]} for n in range(9)]
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"prompt": "a" * 90, "answer": "b"}]))
    return path


def command(base: Path, data: Path, out: Path, *more: str) -> list[str]:
    given = ("--base", str(base), "--data", str(data), "--out", str(out))
    return [sys.executable, "-m", "perturb", "train", *given, *(more or SMALL)]


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def said(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.strip()


def test_a_killed_training_goes_on_where_it_last_saved(base: Path, data: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole.safetensors", tmp_path / "killed.safetensors"
    done = subprocess.run(command(base, data, whole), capture_output=True, text=True, check=True)
    assert "1 of 10 examples are longer than 60 tokens: left out" in done.stderr
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in done.stderr.splitlines() if "loss" in line]
    assert len(losses) >= 3
    assert losses[-1] < losses[0]
    with subprocess.Popen(command(base, data, killed), stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("step 20"):
                running.send_signal(signal.SIGKILL)
    assert not killed.exists()
    assert (tmp_path / "killed.state.pt").exists()
    again = subprocess.run(command(base, data, killed), capture_output=True, text=True, check=True)
    steps = [line.split(":")[0] for line in again.stderr.splitlines() if line.startswith("step")]
    assert steps[0] in ("step 30", "step 40")
    assert killed.read_bytes() == whole.read_bytes()
    assert not (tmp_path / "killed.state.pt").exists()
    about, tensors = safetensors.read(whole)
    assert "Apache-2.0" in about["licence"]
    assert json.loads(about["recipe"])["tokens"] == 8_000
    assert len(tensors) == 2 * 7 * 2
    merge(tmp_path / "model", base, whole)  # what was trained fits what it was trained on


def test_what_cannot_be_trained_on_is_one_line_and_leaves_nothing(base: Path, data: Path, tmp_path: Path) -> None:
    """One process for all of them: it takes seconds to import torch."""
    import shutil

    for name in ("no-weights", "no-markers", "cut", "tuned"):
        shutil.copytree(base, tmp_path / name)
    (tmp_path / "no-weights/model.safetensors").unlink()
    tokenizer = tmp_path / "no-markers/tokenizer.json"
    tokenizer.write_text(tokenizer.read_text().replace("<minimax:tool_call>", "<another>"))
    weights = tmp_path / "cut/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    config = tmp_path / "tuned/config.json"
    config.write_text(json.dumps(json.loads(config.read_bytes()) | {"perturb_adapter": "x"}))
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"prompt": "a"}\n')
    (tmp_path / "other.state.pt").write_bytes(b"PK")
    before = {path.name for path in tmp_path.iterdir()}
    cases = [
        (tmp_path / "absent", data, "new", "No such file"),
        (tmp_path / "no-weights", data, "new", "model.safetensors is missing"),
        (tmp_path / "no-markers", data, "new", "no single token for '<minimax:tool_call>'"),
        (tmp_path / "cut", data, "new", "cannot be loaded"),
        (tmp_path / "tuned", data, "new", "holds the adapter 'x'"),
        (base, bad, "new", "line 1"),
        (base, tmp_path / "absent.jsonl", "new", "No such file"),
        (base, data, "other", "not the state of a training"),
        (base, data, "nowhere/new", "no such folder"),
    ]
    code = (
        "import importlib, json, sys\nmain = importlib.import_module('perturb.cli.main').main\n"
        "for arguments in json.loads(sys.argv[1]):\n print(main(arguments), file=sys.stderr)"
    )
    wanted = [command(of, rows, tmp_path / f"{out}.safetensors")[3:] for of, rows, out, _ in cases]
    done = subprocess.run([sys.executable, "-c", code, json.dumps(wanted)], capture_output=True, text=True, check=True)
    lines = [line for line in said(done).splitlines() if "left out" not in line]
    assert len(lines) == 2 * len(cases), done.stderr
    for (*_, words), line, ended in zip(cases, lines[::2], lines[1::2], strict=True):
        assert words in line
        assert ended == "2"
    assert {path.name for path in tmp_path.iterdir()} == before


def test_a_full_disk_is_one_line_and_leaves_nothing(base: Path, data: Path, tmp_path: Path) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    done = subprocess.run(
        command(base, data, tmp_path / "new.safetensors"),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000)),
    )
    assert done.returncode == 3, done.stderr
    assert len([line for line in said(done).splitlines() if "left out" not in line]) == 1
    assert {path.name for path in tmp_path.iterdir()} == before
