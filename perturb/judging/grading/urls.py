"""URLs: two are one when the client sends, or shows, the same. Parsed as browsers do (WHATWG, by ada)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from perturb.judging.grading.kinds import Context, Judged, Reading, UnusableError, kind, said, text

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@kind("url")
def url(context: Context, expected: Any, got: Any, _reading: Reading) -> Judged:
    """What the client sends or shows is the same."""
    wanted = _parts(text(expected, "expected"), context)
    if wanted is None:
        raise UnusableError("expected: no URL")
    other = _parts(got, context) if isinstance(got, str) else None
    if other is None:
        return Judged(False, "no URL")
    for name in wanted:
        if wanted[name] != other[name]:
            return Judged(False, f"another {name}")
    return Judged(True)


def _parts(address: str, context: Context) -> dict[str, Any] | None:
    import ada_url

    base = context.get("base")
    try:
        parsed = ada_url.URL(address, base=base) if isinstance(base, str) else ada_url.URL(address)
    except ValueError:
        return None
    use, query = said(context, "use"), said(context, "query")
    shown = bool(re.search(r"navigat|browser|shown|show|link|bookmark|address bar|open|visit|tab", use))
    return {
        "scheme": parsed.protocol,
        "user": (parsed.username, parsed.password),
        "host": parsed.hostname,
        "port": parsed.port,
        "path": _normal(parsed.pathname),
        "query": _query(parsed.search, parsed.href, query),
        "fragment": _fragment(parsed.href) if shown else "",
    }


def _fragment(address: str) -> str | None:
    """The fragment; a bare ``#`` shows the same page as none."""
    return _normal(address.partition("#")[2])


def _normal(path: str) -> str:
    """Percent-encoding in one way: what needs none has none, hexadecimal digits are capitals (RFC 3986, 6.2.2)."""

    def one(match: re.Match[str]) -> str:
        byte = int(match[1], 16)
        return chr(byte) if byte in _UNRESERVED else f"%{match[1].upper()}"

    return re.sub(r"%([0-9A-Fa-f]{2})", one, path)


def _query(search: str, address: str, told: str) -> Any:
    """The query as what counts of it: its letters, the list of pairs, or for every key its values in order."""
    if re.search(r"ignor|irrelevant|does not matter$|dropped", told) and "order" not in told:
        return None
    literal = re.search(r"opaque|literal|byte|verbatim|exact|as sent|as written|signed|raw", told)
    if literal:
        return (_normal(search), "?" in address.partition("#")[0])
    pairs = [_pair(piece) for piece in search.removeprefix("?").split("&") if piece]
    bare = not pairs and "?" in address.partition("#")[0]
    ordered = re.search(r"order(ed)?\b.*(matter|count|signific|kept|sensitive)|ordered|sequence|as a list", told)
    if ordered and not re.search(r"not (matter|count)|no order|unordered|insensitive|irrelevant|repeated", told):
        return (pairs, bare)
    grouped: dict[bytes, list[bytes]] = {}
    for key, value in pairs:
        grouped.setdefault(key, []).append(value)
    if re.search(r"\b(set|multiset|any order|unordered)\b", told) and "repeated" not in told and "key" not in told:
        return ({key: sorted(values) for key, values in grouped.items()}, bare)
    return (grouped, bare)


def _pair(piece: str) -> tuple[bytes, bytes]:
    key, _, value = piece.partition("=")
    return unquote_to_bytes(key.replace("+", " ")), unquote_to_bytes(value.replace("+", " "))
