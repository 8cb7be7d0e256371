"""Java and JavaScript values as source text, read the way the Berkeley leaderboard reads them.

Arguments of its Java and JavaScript functions are texts of source code; each becomes a value by the declared type, and
stays a text where it is not written as that type is. Some of its ways are odd (texts in a Java array keep their quotes,
a JavaScript list ends at its first bracket); they are kept, because the point is to come to the same verdicts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

# Declared type → what a value becomes.
TYPES: Mapping[str, Mapping[str, type]] = {
    "java": {
        "byte": int, "short": int, "integer": int, "long": int, "float": float, "double": float, "boolean": bool,
        "char": str, "String": str, "any": str, "Array": list, "ArrayList": list, "HashMap": dict,
    },
    "javascript": {
        "String": str, "any": str, "integer": int, "Bigint": int, "float": float, "Boolean": bool, "dict": dict,
        "array": list,
    },
}  # fmt: skip
NESTED = frozenset(("Array", "ArrayList", "array"))
# A longer text is no argument that anybody writes; patterns below are not linear.
LONGEST = 4_000
_EXPONENT = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_SCALARS: dict[str, dict[str, tuple[str, Callable[[str], Any]]]] = {
    "java": {
        "byte": (r"-?\d+", int),
        "short": (r"-?\d+", int),
        "integer": (r"-?\d+", int),
        "long": (r"-?\d+[lL]", lambda text: int(text[:-1])),
        "float": (_EXPONENT + "[fF]", lambda text: float(text[:-1])),
        "double": (_EXPONENT, float),
        "boolean": ("true|false", lambda text: text == "true"),
    },
    "javascript": {
        "integer": (r"-?\d+", int),
        "Bigint": (r"-?\d+n", lambda text: int(text[:-1])),
        "float": (r"-?\d+(?:\.\d+)?", float),
        "Boolean": ("true|false", lambda text: text == "true"),
    },
}


def language_of(schema: Mapping[str, Any]) -> str:
    """The language whose type names the parameters of a function bear; "python" where they tell no other.

    >>> language_of({"properties": {"a": {"type": "HashMap"}}})
    'java'
    """
    told = {str(one.get("type")) for one in (schema.get("properties") or {}).values() if isinstance(one, Mapping)}
    if told & {"Bigint", "Boolean"} or ("String" in told and told & {"dict", "array", "float"}):
        return "javascript"
    java = {"byte", "short", "long", "double", "char", "String", "Array", "ArrayList", "HashMap"}
    return "java" if told & java else "python"


def read_source(text: str, language: str, told: str, inner: str | None) -> Any:
    """The value that `text` writes as a `told` (a list of `inner`); the text itself where it writes none."""
    if len(text) > LONGEST:
        return text
    if told in _SCALARS[language]:
        form, value_of = _SCALARS[language][told]
        return value_of(text) if re.fullmatch(form, text) else text
    if language == "java":
        if told == "HashMap":
            return _hash_map(text)
        return _array(text, inner) if told == "Array" else _array_list(text, inner) if told == "ArrayList" else text
    if told == "array":
        return _js_array(text.strip(), inner)
    if told == "dict":
        return _js_object(text.strip())
    return text[1:-1] if told == "String" and _quoted(text, "\"'") else text


def _quoted(text: str, marks: str) -> bool:
    return any(text.startswith(mark) and text.endswith(mark) for mark in marks)


def _array(text: str, inner: str | None) -> Any:
    found = re.search(r"new\s+\w+\[\]\s*\{([^}\n]*)\}", text)
    items = [item.strip() for item in found[1].split(",") if item.strip()] if found else []
    return [_java_item(item, inner) for item in items] if found else text


def _array_list(text: str, inner: str | None) -> Any:
    listed = re.search(r"new\s+ArrayList<\w*>\(Arrays\.asList\((.+?)\)\)", text)
    added = None if listed else re.search(r"new\s+ArrayList<\w*>\(\)\s*\{\{(.+?)\}\}", text, re.DOTALL)
    if listed:
        items = [item.strip() for item in listed[1].split(",")]
    elif added:
        items = [item.strip() for item in re.findall(r"add\((.+?)\)", added[1])]
    else:
        return [] if re.search(r"new\s+ArrayList<\w*>\(\)", text) else text
    return [item[1:-1] if inner in ("char", "String") else _java_item(item, inner) for item in items]


def _java_item(text: str, inner: str | None) -> Any:
    return read_source(text, "java", inner, None) if inner else _java_bare(text)


def _hash_map(text: str) -> Any:
    found = re.search(r"new\s+HashMap<.*?>\s*\(\)(?:\s*\{\s*\{?(.*?)\}?\s*\})?", text, re.DOTALL)
    if not found:
        return text
    return {key: _java_bare(value.strip()) for key, value in re.findall(r'put\("(.*?)",\s*(.*?)\)', found[1] or "")}


def _java_bare(text: str) -> Any:
    """A value of whatever type it is written in."""
    if text in ("true", "false"):
        return text == "true"
    if _quoted(text, '"'):
        return text[1:-1]
    for told in ("long", "float"):
        value = read_source(text, "java", told, None)
        if value != text:
            return value
    return _number(text)


def _number(text: str) -> Any:
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return text


def _js_bare(text: str) -> Any:
    text = text.strip()
    if text in ("true", "false"):
        return text == "true"
    return text[1:-1] if _quoted(text, "\"'") else _number(text)


def _js_array(text: str, inner: str | None) -> Any:
    if re.match(r"\[\s*\[|new\s+Array\(\s*\[", text):
        rows = re.findall(r"\[([^\]]*)\]", text)
        return [[_js_bare(item) for item in row.strip().removeprefix("[").split(",")] for row in rows]
    found = re.match(r"\[([^\]\n]*)\]|new\s+Array\(([^)\n]*)\)", text)
    if not found:
        return text
    body = (found[1] if found[1] is not None else found[2]).strip()
    items = [item.strip() for item in body.split(",")] if body else []
    return [read_source(item, "javascript", inner, None) if inner else _js_bare(item) for item in items]


def _js_object(text: str) -> Any:
    found = re.match(r"\{([^}\n]*)\}", text)
    if not found:
        return text
    pairs = re.findall(r"([^:]+):\s*(.*?)(?:,\s*(?=[^,]+:)|$)", found[1])
    return {key.strip().strip("'\""): _js_value(value.strip()) for key, value in pairs}


def _js_value(text: str) -> Any:
    if text.startswith("[") and text.endswith("]"):
        return _js_array(text, None)
    if text.startswith("{") and text.endswith("}"):
        return _js_object(text)
    return _js_bare(text.strip("'\""))
