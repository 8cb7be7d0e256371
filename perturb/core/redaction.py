"""The one redactor: what is written or shown leaves here without secrets.

Whatever is known to be a secret goes, as it stands and as base64, percent, JSON or HTML write it; so does whatever
has a secret's shape or stands behind a secret's name. Pure; every pattern runs in time linear in the text.
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from perturb.core.secrets import ASSIGNED, KEPT_PREFIX, SHAPES, SHORTEST, holds_secret, known, value_is_secret

MASK = "[redacted]"
_MASK = MASK.encode()
Span = tuple[int, int] | None
# A word in which characters may be hidden: %73, &#115;, \u0073; and what may be base64.
_HIDDEN = r"[^\s\"'<>]*(?:%[0-9A-Fa-f]{2}|&#[0-9xX]|\\u00)[^\s\"'<>]*"
_BASE64 = r"[A-Za-z0-9+/_-]{24,}={0,2}"
_SHAPES = "|".join(SHAPES)
_ANY = "|".join(f"(?:{one})" for one in (*SHAPES, *KEPT_PREFIX, ASSIGNED, _HIDDEN, _BASE64))
_SHOWS = "|".join(f"(?:{one})" for one in (*SHAPES, *KEPT_PREFIX))
_STANDARD, _URLSAFE = bytes.maketrans(b"-_", b"+/"), bytes.maketrans(b"+/", b"-_")
_ESCAPED, _PERCENT = re.compile(r"\\u([0-9a-fA-F]{4})"), re.compile(r"%[0-9A-F]{2}")
# What stands before a value that was taken out already.
_NO_VALUE = (b"bearer", b"basic", b"token", b"digest", b"apikey", b"b")


def redact(text: str, secrets: frozenset[str] | None = None) -> str:
    """`text` without secrets; `secrets` are those known, by default this process's.

    >>> redact("Authorization: Bearer abcdef123456; https://me:pw@host/x?api_key=1", frozenset())
    'Authorization: Bearer [redacted]'
    >>> redact("max_tokens=4096 at https://host/v1?api_key=1&q=2", frozenset())
    'max_tokens=4096 at https://host/v1?api_key=[redacted]&q=2'
    """
    data = text.encode("utf-8", "surrogatepass")
    done = _redacted(data, known() if secrets is None else secrets)
    return text if done is data else done.decode("utf-8", "surrogatepass")


def redacted(value: Any, secrets: frozenset[str] | None = None, keep: frozenset[str] = frozenset()) -> Any:
    """JSON data without secrets: texts as `redact` has them, and any text under a name that holds a secret.

    What stands under a key of `keep` stays as it is.

    >>> redacted({"password": "open sesame", "reply": "token=abc12345"}, frozenset(), frozenset({"reply"}))
    {'password': '[redacted]', 'reply': 'token=abc12345'}
    """
    secrets = known() if secrets is None else secrets
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, list | tuple):
        return [redacted(item, secrets, keep) for item in value]
    if not isinstance(value, dict):
        return value
    done = {}
    for key, item in value.items():
        hidden = isinstance(item, str) and item != "" and holds_secret(str(key))
        kept = item if key in keep else redacted(item, secrets, keep)
        done[redact(str(key), secrets)] = MASK if hidden else kept
    return done


def redacted_line(line: bytes, keep: frozenset[str] = frozenset()) -> bytes:
    """A line of JSON without secrets: the same bytes when there are none."""
    secrets = known()
    if not _suspicious(line, secrets):
        return line
    import orjson

    found = orjson.loads(line)
    done = redacted(found, secrets, keep)
    return line if done == found else orjson.dumps(done, option=orjson.OPT_SORT_KEYS)


def _suspicious(data: bytes, secrets: frozenset[str]) -> bool:
    """Whether anything can be in `data`: most texts are done with here."""
    return bool(_compiled(_ANY).search(data)) or (bool(secrets) and bool(_compiled_forms(secrets).search(data)))


def _redacted(data: bytes, secrets: frozenset[str]) -> bytes:
    if not _suspicious(data, secrets):
        return data
    if secrets:
        data = _replaced(_compiled_forms(secrets), data, lambda found: found.span())
    data = _replaced(_compiled(_SHAPES), data, lambda found: found.span())
    for pattern in KEPT_PREFIX:
        data = _replaced(_compiled(pattern), data, _value)
    data = _replaced(_compiled(ASSIGNED), data, _assigned)
    data = _replaced(_compiled(_HIDDEN), data, lambda found: _if_hidden(found, _unhidden(found[0]), secrets))
    return _replaced(_compiled(_BASE64), data, lambda found: _if_hidden(found, _unpacked(found[0]), secrets))


def _replaced(pattern: Any, data: bytes, span: Callable[[Any], Span]) -> bytes:
    """`data` with a mask for the span of each match; `data` itself when there is none."""
    parts, at = [], 0
    for found in pattern.finditer(data):
        place = span(found)
        if place is not None and place[0] >= at:
            parts += [data[at : place[0]], _MASK]
            at = place[1]
    return b"".join([*parts, data[at:]]) if parts else data


def _value(found: Any) -> Span:
    value = found[1].strip()
    prose = b" " in value and b"=" not in value and not any(chr(byte).isdigit() for byte in value)
    if prose or value.lower() in _NO_VALUE:
        return None
    # "Basic knowledge" is no header's value.
    alone = found.start(1) and found[0][: found.start(1) - found.start()].strip().lower() in _NO_VALUE
    return None if alone and found[1].isalpha() and found[1][1:].islower() else found.span(1)


def _assigned(found: Any) -> Span:
    group = next(number for number in (1, 2, 3) if found[number] is not None)
    secret = value_is_secret(found[group].decode("utf-8", "replace"), quoted=group != 3)
    return found.span(group) if secret else None


def _if_hidden(found: Any, decoded: Iterable[bytes], secrets: frozenset[str]) -> Span:
    shapes = _compiled(_SHOWS)
    plain = [secret.encode("utf-8", "surrogatepass") for secret in secrets]
    hit = any(shapes.search(text) or any(secret in text for secret in plain) for text in decoded)
    return found.span() if hit else None


def _unhidden(word: bytes) -> Iterator[bytes]:
    """What a word says once %73, &#115; or \\u0073 are written out."""
    text = word.decode("utf-8", "surrogatepass")
    yield unquote_to_bytes(text)
    yield html.unescape(text).encode("utf-8", "replace")
    units = _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text).encode("utf-16", "surrogatepass")
    yield units.decode("utf-16", "replace").encode("utf-8", "replace")


def _unpacked(word: bytes) -> Iterator[bytes]:
    """What a run of letters says as base64, wherever in it the text may begin."""
    plain = word.rstrip(b"=").translate(_STANDARD)
    for start in range(4):
        part = plain[start : len(plain) - ((len(plain) - start) % 4 == 1)]
        yield b64decode(part + b"=" * (-len(part) % 4))


def _forms(secret: str) -> set[bytes]:
    """`secret` as texts, URLs, JSON, HTML and base64 write it."""
    raw = secret.encode("utf-8", "surrogatepass")
    every = "".join(f"%{byte:02X}" for byte in raw)
    quoted = [quote(raw, safe=""), quote(raw), every]
    quoted += [_PERCENT.sub(lambda m: m[0].lower(), one) for one in quoted]
    spelled = json.dumps(secret)[1:-1]
    written = [secret, *quoted, spelled, spelled.replace("/", "\\/"), json.dumps(spelled)[1:-1], repr(secret)[1:-1]]
    written += [html.escape(secret), html.escape(secret, quote=False)]
    forms = {one.encode("utf-8", "surrogatepass") for one in written}
    for shift, cut in ((0, 0), (1, 2), (2, 3)):
        packed = b64encode(b"\0" * shift + raw)[cut : (shift + len(raw)) * 8 // 6]
        forms |= {packed, packed.translate(_URLSAFE)}
    return {form for form in forms if len(form) >= SHORTEST}


@lru_cache(maxsize=8)
def _compiled_forms(secrets: frozenset[str]) -> Any:
    forms = {form for secret in secrets for form in _forms(secret)}
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return _engine("|".join("".join(f"\\x{byte:02x}" for byte in form) for form in longest_first))


@lru_cache(maxsize=32)
def _compiled(pattern: str) -> Any:
    return _engine(pattern)


def _engine(pattern: str) -> Any:
    """Of bytes, so that no text is too broken to be searched."""
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = 1 << 26
    return re2.compile(pattern.encode("latin-1"), options)
