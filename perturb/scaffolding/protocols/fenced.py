"""One fenced block with a shell command; the words come before it. For scaffolds whose only tool is a shell."""

from __future__ import annotations

from perturb.core.errors import UnrepresentableError
from perturb.core.registry import protocol
from perturb.core.scaffold import Protocol
from perturb.core.values import Call, JsonObject, Reply
from perturb.scaffolding.protocols.guards import refuse_native, verified

_OPEN, _CLOSE = "```bash_action", "\n```"


def _document(tools: tuple[JsonObject, ...]) -> str:
    described = "\n".join(f"{tool['function']['name']}: {tool['function']['description']}" for tool in tools)
    return (
        "# How to act\n"
        "First write what you think in plain words. Then give exactly one command, in a block like this one:\n\n"
        f"{_OPEN}\nthe command, on one line or several{_CLOSE}\n\n{described}\n\n"
        "Nothing may follow the block. To finish, or to ask the user something, write plain words without a block."
    )


def _emit(reply: Reply) -> str:
    if not reply.calls:
        return verified(reply.text, reply, _parse)
    if len(reply.calls) > 1 or len(reply.calls[0].args) != 1:
        raise UnrepresentableError("a fenced reply holds one command and nothing else")
    command = next(iter(reply.calls[0].args.values()))
    if not isinstance(command, str):
        raise UnrepresentableError("a command is text")
    block = f"{_OPEN}\n{command}{_CLOSE}"
    return verified(f"{reply.text}\n\n{block}" if reply.text else block, reply, _parse)


def _parse(text: str, tools: tuple[JsonObject, ...]) -> Reply:
    refuse_native(text)
    tool, parameter = _shell(tools)
    words: list[str] = []
    calls: list[Call] = []
    after = 0
    while (at := text.find(_OPEN, after)) >= 0:
        words.append(text[after:at])
        start = text.find("\n", at) + 1
        if not start or text[at + len(_OPEN) : start].strip() or (at and text[at - 1] != "\n"):
            raise ValueError("the command block does not start on a line of its own")
        end = text.find(_CLOSE, start - 1)
        if end < 0:
            raise ValueError("the command block never ends")
        calls.append(Call(tool, {parameter: text[start:end]}))
        after = end + len(_CLOSE)
    words.append(text[after:])
    return Reply("", "\n\n".join(filter(None, map(str.strip, words))), tuple(calls))


def _shell(tools: tuple[JsonObject, ...]) -> tuple[str, str]:
    """The tool that a command block calls, and its parameter: the first one that takes a single text."""
    for tool in tools:
        properties = tool["function"]["parameters"].get("properties", {})
        if len(properties) == 1 and next(iter(properties.values())).get("type") == "string":
            return tool["function"]["name"], next(iter(properties))
    return "bash", "command"


FENCED = protocol(Protocol("fenced", False, _document, _emit, _parse, calls_per_reply=1))
