"""A run's own files are files in its own folder: no links out of it, nothing that never ends, no device replaced."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from perturb.cli.main import main
from perturb.core.errors import UserError
from perturb.core.files import write_atomic


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("done") / "run"
    assert main(["run", "--agent", "perfect", "--limit", "1", "--operator", "user.casing", "--out", str(folder)]) == 0
    return folder


def link_to_a_file(path: Path, aside: Path) -> None:
    path.unlink()
    path.symlink_to(aside)


def pipe(path: Path, _aside: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("kind", [link_to_a_file, pipe])
@pytest.mark.parametrize("name", ["journal.jsonl", "run.lock", "run.json"])
@pytest.mark.parametrize("command", ["resume", "score"])
def test_what_is_no_file_of_the_folder_is_refused(
    done: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    kind: Callable[[Path, Path], None],
    name: str,
    command: str,
) -> None:
    run, aside = tmp_path / "run", tmp_path / "aside"
    shutil.copytree(done, run)
    aside.write_text("precious\n")
    kind(run / name, aside)
    capsys.readouterr()
    assert main([command, str(run)]) == 2
    said = capsys.readouterr().err.strip()
    assert "\n" not in said
    assert name in said
    assert aside.read_text() == "precious\n"


@pytest.mark.parametrize("command", [["import", "--out", "out.jsonl"], ["run", "--agent", "perfect", "--fixture"]])
def test_a_pipe_is_no_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "a.jsonl")
    assert main([*command, str(tmp_path / "a.jsonl")]) == 2
    assert "a.jsonl: not a file" in capsys.readouterr().err


def test_a_device_or_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    place = tmp_path / "pipe"
    os.mkfifo(place)
    with pytest.raises(UserError, match="no file"):
        write_atomic(place, b"a")
    assert place.is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]
