"""LoRA on proven examples with plain torch: loss on the answers alone. Resumes from its last saved step.

Source of the method: Hu et al., LoRA (arXiv 2106.09685). What is learned is written as one small safetensors file that
``perturb checkpoint --real`` folds into the weights.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from perturb.core.canonical import digest
from perturb.core.errors import StorageError, UserError
from perturb.core.files import storing
from perturb.formats.smollm2.tensors import MARKERS as M2_MARKERS

_PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_SAVE_EVERY = 10
_WARM_UP = 10


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an adapter is trained. `tokens` is the whole budget, padding included; layers below `first_layer` stay."""

    tokens: int = 500_000
    tokens_per_step: int = 2_500
    longest: int = 560
    rank: int = 16
    first_layer: int = 8
    rate: float = 1e-3
    seed: int = 0


Pair = tuple[list[int], list[int]]


def train(base: Path, pairs: Sequence[tuple[str, str]], out: Path, recipe: Recipe, say: Callable[[str], None]) -> None:
    """Train an adapter for the checkpoint `base` on (prompt, answer) texts; write it to `out`.

    Raises UserError for a folder that is no base, when nothing fits `recipe.longest`, and when the state beside `out`
    is another training's; StorageError when the disk takes no more.
    """
    # Threads that wait by spinning halve the speed of a machine that others use too; read when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    import torch

    config = _config(base)
    torch.manual_seed(recipe.seed)
    model, tokenizer = _loaded(base)
    encoded = [pair for pair in (_encoded(tokenizer, *texts) for texts in pairs) if _length(pair) <= recipe.longest]
    if not encoded:
        raise UserError(f"no example is at most {recipe.longest} tokens long")
    if len(encoded) < len(pairs):
        say(f"{len(pairs) - len(encoded)} of {len(pairs)} examples are longer than {recipe.longest} tokens: left out")
    key = digest([asdict(recipe), encoded])
    adapter = _adapted(model, recipe)
    optimizer = torch.optim.AdamW(adapter.values(), lr=recipe.rate, weight_decay=0.0, betas=(0.9, 0.98))
    state = out.with_suffix(".state.pt")
    seen, done = _resumed(state, key, adapter, optimizer)
    started, losses = time.process_time(), list[float]()
    first = seen
    for step, batch in enumerate(_batches(encoded, recipe)):
        if step < done:
            continue
        if seen >= recipe.tokens:
            break
        _scale_rate(optimizer, recipe, step, seen)
        losses.append(_step(model, optimizer, batch, list(adapter.values())))
        seen += len(batch) * max(map(_length, batch))
        if (step + 1) % _SAVE_EVERY == 0:
            _save(state, key, adapter, optimizer, seen, step + 1)
            rate = (seen - first) / (time.process_time() - started)
            recent = losses[-_SAVE_EVERY:]
            say(f"step {step + 1}: {seen} tokens, loss {sum(recent) / len(recent):.3f}, {rate:.0f} tokens/cpu-s")
    _write(out, adapter, recipe, config, digest(list(map(list, pairs))))
    state.unlink(missing_ok=True)


def _config(base: Path) -> dict[str, Any]:
    """The base's configuration. Raises UserError for a folder that is not whole, or has an adapter in it already."""
    try:
        config = json.loads((base / "config.json").read_bytes())
        missing = [name for name in ("model.safetensors", "tokenizer.json") if not (base / name).is_file()]
    except OSError as error:
        raise UserError(f"{base}/config.json: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{base}/config.json: not JSON: {error}") from error
    if missing:
        raise UserError(f"{base}: not a whole checkpoint: {missing[0]} is missing")
    if not isinstance(config, dict) or "perturb_base" not in config:
        raise UserError(f"{base}: not a base made by perturb checkpoint --real")
    if config.get("perturb_adapter"):
        raise UserError(f"{base}: holds the adapter {config['perturb_adapter']!r}; make a base with --adapter none")
    return config


def _loaded(base: Path) -> tuple[Any, Any]:
    """Raises UserError for weights that cannot be read, and for a tokenizer without M2's markers."""
    import torch
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    try:
        tokenizer = PreTrainedTokenizerFast.from_pretrained(str(base))
        model = AutoModelForCausalLM.from_pretrained(str(base), dtype=torch.bfloat16)
    except Exception as error:  # whatever these libraries raise for a damaged file
        raise UserError(f"{base}: cannot be loaded: {str(error).strip().splitlines()[0][:200]}") from error
    for marker in M2_MARKERS:
        ids = tokenizer.encode(marker, add_special_tokens=False)
        # A marker that only the tokenizer's settings name gets a number that the model has no row for.
        if len(ids) != 1 or ids[0] >= model.config.vocab_size:
            raise UserError(f"{base}: its tokenizer has no single token for {marker!r}")
    model.config.use_cache = False
    for weight in model.parameters():
        weight.requires_grad_(False)
    placed: Any = model  # its `to` is typed for another class
    return placed.to("cuda" if torch.cuda.is_available() else "cpu"), tokenizer


def _encoded(tokenizer: Any, prompt: str, answer: str) -> Pair:
    """Token ids. The answer ends with the token that ends a reply."""
    ids = tokenizer([prompt, answer], add_special_tokens=False)["input_ids"]
    return ids[0], [*ids[1], tokenizer.eos_token_id]


def _length(pair: Pair) -> int:
    return len(pair[0]) + len(pair[1])


def _adapted(model: Any, recipe: Recipe) -> dict[str, Any]:
    """Hang A and B beside every projection of the upper layers; the trained parameters by their names."""
    import torch

    found: dict[str, Any] = {}
    for name, module in model.named_modules():
        parts = name.split(".")
        if parts[-1] not in _PROJECTIONS or int(parts[2]) < recipe.first_layer:
            continue
        # Drawn on the CPU, so that a GPU begins with the same numbers.
        start = torch.empty(recipe.rank, module.in_features).normal_(0, 1 / recipe.rank)
        down = torch.nn.Parameter(start.to(module.weight.device))
        up = torch.nn.Parameter(torch.zeros(module.out_features, recipe.rank, device=module.weight.device))
        found[f"{name}.weight.A"], found[f"{name}.weight.B"] = down, up
        module.forward = _beside(module.forward, down, up)
    return found


def _beside(plain: Callable[[Any], Any], down: Any, up: Any) -> Callable[[Any], Any]:
    def forward(x: Any) -> Any:
        return plain(x) + _SCALE * (x @ down.T.to(x.dtype)) @ up.T.to(x.dtype)

    return forward


_SCALE = 2.0


def _batches(pairs: Sequence[Pair], recipe: Recipe) -> Iterator[list[Pair]]:
    """Endless: shuffled, then neighbours of similar length together, as many as a step's tokens hold."""
    random, order = Random(recipe.seed), list(pairs)
    while True:
        random.shuffle(order)
        for start in range(0, len(order), 64):
            block, made = sorted(order[start : start + 64], key=_length), []
            while block:
                count = max(1, recipe.tokens_per_step // _length(block[-1]))
                made.append(block[-count:])
                del block[-count:]
            random.shuffle(made)
            yield from made


def _scale_rate(optimizer: Any, recipe: Recipe, step: int, seen: int) -> None:
    """A short warm-up, then down to a tenth in a straight line."""
    share = min(1.0, (step + 1) / _WARM_UP) * max(0.1, 1 - seen / recipe.tokens)
    for group in optimizer.param_groups:
        group["lr"] = recipe.rate * share


def _step(model: Any, optimizer: Any, batch: list[Pair], trained: list[Any]) -> float:
    """One step on the answers' tokens; the mean loss before it."""
    import torch
    from torch.nn.functional import cross_entropy

    size = max(map(_length, batch))
    # Padding stands on the right, where a causal model does not see it.
    rows = [[*prompt, *answer] + [0] * (size - len(prompt) - len(answer)) for prompt, answer in batch]
    ids = torch.tensor(rows, device=trained[0].device)
    hidden = model.model(ids).last_hidden_state
    places = [(row, len(p) - 1, len(p) + len(a) - 1) for row, (p, a) in enumerate(batch)]
    logits = model.lm_head(torch.cat([hidden[row, start:end] for row, start, end in places]))
    wanted = torch.cat([ids[row, start + 1 : end + 1] for row, start, end in places])
    loss = cross_entropy(logits.float(), wanted)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return float(loss.detach())


def _save(path: Path, key: str, adapter: dict[str, Any], optimizer: Any, seen: int, steps: int) -> None:
    import torch

    temporary = path.with_suffix(".tmp")
    weights = {name: value.detach() for name, value in adapter.items()}
    state = {"key": key, "weights": weights, "optimizer": optimizer.state_dict(), "seen": seen, "steps": steps}
    with storing(path):
        try:
            torch.save(state, temporary)
            temporary.replace(path)
        except RuntimeError as error:  # how torch says that a file takes no more
            raise StorageError(f"{path}: the disk takes no more ({str(error).splitlines()[0][:120]})") from error
        finally:
            temporary.unlink(missing_ok=True)


def _resumed(path: Path, key: str, adapter: dict[str, Any], optimizer: Any) -> tuple[int, int]:
    """Tokens and steps that an earlier, killed training has behind it."""
    import torch

    if not path.exists():
        return 0, 0
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        found = state["key"]
    except Exception as error:  # whatever torch raises for a file that is none of its own
        raise UserError(f"{path}: not the state of a training; remove it to start anew") from error
    if found != key:
        raise UserError(f"{path}: the state of another training (other data or settings); remove it to start anew")
    with torch.no_grad():
        for name, value in adapter.items():
            value.copy_(state["weights"][name])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["seen"]), int(state["steps"])


def _write(out: Path, adapter: dict[str, Any], recipe: Recipe, config: dict[str, Any], data: str) -> None:
    """The adapter as 8-bit numbers, with what it was trained on in its header."""
    from perturb.formats import safetensors

    about = {
        "base": str(config["perturb_base"]),
        "scale": str(_SCALE),
        "recipe": json.dumps(asdict(recipe), sort_keys=True),
        "data": data,
        "licence": "Apache-2.0, as the model it changes",
    }
    temporary = out.with_name(out.name + ".tmp")
    tensors = ((name, value.detach().cpu().numpy()) for name, value in sorted(adapter.items()))
    with storing(out):
        try:
            safetensors.write(temporary, tensors, "int8", about)
            temporary.replace(out)
        finally:
            temporary.unlink(missing_ok=True)
