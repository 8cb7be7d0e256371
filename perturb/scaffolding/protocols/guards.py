"""What every text protocol watches for: the model's own call syntax leaking in, and words that would read as calls."""

from __future__ import annotations

from collections.abc import Callable

from perturb.core.errors import UnrepresentableError
from perturb.core.values import Call, JsonObject, Reply

NATIVE_MARK = "<minimax:tool_call>"
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def refuse_native(text: str) -> None:
    """Raises ValueError, its text starting with ``leaked_protocol``, when `text` holds a native call block."""
    if NATIVE_MARK in text:
        raise ValueError("leaked_protocol: a native call block where the scaffold has a text protocol")


def verified(text: str, reply: Reply, parse: Callable[[str, tuple[JsonObject, ...]], Reply]) -> str:
    """`text`, once it has been read back as `reply`. Raises UnrepresentableError when it says something else.

    White space round the words is not kept by text protocols and not compared.
    """
    try:
        heard = parse(text, tuple(map(_definition, reply.calls)))
    except ValueError as error:
        raise UnrepresentableError(f"the reply would break its protocol: {error}") from error
    if (heard.text.strip(), heard.calls) != (reply.text.strip(), reply.calls):
        raise UnrepresentableError("a text or value holds a mark of the protocol")
    return text


def _definition(call: Call) -> JsonObject:
    """A tool definition under which the values of `call` have the types that they have."""
    properties = {name: {"type": _TYPES.get(type(value), "null")} for name, value in call.args.items()}
    return {"type": "function", "function": {"name": call.tool, "parameters": {"properties": properties}}}
