"""A record's fields, each of the type that its format says. What is not so makes the record unreadable, by name."""

from __future__ import annotations

from typing import Any

from perturb.core.errors import UserError
from perturb.core.reading import parsed
from perturb.core.values import JsonObject


class UnreadableError(Exception):
    """A record that is not what its format says. The text names the field and what is wrong with it."""


def an_object(value: Any, field: str) -> dict[str, Any]:
    """`value`, which must be an object. Raises UnreadableError naming `field`."""
    if not isinstance(value, dict):
        raise UnreadableError(f"{field}: not an object")
    return value


def a_list(value: Any, field: str) -> list[Any]:
    """`value`, which must be a list. Raises UnreadableError naming `field`."""
    if not isinstance(value, list):
        raise UnreadableError(f"{field}: not a list")
    return value


def a_text(value: Any, field: str) -> str:
    """`value`, which must be a text or null (nothing said). Raises UnreadableError naming `field`."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnreadableError(f"{field}: not a text")
    return value


def a_name(value: Any, field: str) -> str:
    """`value`, which must be a text that is not empty. Raises UnreadableError naming `field`."""
    if not isinstance(value, str) or not value:
        raise UnreadableError(f"{field}: not a name")
    return value


def arguments(raw: str) -> JsonObject | None:
    """The object that an argument text is; None when it is none, or not one that reads the same everywhere.

    >>> arguments('{"a": 1}'), arguments('{"a": 1'), arguments('[1]')
    ({'a': 1}, None, None)
    """
    if not raw.lstrip().startswith("{"):
        return None
    try:
        found = parsed(raw.encode(), "arguments")
    except UserError:
        return None
    return found if isinstance(found, dict) else None


# What stands for content that is no text: the part's own data stay in the rest.
def shown(part: Any, field: str) -> str:
    """The text of one content part; what is no text is named in square brackets.

    >>> shown({"type": "text", "text": "a"}, ""), shown({"type": "image_url", "image_url": {}}, "")
    ('a', '[image]')
    """
    if isinstance(part, str):
        return part
    part = an_object(part, field)
    for key in ("text", "refusal", "value"):
        if isinstance(part.get(key), str):
            return str(part[key])
    kind = part.get("type") if isinstance(part.get("type"), str) else ""
    name = next((part[key] for key in ("filename", "path", "title", "name") if isinstance(part.get(key), str)), "")
    plain = kind.removeprefix("input_").removesuffix("_url") or "part"
    return f"[{plain}: {name}]" if name else f"[{plain}]"


def content_text(content: Any, field: str) -> str:
    """The text of a message's content: a text, null, or parts of which each is a line.

    >>> content_text([{"type": "text", "text": "See"}, {"type": "image", "source": {}}], "")
    'See\\n[image]'
    """
    if isinstance(content, dict):
        content = [content]
    if isinstance(content, list):
        return "\n".join(shown(part, f"{field}.{n}") for n, part in enumerate(content))
    return a_text(content, field)
