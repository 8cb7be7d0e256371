"""A GGUF file of the form that the package carries, with a random model of a few thousand weights in it."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

# Heads of 32: the smallest that vLLM computes on a CPU.
HIDDEN, INNER, HEADS, KV, LAYERS = 128, 96, 4, 2, 2
WORDS = [
    *(f"<|special_{n}|>" for n in range(7)),
    "<",
    "</",
    "Ġthink",
    "Ġtool",
    "Ġcall",
    *(chr(97 + n) for n in range(20)),
    "ab",
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
        "llama.context_length": 4096,
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
