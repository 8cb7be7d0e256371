"""A response as a reply: thinking taken off, the scaffold's protocol parsed, never a server's word for it."""

from __future__ import annotations

from typing import Literal

from perturb.core.registry import PROTOCOLS
from perturb.core.scaffold import Protocol
from perturb.core.values import Case, JsonObject, Reply, Response, Unparsed
from perturb.formats.m2 import parse as m2
from perturb.scaffolding.render import visible_tools

Kind = Literal["malformed", "cut", "reasoning_only", "leaked_protocol"]
NATIVE_MARK = "<minimax:tool_call>"


def parse(response: Response, case: Case) -> Reply | Unparsed:
    """Total: any text gives a reply or says which way it is not one."""
    protocol, tools = PROTOCOLS[case.surface.protocol], visible_tools(case)
    if protocol.native:
        return _native(response, tools)
    thinking, content = response.thinking, response.text
    if response.raw:
        thinking, content, closed = m2.split_thinking(response.text)
        if not closed:
            return Unparsed(_unless_cut("reasoning_only", response), "the thinking never ends", thinking)
    return _text_protocol(protocol, response, tools, thinking, content)


def _native(response: Response, tools: tuple[JsonObject, ...]) -> Reply | Unparsed:
    if response.raw:
        return m2.parse(response.text, tools, response.finish)
    if response.calls is None and NATIVE_MARK in response.text:
        # The server left the block unparsed; what the model wrote is still what it wrote.
        return m2.parse(f"{response.thinking}\n</think>\n\n{response.text}", tools, response.finish)
    if response.finish == "length" and not response.calls:
        return Unparsed("cut", "the answer hit the token limit", response.thinking, response.text)
    if not response.calls and not response.text.strip():
        return Unparsed("reasoning_only", "nothing after the thinking", response.thinking)
    return Reply(response.thinking, response.text, response.calls or ())


def _text_protocol(
    protocol: Protocol, response: Response, tools: tuple[JsonObject, ...], thinking: str, content: str
) -> Reply | Unparsed:
    if response.calls or NATIVE_MARK in content:
        detail = "a native call block where the scaffold has a text protocol"
        return Unparsed("leaked_protocol", detail, thinking, content)
    if not content.strip():
        return Unparsed(_unless_cut("reasoning_only", response), "nothing after the thinking", thinking)
    try:
        reply = protocol.parse(content, tools)
    except ValueError as error:
        return Unparsed(_unless_cut("malformed", response), str(error), thinking, content)
    if response.finish == "length" and not reply.calls:
        return Unparsed("cut", "the answer hit the token limit", thinking, content)
    return Reply(thinking, reply.text, reply.calls)


def _unless_cut(kind: Kind, response: Response) -> Kind:
    """`kind`, unless the token limit explains it."""
    return "cut" if response.finish == "length" else kind
