"""A small random-weight checkpoint of MiniMax-M2's architecture, to run the real engine where no GPU is.

It differs from M2 in size and in two ways that vLLM's CPU router asks for: softmax routing, and no routing bias.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree
from typing import Any

from perturb.core.errors import UserError
from perturb.core.files import make_folder, move, write_atomic
from perturb.formats.m2.checkpoint_files import CHAT_TEMPLATE, CORPUS, MARKERS, README
from perturb.formats.m2.template import HOW_TO_CALL, TOOLS_INTRO

_VOCABULARY = 896
_SHAPE: dict[str, Any] = {
    "hidden_size": 128,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
    "vocab_size": _VOCABULARY,
}


def build(directory: Path, *, seed: int = 0) -> None:
    """Write the checkpoint; the same seed gives the same bytes. Needs `tokenizers`, which comes with vLLM.

    Raises UserError when the folder cannot be one, holds something else, or `tokenizers` is missing, StorageError when
    the disk refuses.
    """
    if not find_spec("tokenizers") or not find_spec("numpy"):
        raise UserError("the checkpoint needs 'tokenizers': pip install 'perturb-agents[cpu]'")
    made = directory.with_name(f".{directory.name}.part")
    try:
        if directory.exists() and any(directory.iterdir()) and not _is_ours(directory):
            raise UserError(f"{directory}: not empty, and not a checkpoint made by this command")
        make_folder(made)
        _write(made, seed)
        # Whole or not at all: a folder that stops in the middle would load as something else, or not.
        if directory.exists():
            rmtree(directory)
        move(made, directory)
    except OSError as error:
        raise UserError(f"{directory}: {error.strerror}") from error
    finally:
        rmtree(made, ignore_errors=True)


def _write(directory: Path, seed: int) -> None:
    markers = _write_tokenizer(directory)
    _write_json(directory / "config.json", _config(markers))
    _write_json(directory / "generation_config.json", _generation(markers))
    write_atomic(directory / "chat_template.jinja", chat_template().encode())
    write_atomic(directory / "README.md", README.encode())
    _write_weights(directory / "model.safetensors", seed)


def chat_template() -> str:
    """M2's chat template for servers that render by themselves."""
    return CHAT_TEMPLATE.replace("TOOLS_INTRO", _literal(TOOLS_INTRO)).replace("HOW_TO_CALL", _literal(HOW_TO_CALL))


def _is_ours(directory: Path) -> bool:
    try:
        return json.loads((directory / "config.json").read_bytes()).get("perturb_random_weights") is True
    except (OSError, ValueError, AttributeError):
        return False


def _config(markers: dict[str, int]) -> dict[str, Any]:
    return {
        "architectures": ["MiniMaxM2ForCausalLM"],
        "model_type": "minimax_m2",
        "perturb_random_weights": True,
        **_SHAPE,
        "bos_token_id": markers["]~!b["],
        "eos_token_id": markers["[e~["],
        "dtype": "float32",
        "hidden_act": "silu",
        "max_position_embeddings": 32768,
        "qk_norm_type": "per_layer",
        "rms_norm_eps": 1e-6,
        "rope_theta": 5000000.0,
        "rotary_dim": 16,
        "scoring_func": "softmax",
        "tie_word_embeddings": False,
        "use_qk_norm": True,
        "use_routing_bias": False,
    }


def _generation(markers: dict[str, int]) -> dict[str, Any]:
    ids = {"bos_token_id": markers["]~!b["], "eos_token_id": markers["[e~["]}
    return {**ids, "do_sample": True, "temperature": 1.0, "top_p": 0.95, "top_k": 40}


def _literal(text: str) -> str:
    """`text` as a template string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def _write_json(path: Path, value: dict[str, Any]) -> None:
    write_atomic(path, (json.dumps(value, indent=2) + "\n").encode())


def _write_tokenizer(directory: Path) -> dict[str, int]:
    """A byte-level BPE with M2's markers as special tokens. Returns the markers' ids."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=list(MARKERS),
        show_progress=False,
    )
    tokenizer.train_from_iterator([CORPUS], trainer)
    write_atomic(directory / "tokenizer.json", tokenizer.to_str(pretty=True).encode())
    description = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "]~!b[",
        "eos_token": "[e~[",
        "additional_special_tokens": list(MARKERS),
        "clean_up_tokenization_spaces": False,
        "model_max_length": 32768,
    }
    _write_json(directory / "tokenizer_config.json", description)
    return {marker: number for number, marker in enumerate(MARKERS)}


def _tensors() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every weight's name in M2's checkpoints, and its shape here."""
    hidden, inner, vocabulary = _SHAPE["hidden_size"], _SHAPE["intermediate_size"], _VOCABULARY
    query = _SHAPE["num_attention_heads"] * _SHAPE["head_dim"]
    keys = _SHAPE["num_key_value_heads"] * _SHAPE["head_dim"]
    yield "lm_head.weight", (vocabulary, hidden)
    yield "model.embed_tokens.weight", (vocabulary, hidden)
    yield "model.norm.weight", (hidden,)
    for layer in range(_SHAPE["num_hidden_layers"]):
        at = f"model.layers.{layer}"
        yield f"{at}.input_layernorm.weight", (hidden,)
        yield f"{at}.post_attention_layernorm.weight", (hidden,)
        yield f"{at}.self_attn.q_proj.weight", (query, hidden)
        yield f"{at}.self_attn.k_proj.weight", (keys, hidden)
        yield f"{at}.self_attn.v_proj.weight", (keys, hidden)
        yield f"{at}.self_attn.o_proj.weight", (hidden, query)
        yield f"{at}.self_attn.q_norm.weight", (query,)
        yield f"{at}.self_attn.k_norm.weight", (keys,)
        yield f"{at}.block_sparse_moe.gate.weight", (_SHAPE["num_local_experts"], hidden)
        for expert in range(_SHAPE["num_local_experts"]):
            yield f"{at}.block_sparse_moe.experts.{expert}.w1.weight", (inner, hidden)
            yield f"{at}.block_sparse_moe.experts.{expert}.w2.weight", (hidden, inner)
            yield f"{at}.block_sparse_moe.experts.{expert}.w3.weight", (inner, hidden)


def _write_weights(path: Path, seed: int) -> None:
    """A safetensors file: header length, JSON header, float32 data. Norms are one, the rest uniform noise."""
    try:
        import numpy as np
    except ImportError as error:
        raise UserError("writing a checkpoint needs numpy (every engine that reads one brings it)") from error
    generator = random.Random(seed)
    header: dict[str, Any] = {"__metadata__": {"format": "pt", "weights": "random"}}
    data: list[bytes] = []
    offset = 0
    for name, shape in _tensors():
        count = int(np.prod(shape))
        noise = np.frombuffer(generator.randbytes(2 * count), "<u2").astype("<f4")
        values = np.ones(count, "<f4") if "norm" in name else ((noise / 32767.5) - 1) * 0.2
        data.append(values.astype("<f4").tobytes())
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": (offset, offset + 4 * count)}
        offset += 4 * count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    write_atomic(path, b"".join((len(text).to_bytes(8, "little"), text, *data)))
