"""Recorded data of public projects, where it lies beside the repository: it comes in, and goes out as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from perturb.core.registry import load_builtin
from perturb.recordings.registry import HEAD, IMPORTERS
from perturb.recordings.values import LeftOut
from tests.recordings.shared import DATA, FOLDERS, cassettes, row

load_builtin()
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the recorded data of public projects is not beside the repository"
)
# Of each folder; `python -m tests.recordings.shared` reads them whole.
FILES = 12
# Files that are broken on purpose, and dialects of other products.
DRIFTED = {"coding-agent-sessions": 0.8}


@pytest.mark.parametrize("name", FOLDERS)
def test_records_come_in_and_go_out_as_they_were(name: str) -> None:
    made = row(DATA / name, FILES if name != "coding-agent-sessions" else 40)
    assert made.changed == []
    assert made.share >= DRIFTED.get(name, 0.99), made.left_out[:3]
    assert all(one.reason and str(DATA) in one.where for one in made.left_out)


def test_exchanges_of_providers_come_in(tmp_path: Path) -> None:
    read = 0
    for form, path in cassettes(DATA / "provider-recordings", tmp_path):
        head = path.read_bytes()[:HEAD]
        (name,) = [one for one in IMPORTERS if IMPORTERS[one].recognises(head, path)]
        # Plain words alone look the same in two of the forms.
        assert name == form or {name, form} <= {"openai", "exchange", "anthropic"}
        found = list(IMPORTERS[name].read(path))
        left_out = [one for one in found if isinstance(one, LeftOut)]
        assert all("beyond 64 bits" in one.reason for one in left_out), left_out
        read += len(found)
    assert read > 190
