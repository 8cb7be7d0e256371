"""The weights under their names in Hugging Face's Llama, with rows for M2's markers, and an adapter folded in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perturb.core.errors import UserError
from perturb.formats.safetensors import read
from perturb.formats.smollm2.gguf import Gguf

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
Named = Iterable[tuple[str, "Array"]]

_IN_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_OUTSIDE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
EMBEDDING = "model.embed_tokens.weight"
# M2's markers take the ids of tokens that the model's own chats use in the same way (0 to 2), or never (3 to 6).
MARKERS = {
    "]~!b[": 0,
    "]~b]": 1,
    "[e~[": 2,
    "<think>": 3,
    "</think>": 4,
    "<minimax:tool_call>": 5,
    "</minimax:tool_call>": 6,
}
# What the new ones mean, in tokens the model knows: where their rows begin.
_NEAR = {
    "<think>": ("<", "Ġthink"),
    "</think>": ("</", "Ġthink"),
    "<minimax:tool_call>": ("<", "Ġtool", "Ġcall"),
    "</minimax:tool_call>": ("</", "Ġtool", "Ġcall"),
}


def renamed(gguf: Gguf) -> Iterator[tuple[str, Array]]:
    """Every tensor under its name in `LlamaForCausalLM`."""
    heads = {
        "attn_q": gguf.meta["llama.attention.head_count"],
        "attn_k": gguf.meta["llama.attention.head_count_kv"],
    }
    for name, value in gguf:
        parts = name.removesuffix(".weight").split(".")
        if parts[0] != "blk":
            yield f"{_OUTSIDE[parts[0]]}.weight", value
            continue
        _, layer, kind = parts
        yield f"model.layers.{layer}.{_IN_LAYER[kind]}.weight", _halves_apart(value, heads.get(kind, 0))


def _halves_apart(value: Array, heads: int) -> Array:
    """GGUF interleaves the two halves of each head (for its rotary embedding); here one stands after the other."""
    if not heads:
        return value
    rows, columns = value.shape
    return value.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def with_markers(tensors: Named, tokens: list[str]) -> Iterator[tuple[str, Array]]:
    """The same tensors; the rows of M2's new markers begin near words of their meaning, each with noise of its own.

    The rows of unused tokens are all but one vector, which no training tells apart.
    """
    import numpy as np

    noise = np.random.default_rng(0)
    for name, value in tensors:
        if name == EMBEDDING:
            value = value.copy()  # what was read stays as it was
            length = float(np.median(np.linalg.norm(value, axis=1)))
            for marker, near in _NEAR.items():
                row = value[[tokens.index(token) for token in near]].mean(axis=0)
                row = row / np.linalg.norm(row) + noise.normal(size=row.size) / row.size**0.5
                value[MARKERS[marker]] = row / np.linalg.norm(row) * length
        yield name, value


def folded(tensors: Named, adapter: Path, base: str) -> Iterator[tuple[str, Array]]:
    """The same tensors with a LoRA adapter in them: W + scale · B·A.

    The adapter's file names the base it was trained on (`base` in its metadata), its `scale`, and holds
    ``<weight>.A`` and ``<weight>.B``; a tensor under the weight's own name replaces it. Raises UserError for an
    adapter of another base, or one whose shapes do not fit.
    """
    about, parts = read(adapter)
    if about.get("base") != base:
        raise UserError(f"{adapter}: an adapter for {about.get('base') or 'an unnamed base'}, not for {base}")
    scale = float(about.get("scale", 1.0))
    for name, value in tensors:
        yield name, _folded(adapter, name, value, parts, scale)


def _folded(adapter: Path, name: str, value: Array, parts: Mapping[str, Array], scale: float) -> Array:
    change: Array | float = 0.0
    if f"{name}.A" in parts:
        change = scale * (parts[f"{name}.B"] @ parts[f"{name}.A"])
    if f"{name}.rows" in parts:  # rows that were trained themselves, and which ones
        value = value.copy()
        value[parts[f"{name}.at"].astype(int)] = parts[f"{name}.rows"]
    try:
        return value + change if f"{name}.A" in parts else value
    except ValueError as error:
        raise UserError(f"{adapter}: {name}: its shape does not fit ({error})") from error
