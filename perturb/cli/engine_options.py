"""How a model is loaded in this process: vLLM's engine arguments, adapters, formats, replicas. In one place.

Every engine argument has one form, ``--engine-arg KEY=VALUE``; the usual ones have names that say the same.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from perturb.cli.options import whole

# vLLM's names, what they take (None: a switch) and what they mean.
_NAMED: tuple[tuple[str, str | None, str], ...] = (
    ("pipeline-parallel-size", "N", "stages that the layers are split into"),
    ("data-parallel-size", "N", "in one process only 1: use --ray --replicas"),
    ("gpu-memory-utilization", "SHARE", "of each GPU's memory"),
    ("dtype", "TYPE", "e.g. bfloat16, float16, float32"),
    ("quantization", "METHOD", "e.g. fp8, awq"),
    ("kv-cache-dtype", "TYPE", "e.g. fp8"),
    ("max-num-seqs", "N", "answers that are written at the same time"),
    ("revision", "NAME", "branch, tag or commit of a hub id"),
    ("trust-remote-code", None, "run code that comes with the model"),
)


class _Named(argparse.Action):
    """``--dtype X`` as ``--engine-arg dtype=X``."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        key = str(option_string).lstrip("-").replace("-", "_")
        text = values if isinstance(values, str) else "true"
        setattr(namespace, self.dest, [*getattr(namespace, self.dest), f"{key}={text}"])


def add(command: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    group = command.add_argument_group("vLLM in this process")
    group.add_argument("--tensor-parallel-size", type=whole(1, 2**16 - 1), default=1, help="GPUs for one model")
    group.add_argument(
        "--expert-parallel", "--enable-expert-parallel", action="store_true", help="spread experts over the GPUs"
    )
    group.add_argument("--max-model-len", type=whole(0), default=0, help="context (0: the model's)")
    for name, takes, text in _NAMED:
        only: dict[str, Any] = {"nargs": 0} if takes is None else {"metavar": takes}
        group.add_argument(f"--{name}", dest="engine_args", action=_Named, default=[], help=text, **only)
    _add_pairs(group, "--engine-arg", "any other engine argument of vLLM; the value is JSON where it reads as JSON")
    group.add_argument(
        "--ray",
        nargs="?",
        const="local",
        default="",
        metavar="ADDRESS",
        help="replicas as Ray actors: of the cluster at ADDRESS (auto: the one of this machine), or of a new one here",
    )
    group.add_argument("--replicas", type=whole(1, 1024), default=1, help="how many times the model is loaded")
    group.add_argument("--lora", default="", metavar="NAME=PATH", help="an adapter on top of the model")
    _add_reading(command)


def _add_reading(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("how the model writes")
    group.add_argument("--format", default="", metavar="NAME", help="of calls and thinking (perturb list formats)")
    group.add_argument("--tool-parser", default="", metavar="NAME", help="vLLM's name of the format of calls")
    group.add_argument("--reasoning-parser", default="", metavar="NAME", help="vLLM's name of that of thinking")
    group.add_argument(
        "--chat-template", default="", metavar="FILE", help="instead of the model's own; with --raw its own"
    )
    _add_pairs(
        group,
        "--template-arg",
        "what the chat template is told, e.g. enable_thinking=false, thinking_mode=enabled",
    )


def _add_pairs(group: argparse._ArgumentGroup, name: str, text: str) -> None:
    into = f"{name.lstrip('-').replace('-', '_')}s"
    group.add_argument(name, dest=into, action="append", default=[], metavar="KEY=VALUE", help=text)
