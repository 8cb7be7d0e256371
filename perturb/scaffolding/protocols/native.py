"""Calls carried by the engine itself: the model's own call syntax, tools in the request's `tools` field."""

from __future__ import annotations

from perturb.core.registry import protocol
from perturb.core.scaffold import Protocol
from perturb.core.values import JsonObject, Reply


def document(_definitions: tuple[JsonObject, ...]) -> str:
    """Nothing: the engine's chat template describes the tools."""
    return ""


def emit(reply: Reply) -> str:
    """The words alone; the calls travel beside them."""
    return reply.text


def parse(text: str, _definitions: tuple[JsonObject, ...]) -> Reply:
    """The words alone; :mod:`perturb.formats.m2.parse` reads the calls of a raw answer."""
    return Reply(text=text)


NATIVE = protocol(Protocol("native", True, document, emit, parse))
