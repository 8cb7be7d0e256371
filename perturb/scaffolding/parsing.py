"""A response as a reply: thinking taken off, the scaffold's protocol parsed, never a server's word for it."""

from __future__ import annotations

from typing import Literal

from perturb.core.format import Format
from perturb.core.registry import FORMATS, PROTOCOLS
from perturb.core.scaffold import Protocol
from perturb.core.values import Case, JsonObject, Reply, Response, Unparsed
from perturb.scaffolding.outcomes import classified
from perturb.scaffolding.render import visible_tools

Kind = Literal["malformed", "cut", "reasoning_only", "leaked_protocol"]


def parse(response: Response, case: Case) -> Reply | Unparsed:
    """Total: any text gives a reply or says which way it is not one. Raw text is read in the response's own format."""
    protocol, tools = PROTOCOLS[case.surface.protocol], visible_tools(case)
    form = FORMATS[response.format]
    if protocol.native:
        got = _unless_leaked(form, _native(form, response, tools), tools)
        return _told(got, tools, response.finish)
    thinking, content = response.thinking, response.text
    if response.raw:
        thinking, content, closed = form.split(response.text)
        if not closed:
            return Unparsed(_unless_cut("reasoning_only", response), "the thinking never ends", thinking)
    return _text_protocol(protocol, form, response, tools, thinking, content)


def _unless_leaked(form: Format, got: Reply | Unparsed, tools: tuple[JsonObject, ...]) -> Reply | Unparsed:
    """`got`, unless its words are a call of a known tool in another model's format."""
    if isinstance(got, Unparsed) or got.calls:
        return got
    known = {tool["function"]["name"] for tool in tools}
    for other in FORMATS.values():
        if other.name != form.name and other.opens != form.opens and other.opens in got.text:
            heard = other.parse_content("", got.text, tools, "stop")
            if isinstance(heard, Reply) and any(call.tool in known for call in heard.calls):
                detail = f"a call in the format {other.name} of other models"
                return Unparsed("leaked_protocol", detail, got.thinking, got.text)
    return got


def _told(reply: Reply | Unparsed, tools: tuple[JsonObject, ...], finish: str) -> Reply | Unparsed:
    """`reply`, unless it is cut or a call in a protocol that is not this one."""
    if isinstance(reply, Reply) and reply.calls and tools and finish != "length":
        return reply
    heard = classified(reply, tools, finish)
    if heard.outcome == "cut":
        return Unparsed("cut", heard.detail, heard.thinking, heard.text)
    if heard.outcome == "protocol_leak":
        return Unparsed("leaked_protocol", heard.detail, heard.thinking, heard.text)
    return reply


def _native(form: Format, response: Response, tools: tuple[JsonObject, ...]) -> Reply | Unparsed:
    if response.raw:
        return form.parse(response.text, tools, response.finish)
    if response.calls is None and form.opens in response.text:
        # The server left the block unparsed; what the model wrote is still what it wrote.
        return form.parse_content(response.thinking, response.text, tools, response.finish)
    if response.finish == "length" and not response.calls:
        return Unparsed("cut", "the answer hit the token limit", response.thinking, response.text)
    if not response.calls and not response.text.strip():
        return Unparsed("reasoning_only", "nothing after the thinking", response.thinking)
    return Reply(response.thinking, response.text, response.calls or ())


def _text_protocol(
    protocol: Protocol,
    form: Format,
    response: Response,
    tools: tuple[JsonObject, ...],
    thinking: str,
    content: str,
) -> Reply | Unparsed:
    # A scaffold may ask for the very mark that a model's own format has.
    if response.calls or (form.opens in content and form.opens not in protocol.document(tools)):
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
