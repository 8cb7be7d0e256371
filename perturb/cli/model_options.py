"""The options that name a model and say how it is asked."""

from __future__ import annotations

import argparse
from typing import Any

from perturb.cli import engine_options
from perturb.engines.base import RECOMMENDED

URLS: dict[str, Any] = {"action": "append", "default": [], "metavar": "URL"}


def add(command: argparse.ArgumentParser) -> None:
    """The options of a command that asks a model."""
    model = command.add_mutually_exclusive_group(required=True)
    model.add_argument("--model", default="", help="checkpoint folder or hub id, run by vLLM in this process")
    url_help = "a server, e.g. http://127.0.0.1:8000/v1; again for each replica, or @FILE with one on a line"
    model.add_argument("--base-url", **URLS, help=url_help)
    model.add_argument("--agent", default="", help="a simulated agent (perturb list agents)")
    _server(command)
    engine_options.add(command)
    _sampling(command)


def _server(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model-name", default="", help="the model to ask a server for (default: its first)")
    command.add_argument("--api", default="openai", help="what the server speaks: openai (default), anthropic, sglang")
    raw_help = "render prompts here and take raw text back: past thinking stays exactly as a case says"
    command.add_argument("--raw", action="store_true", help=raw_help)
    command.add_argument("--extra-body", default="", metavar="JSON", help="fields over those of every request")
    reach(command)


def reach(command: argparse.ArgumentParser) -> None:
    """How servers are reached. No run records it: a command that goes on with a run is told again."""
    command.add_argument("--concurrency", type=_count, default=0, metavar="N", help="requests at once per server (256)")
    command.add_argument("--timeout", type=_seconds, default=3600.0, metavar="S", help="for one whole answer (3600)")
    command.add_argument("--proxy", default="", metavar="URL", help="an HTTP proxy; the environment's are not used")
    command.add_argument("--header", action="append", default=[], metavar="NAME=VALUE", help="sent to the server")
    command.add_argument("--api-key", default="", metavar="KEY", help="the server's key (default: PERTURB_API_KEY)")


def _sampling(command: argparse.ArgumentParser) -> None:
    drawn = RECOMMENDED
    command.add_argument("--temperature", type=float, default=drawn.temperature, help=f"default {drawn.temperature:g}")
    command.add_argument("--top-p", type=float, default=drawn.top_p, help=f"default {drawn.top_p:g}")
    command.add_argument("--top-k", type=int, default=drawn.top_k, help=f"default {drawn.top_k}; -1: all")
    longest = f"longest answer, thinking included; default {drawn.max_tokens}"
    command.add_argument("--max-tokens", type=_positive, default=drawn.max_tokens, metavar="N", help=longest)


def _count(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 10_000:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 10000")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.0 < value < 1e7:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds that can be waited")
    return value
