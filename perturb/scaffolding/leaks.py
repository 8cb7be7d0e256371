"""Calls written in a protocol that nobody asked for: what stands in the words of a native reply."""

from __future__ import annotations

import json
import re
from collections.abc import Collection

_MARKS = re.compile(
    r"<function=|<function\s+name=|</?tool_calls?>|<\|?tool_calls?\|?>|<\|tool_calls_section_begin\|>|<\|tool_call_begin\|>"
    r"|<｜tool[▁_]calls?[▁_]begin｜>|<\|python_tag\|>|\[TOOL_CALLS\]|\[TOOL_REQUEST\]|</?function_calls?>|<\|?function_call"
    r"|<invoke[\s>]|<parameter[\s=][^>]{0,200}>|<tool_use>|<use_tool>|<tool_code>|<\|?action_start\|?>|<\|plugin\|>"
    r"|<tool_request>|<tool\s+name=|<call\s+(?:name|tool)=|<\|channel\|>commentary\s+to=|\bto=functions\.\w+|<execute_\w+>"
    r"|<\|start_tool_call\|>|<\|tool▁|<longcat_tool_call>|<seed:tool_call>|<arg_key>|✿FUNCTION✿|<\|tool>",
    re.IGNORECASE,
)
# The native tag as models misspell it.
_MISSPELT = re.compile(
    r"[<\[{(]{1,2}\s*/?\s*\|?\s*mini[\s_-]?max[\s:_.-]{0,3}(?:tool|call|function|invoke)[^>\]\n]{0,20}[>\]]?|<mini[\s_-]?max\s*>|\]<\]minimax\[>\[",
    re.IGNORECASE,
)
_REACT = re.compile(
    r"^[ \t*#>]*Action\s*\**:\**[ \t]*`?[A-Za-z_][\w.-]*`?.{0,40}\n+[ \t*#>]*Action[ _]Input\s*\**:", re.MULTILINE
)
_REACT_KNOWN = re.compile(r"^[ \t*#>]*Action\s*\**:\**[ \t]*`?([A-Za-z_][\w.-]*)`?\s*(?:[(\[{]|$)", re.MULTILINE)
_FENCE = re.compile(r"```[ \t]*(\w*)[^\n]*\n(.*?)(?:\n?```|\Z)", re.DOTALL)
_PYTHONIC = re.compile(r"^\s*\[\s*([A-Za-z_][\w.]*)\(.*\)\s*\]\s*$", re.DOTALL)
_KEYS = ({"arguments"}, {"parameters"}, {"args"}, {"input"}, {"tool_input"}, {"action_input"}, {"params"})
_NAMES = (
    "name",
    "tool",
    "tool_name",
    "function",
    "action",
    "recipient_name",
    "function_name",
    "tool_calls",
    "function_call",
)


def leak(text: str, offered: Collection[str] = ()) -> str:
    """Which foreign call stands in `text`; empty when none does. `offered`: the names of the tools.

    >>> leak("[lookup(x=1)]", ["lookup"]), leak("I looked it up.")
    ('a call written as Python', '')
    """
    if _MISSPELT.search(text):
        return "a misspelt native tag"
    bare = re.sub(r"(?<!`)`[^`\n]{1,200}`(?!`)", " ", text)
    if _MARKS.search(bare):
        return "another protocol's tag"
    if _REACT.search(bare) or any(match[1] in offered for match in _REACT_KNOWN.finditer(bare)):
        return "a ReAct action"
    if any(_tag_of(name, bare) for name in offered):
        return "a tag named after a tool"
    if _is_json_call(text.strip(), offered) or any(
        _fenced_call(match[1].lower(), match[2], offered) for match in _FENCE.finditer(text)
    ):
        return "a call written as JSON"
    if _is_python_call(text.strip(), offered):
        return "a call written as Python"
    return _embedded(bare, offered)


def _tag_of(name: str, text: str) -> bool:
    return f"<{name}>" in text and (
        f"</{name}>" in text or re.search(rf"<{re.escape(name)}>\s*[<{{]", text) is not None
    )


def _fenced_call(language: str, body: str, offered: Collection[str]) -> bool:
    if language in ("tool_code", "tool_call", "tool_calls", "tool", "function", "function_call", "action", "call"):
        return True
    if language in ("json", "", "jsonc", "json5") and _is_json_call(body.strip(), offered):
        return True
    return language in ("python", "py", "") and _is_python_call(body.strip(), offered)


def _is_json_call(body: str, offered: Collection[str]) -> bool:
    if not body.startswith(("{", "[")) or len(body) > 100_000:
        return False
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return bool(
            re.match(
                r'[\[{\s]+"(?:name|tool|tool_name|function)"\s*:\s*"([\w.-]+)"\s*,\s*"(?:arguments|parameters|args|input)"',
                body,
            )
        )
    items = data if isinstance(data, list) else [data]
    return bool(items) and all(_is_call(item, offered) for item in items)


def _is_call(item: object, offered: Collection[str]) -> bool:
    if not isinstance(item, dict):
        return False
    if isinstance(item.get("tool_calls"), list) or isinstance(item.get("function_call"), dict):
        return True
    if isinstance(item.get("function"), dict):
        return _is_call(item["function"], offered)
    if isinstance(item.get("action"), list | dict) and not offered:
        return True
    name = next((item[key] for key in _NAMES if isinstance(item.get(key), str)), None)
    if name is not None:
        # A name and its arguments are a call even of a tool that is not there; a name alone only of one that is.
        return any(keys <= item.keys() for keys in _KEYS) or (name in offered and len(item) <= 2)
    return len(item) == 1 and next(iter(item)) in offered and isinstance(next(iter(item.values())), dict)


def _is_python_call(body: str, offered: Collection[str]) -> bool:
    listed = _PYTHONIC.match(body)
    if listed:
        return listed[1] in offered or re.search(r"\(\s*\w+\s*=", body) is not None or body.rstrip().endswith("()]")
    alone = re.fullmatch(
        r"(?:print\()?(?:default_api\.|functions\.|tools\.)?([A-Za-z_][\w.]*)\(.*\)\)?", body, re.DOTALL
    )
    return alone is not None and (alone[1] in offered or alone[1].rpartition(".")[2] in offered)


def _embedded(text: str, offered: Collection[str]) -> str:
    """A JSON call or a listed Python call on lines of its own among words."""
    for match in re.finditer(
        r'\{\s*"(?:name|tool|tool_name|function)"\s*:\s*"([\w.-]+)"\s*,\s*"(?:arguments|parameters|args|input)"\s*:',
        text,
    ):
        if match[1] in offered or text[: match.start()].rpartition("\n")[2].strip() == "":
            return "a call written as JSON"
    for line in text.splitlines():
        listed = _PYTHONIC.match(line)
        if listed and (listed[1] in offered or re.search(r"\(\s*\w+\s*=", line)):
            return "a call written as Python"
        alone = re.fullmatch(r"\s*([A-Za-z_]\w*)\((?:\s*\w+\s*=.*)?\)\s*", line)
        if alone and alone[1] in offered:
            return "a call written as Python"
    return ""
