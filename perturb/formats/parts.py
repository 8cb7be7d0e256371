"""What several formats share: thinking in marks, calls as JSON, words around blocks. Scanners, linear on any text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from perturb.core.format import BrokenError
from perturb.core.values import Call, JsonObject, Reply
from perturb.formats.m2.schema_types import schema_types, typed

SPACE = " \t\r\n"
_NAME_LIMIT = 256
_scan = json.JSONDecoder().raw_decode


def splitter(opens: str, closes: str, *ends: str) -> Callable[[str], tuple[str, str, bool]]:
    """A format's `split`: thinking between two marks at the start of the turn, `ends` taken off its end.

    A turn that begins without the opening mark but holds the closing one was opened by the prompt.
    """

    def split(raw: str) -> tuple[str, str, bool]:
        raw = without_end(raw, *ends)
        start = len(raw) - len(raw.lstrip())
        opened = raw.startswith(opens, start)
        before, mark, content = raw.partition(closes)
        if not opened and (not mark or opens in before):
            return "", raw, True
        thinking = (before[start + len(opens) :] if opened else before).removeprefix("\n").removesuffix("\n")
        return thinking, content.removeprefix("\n").removeprefix("\n"), bool(mark)

    return split


def plain(*ends: str) -> Callable[[str], tuple[str, str, bool]]:
    """The `split` of models that do not think aloud."""
    return lambda raw: ("", without_end(raw, *ends), True)


def without_end(raw: str, *ends: str) -> str:
    """`raw` without the marks that end a turn."""
    bare = raw.rstrip("\n")
    for end in ends:
        if bare.endswith(end):
            return bare.removesuffix(end)
    return raw


def thought(reply: Reply, layout: str = "<think>\n{}\n</think>\n\n") -> str:
    """A reply's thinking as it is written before its content."""
    return layout.format(reply.thinking) if reply.thinking else ""


def blocks(
    content: str, opens: str, one: Callable[[str, int], tuple[Sequence[Call], int]]
) -> tuple[tuple[Call, ...], str]:
    """The calls of every block that `opens` begins, and the words around the blocks.

    `one` reads a block from after its mark: its calls, and where it ends. Line ends next to a block are the block's.
    """
    calls: list[Call] = []
    words: list[str] = []
    at, last = content.find(opens), 0
    if at < 0:
        return (), content
    while at >= 0:
        words.append(content[last:at])
        here, last = one(content, at + len(opens))
        calls += here
        at = content.find(opens, last)
    stretches = (stretch.strip("\n") for stretch in (*words, content[last:]))
    return tuple(calls), "\n".join(stretch for stretch in stretches if stretch.strip())


def skip(text: str, at: int) -> int:
    """The next place that is no white space."""
    while at < len(text) and text[at] in SPACE:
        at += 1
    return at


def expect(text: str, at: int, *marks: str) -> tuple[str, int]:
    """The mark that comes next after white space, and where it ends. Raises BrokenError when it is another."""
    at = skip(text, at)
    for mark in marks:
        if text.startswith(mark, at):
            return mark, at + len(mark)
    rest = text[at : at + max(map(len, marks))]
    ended = at + len(rest) == len(text) and any(mark.startswith(rest) for mark in marks)
    raise BrokenError(f"expected {' or '.join(marks)} at {rest!r}", ended)


def until(text: str, at: int, mark: str, what: str) -> tuple[str, int]:
    """The text up to `mark`, and where the mark ends. Raises BrokenError when there is none."""
    end = text.find(mark, at)
    if end < 0:
        raise BrokenError(f"{what} never ends", ended=True)
    return text[at:end], end + len(mark)


def json_value(text: str, at: int) -> tuple[Any, int]:
    """The JSON value that stands next, and where it ends. Raises BrokenError."""
    at = skip(text, at)
    try:
        _, end = _scan(text, at)
        value = orjson.loads(text[at:end])
        orjson.dumps(value)  # refuses what is nested too deeply to be written down again
    except json.JSONDecodeError as error:
        # A word or an escape that has begun is reported where it begins; none is longer than six.
        ended = error.pos + 6 >= len(text.rstrip(SPACE)) or error.msg.startswith("Unterminated")
        raise BrokenError(f"not JSON: {error.msg}", ended) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise BrokenError(f"not JSON: {type(error).__name__}") from error
    return value, end


def json_call(value: Any, *keys: str) -> Call:
    """A call from an object with ``name`` and its arguments under one of `keys`. Raises BrokenError."""
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        raise BrokenError("a call without a name")
    found = [value[key] for key in keys if key in value]
    if not found or not isinstance(found[0], dict):
        raise BrokenError(f"the call of {value['name'][:40]!r} has no object of arguments")
    return named(value["name"], found[0])


def named(name: str, arguments: Mapping[str, Any]) -> Call:
    """A call whose name is one. Raises BrokenError."""
    if not name.strip() or len(name) > _NAME_LIMIT or any(mark in name for mark in "<>\n"):
        raise BrokenError(f"{name[:40]!r} is no name")
    return Call(name, dict(arguments))


def section(
    text: str, at: int, opens: str, closes: str, one: Callable[[str, int], tuple[Call, int]]
) -> tuple[list[Call], int]:
    """The calls of a block, each read by `one` from after `opens`, up to `closes`. Raises BrokenError without any."""
    calls: list[Call] = []
    while True:
        mark, at = expect(text, at, opens, closes)
        if mark == closes:
            if not calls:
                raise BrokenError("a call block without a call")
            return calls, at
        call, at = one(text, at)
        calls.append(call)


def pairs(
    text: str, at: int, opens: str, closes: str, one: Callable[[str, int], tuple[str, Any, int]]
) -> tuple[dict[str, Any], int]:
    """The arguments of a call, each read by `one` from after `opens`, up to `closes`. Raises BrokenError for a twin."""
    found: dict[str, Any] = {}
    while True:
        mark, at = expect(text, at, opens, closes)
        if mark == closes:
            return found, at
        key, value, at = one(text, at)
        if key in found:
            raise BrokenError(f"parameter {key[:40]!r} is given twice")
        found[key] = value


def json_object(text: str, at: int, name: str) -> tuple[dict[str, Any], int]:
    """The JSON object of a call's arguments that stands next, and where it ends. Raises BrokenError."""
    value, at = json_value(text, at)
    if not isinstance(value, dict):
        raise BrokenError(f"the arguments of {name[:40]!r} are no object")
    return value, at


def parameters(tools: Sequence[JsonObject]) -> dict[str, JsonObject]:
    """Each tool's parameter schema by its name; tools of any other shape are left out."""
    found: dict[str, JsonObject] = {}
    for tool in tools:
        function = tool.get("function") if isinstance(tool, Mapping) else None
        if isinstance(function, Mapping) and isinstance(function.get("name"), str):
            schema = function.get("parameters")
            found[function["name"]] = schema if isinstance(schema, Mapping) else {}
    return found


def by_schema(text: str, schema: JsonObject, name: str) -> Any:
    """An argument's text as the value that the tool's schema types it as. Python's spelling of a truth value counts."""
    properties = schema.get("properties")
    own = properties.get(name) if isinstance(properties, Mapping) else None
    if text in ("True", "False", "None") and schema_types(own, schema) & {"boolean", "null"}:
        text = {"True": "true", "False": "false", "None": "null"}[text]
    return typed(text, own, schema)


def as_text(value: Any) -> str:
    """An argument as text: a string as it is, all else as JSON."""
    return value if isinstance(value, str) else to_json(value)


def to_json(value: Any) -> str:
    """JSON as chat templates write it: a space after separators, text as it is."""
    return json.dumps(value, ensure_ascii=False)
