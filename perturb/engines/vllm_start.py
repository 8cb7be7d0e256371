"""Starting vLLM in this process: its environment, what a machine without a GPU needs, and one line for what fails."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from perturb.core.errors import UserError

# Room for the key-value cache on a CPU, in GiB: a million tokens of the small checkpoint.
_CPU_CACHE_GIB = "1"
# The ranks that vLLM makes room for.
_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
# What a CPU must say of itself for 16-bit arithmetic to be faster than 32-bit (two to three times, measured).
_CPU_BF16 = {"avx512_bf16", "amx_bf16", "bf16"}


def start(model: str, arguments: Mapping[str, Any]) -> tuple[Any, dict[str, Any], dict[str, str]]:
    """A loaded ``vllm.LLM``, the model's configuration, and the device and version that answer.

    Raises UserError, in one line, for what cannot be loaded.
    """
    local = local_config(model)
    _environment(local is not None)
    try:
        with guarded():
            import vllm
            from vllm.platforms import current_platform

            _check(arguments, set(vllm.EngineArgs.__dataclass_fields__))
            chosen = {**(_cpu() if current_platform.is_cpu() else {}), **arguments}
            llm = vllm.LLM(model=model, enable_prefix_caching=True, **chosen)
            config = local if local is not None else llm.llm_engine.model_config.hf_config.to_dict()
            about = {"device": str(current_platform.device_name), "version": f"vllm {vllm.__version__}"}
    except UserError:
        raise
    except ImportError as error:
        raise UserError(f"vLLM is not usable here: {first_line(error)} (see 'perturb doctor')") from error
    except Exception as error:
        raise UserError(f"{model}: vLLM could not load it: {first_line(error)}") from error
    return llm, config, about


def _check(arguments: Mapping[str, Any], known: Collection[str]) -> None:
    for name in arguments:
        if name in ("model", "enable_prefix_caching") or name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near and near[0] != name else ""
            raise UserError(f"--engine-arg {name}: vLLM has no engine argument of that name to set here{hint}")
    if arguments.get("data_parallel_size", 1) not in (1, None):
        raise UserError("--data-parallel-size: vLLM cannot do that within one process: use --ray --replicas N")


def adapter(lora: str) -> tuple[tuple[str, str], dict[str, Any]]:
    """(name, folder) of ``NAME=PATH``, and the engine arguments that an adapter of its rank needs. Raises UserError."""
    name, mark, place = lora.partition("=")
    if not name or not mark or not place:
        raise UserError(f"--lora {lora!r}: not NAME=PATH")
    folder = Path(place).expanduser()
    file = folder / "adapter_config.json"
    try:
        rank = json.loads(file.read_bytes())["r"]
        fitting = next(size for size in _RANKS if size >= rank)
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}") from error
    except (ValueError, LookupError, TypeError, StopIteration) as error:
        raise UserError(f"{file}: no rank 'r' of at most {_RANKS[-1]}") from error
    return (name, str(folder.resolve())), {"enable_lora": True, "max_loras": 1, "max_lora_rank": fitting}


def _cpu() -> dict[str, Any]:
    """What suits a CPU: one process and no compilation, so that a small model starts in seconds and Ctrl-C stops it."""
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", _CPU_CACHE_GIB)
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    # torch's CPU generators have no offset, which vLLM moves for a seeded request whose prompt it splits.
    return {"dtype": cpu_dtype(), "enforce_eager": True, "enable_chunked_prefill": False}


def cpu_dtype(information: Path = Path("/proc/cpuinfo")) -> str:
    """``bfloat16`` where the CPU computes with it, else ``float32``: emulated, 16 bits would be the slower."""
    try:
        lines = information.read_text("utf-8", "replace").splitlines()
    except OSError:  # not Linux
        return "float32"
    flags = {flag for line in lines if line.lower().startswith(("flags", "features")) for flag in line.split()}
    return "bfloat16" if flags & _CPU_BF16 else "float32"


def _environment(local: bool) -> None:
    """Settings that vLLM and torch read when they are imported. What the user has set stays."""
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    os.environ.setdefault("VLLM_LOGGING_STREAM", "ext://sys.stderr")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    # Threads that wait by spinning halve the speed of a machine that others use too.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    if local:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")


@contextmanager
def guarded() -> Iterator[None]:
    """Whatever prints meanwhile, in Python, in C or in a child process, prints to stderr: stdout is for results."""
    sys.stdout.flush()
    kept, shown = os.dup(1), sys.stdout
    try:
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        with warnings.catch_warnings():
            # torch, transformers and vLLM deprecate parts of each other: nothing that a person here could change.
            for kind in (DeprecationWarning, FutureWarning, UserWarning):
                warnings.simplefilter("ignore", kind)
            yield
    finally:
        sys.stdout = shown
        os.dup2(kept, 1)
        os.close(kept)


def local_config(model: str) -> dict[str, Any] | None:
    """The configuration of a checkpoint folder; None for a hub id. Raises UserError for a path that is neither."""
    path = Path(model).expanduser()
    if not path.exists():
        owner, _, name = model.partition("/")
        if owner and name and "/" not in name and not model.startswith((".", "~", "/")):
            return None
        raise UserError(f"{model}: no such model folder")
    try:
        config = json.loads((path / "config.json").read_bytes())
    except OSError as error:
        raise UserError(f"{model}/config.json: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{model}/config.json: not JSON: {error}") from error
    if not isinstance(config, dict):
        raise UserError(f"{model}/config.json: not an object")
    return config


def first_line(error: BaseException) -> str:
    """The first line that says something of an error's text, at most 300 characters of it."""
    text = str(error)
    if type(error).__name__ == "ValidationError" and callable(found := getattr(error, "errors", None)):
        # pydantic's first line only counts what is wrong.
        one = found()[0]
        text = f"{'.'.join(map(str, one['loc']))}: {one['msg']}".removeprefix(": ")
    lines = text.strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
