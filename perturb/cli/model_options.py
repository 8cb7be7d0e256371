"""The options that name a model and say how it is asked."""

from __future__ import annotations

import argparse
from typing import Any

from perturb.cli import engine_options
from perturb.cli.options import real, whole
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
    command.add_argument("--concurrency", type=whole(0, 10_000), default=0, help="requests at once, each server")
    command.add_argument("--timeout", type=real(0.001, 1e7), default=3600.0, help="seconds for an answer (3600)")
    command.add_argument("--proxy", default="", metavar="URL", help="an HTTP proxy; the environment's are not used")
    command.add_argument("--header", action="append", default=[], metavar="NAME=VALUE", help="sent to the server")
    command.add_argument("--api-key", default="", metavar="KEY", help="the server's key (default: PERTURB_API_KEY)")


def again(command: argparse.ArgumentParser) -> None:
    """The options of a command that goes on with a run: what its folder names, and how servers are reached."""
    command.add_argument("--base-url", **URLS, help="a server of the run, named again")
    command.add_argument("--model", default="", help="the model of the run, named again")
    arguments: dict[str, Any] = {"dest": "engine_args", "action": "append", "default": [], "metavar": "KEY=VALUE"}
    command.add_argument("--engine-arg", **arguments, help="an engine argument of the run, named again")
    command.add_argument(
        "--chat-template", default="", metavar="FILE", help="the chat template of the run, named again"
    )
    reach(command)


def _sampling(command: argparse.ArgumentParser) -> None:
    drawn = RECOMMENDED
    warm, likely = f"default {drawn.temperature:g}", f"default {drawn.top_p:g}"
    command.add_argument("--temperature", type=real(0, 100), default=drawn.temperature, help=warm)
    command.add_argument("--top-p", type=real(0, 1), default=drawn.top_p, help=likely)
    command.add_argument("--top-k", type=whole(-1), default=drawn.top_k, help=f"default {drawn.top_k}; -1: all")
    longest = f"longest answer, thinking included; default {drawn.max_tokens}"
    command.add_argument("--max-tokens", type=whole(1), default=drawn.max_tokens, metavar="N", help=longest)
