"""One fenced block with a shell command; the words come before it. For scaffolds whose only tool is a shell."""

from __future__ import annotations

from perturb.errors import UnrepresentableError
from perturb.protocols.documents import property_types
from perturb.registry import protocol
from perturb.scaffold import Protocol
from perturb.values import Call, JsonObject, Reply

_OPEN, _CLOSE = "```bash_action\n", "\n```"


def _document(tools: tuple[JsonObject, ...]) -> str:
    description = tools[0]["function"]["description"] if tools else ""
    return (
        "# How to act\nFirst write what you think in plain words. Then give exactly one command in a block like this:\n\n"
        f"{_OPEN}the command{_CLOSE}\n\n{description}\nNothing may follow the block. To finish, or to ask the user "
        "something, write plain words without a block."
    )


def _emit(reply: Reply) -> str:
    if not reply.calls:
        if _OPEN.strip() in reply.text:
            raise UnrepresentableError("the words hold a fence")
        return reply.text
    if len(reply.calls) > 1 or len(reply.calls[0].args) != 1:
        raise UnrepresentableError("a fenced reply holds one command and nothing else")
    command = next(iter(reply.calls[0].args.values()))
    if not isinstance(command, str) or "```" in command or "```" in reply.text:
        raise UnrepresentableError("the command holds a fence")
    return f"{reply.text}\n\n{_OPEN}{command}{_CLOSE}" if reply.text else f"{_OPEN}{command}{_CLOSE}"


def _parse(text: str, tools: tuple[JsonObject, ...]) -> Reply:
    at = text.find(_OPEN)
    if at < 0:
        if "```bash_action" in text:
            raise ValueError("the command block does not start on a line of its own")
        return Reply("", text.strip())
    name = tools[0]["function"]["name"] if tools else "shell"
    parameter = next(iter(property_types(tools, name)), "command")
    calls = []
    words = text[:at].strip()
    while at >= 0:
        start = at + len(_OPEN)
        end = text.find(_CLOSE, start - 1)
        if end < 0:
            raise ValueError("the command block never ends")
        calls.append(Call(name, {parameter: text[start:end]}))
        at = text.find(_OPEN, end)
    return Reply("", words, tuple(calls))


FENCED = protocol(Protocol("fenced", False, _document, _emit, _parse, calls_per_reply=1))
