"""What a secret is: names that hold one, shapes that are one, and those that this process was given.

The shapes are the published prefixes of the services' own keys; the names are those that headers, queries,
configuration files and environments use.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

# Shorter values are too common as words to be taken out of every text.
SHORTEST = 6
_WORDS = (
    r"(?:api|access|secret|private|signing|encryption|account|master|auth|service|subscription|function)[_-]?keys?"
    r"|(?:[a-z0-9]+[_-])*(?:token|secret|password|passwd|passphrase|pwd|credentials?|authorization|cookie|apikey)"
    r"|auth|bearer|x-functions-key|session[_-]?id|sessionid|sid|jsessionid|phpsessid|connection[_-]?string|sig|signature"
)
# A name that holds a secret, whatever stands before its last words: OPENAI_API_KEY, x-amz-security-token, set-cookie.
NAME = rf"(?:[a-z0-9]+[_-])*(?:{_WORDS})"
_HEADERS = r"(?:proxy-)?authorization|(?:set-)?cookie|x-api-key|api-key|x-auth-token"
_TOKEN = r"[A-Za-z0-9_\-./+=~]"
# Where a word begins; after a line end in JSON too, which is spelled with a letter.
_B = r"(?:\b|\\[nrt])"
SHAPES: tuple[str, ...] = (
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-[^-])*(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----)?",
    r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)?",
    rf"{_B}(?:sk|rk|pk)[-_](?:proj|live|test|ant|or|svcacct|admin)[-_][A-Za-z0-9_-]{{10,}}",
    rf"{_B}sk-[A-Za-z0-9_-]{{16,}}",
    rf"{_B}(?:gh[pousr]_[A-Za-z0-9]{{16,}}|github_pat_[A-Za-z0-9_]{{20,}})",
    rf"{_B}(?:gl(?:pat|ptt|rt|dt|cbt|soat|ft|imt|agent)-[A-Za-z0-9_\-.]{{16,}}|GR1348941[A-Za-z0-9_-]{{16,}})",
    rf"{_B}(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA)[A-Z0-9]{{16}}\b",
    rf"{_B}(?:AIza[A-Za-z0-9_-]{{30,}}|GOCSPX-[A-Za-z0-9_-]{{20,}}|ya29\.[A-Za-z0-9_-]{{16,}}|1//0[A-Za-z0-9_-]{{20,}})",
    rf"{_B}xox[a-z]-[A-Za-z0-9-]{{10,}}|{_B}xapp-[A-Za-z0-9-]{{10,}}|hooks\.slack\.com/services/[A-Za-z0-9/]{{20,}}",
    r"discord(?:app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]{20,}",
    rf"{_B}[MNO][A-Za-z0-9_-]{{23,}}\.[A-Za-z0-9_-]{{6}}\.[A-Za-z0-9_-]{{27,}}",
    rf"{_B}whsec_[A-Za-z0-9+/=]{{16,}}|{_B}SG\.[A-Za-z0-9_-]{{16,}}\.[A-Za-z0-9_-]{{16,}}|{_B}key-[0-9a-f]{{32}}\b|{_B}SK[0-9a-f]{{32}}\b",
    rf"{_B}(?:npm_|hf_|gsk_|r8_|xai-|pplx-|nvapi-|fw_|tgp_v1_|csk-|dapi|sbp_|ntn_|secret_|figd_|lin_api_|glsa_|glc_"
    r"|shp(?:at|ca|pa|ss)_)[A-Za-z0-9_-]{20,}",
    rf"{_B}(?:pypi-|dckr_pat_|dckr_oat_|rubygems_|cio|PMAK-|NRAK-|HRKU-|ATATT3|ATBB|ATCTT3|do[opr]_v1_|ph[cx]_|"
    r"sntry[su]_|pscale_(?:tkn|pw|oauth)_|hv[sbr]\.|dp\.(?:pt|st|ct|sa)\.|sl\.[A-Z]|EAA[A-Z]|sq0[a-z]{3}-|AGE-SECRET-KEY-1|LTAI|SCW|"
    r"pat-(?:na|eu)1-|rdme_|tfp_|ops_ey|shippo_live_|duffel_live_|patAA?)[A-Za-z0-9_\-.]{16,}",
    rf"{_B}[A-Za-z0-9]{{14}}\.atlasv1\.[A-Za-z0-9_-]{{40,}}|{_B}pat[A-Za-z0-9]{{14}}\.[a-f0-9]{{40,}}",
    rf"{_B}bot[0-9]{{8,10}}:AA[A-Za-z0-9_-]{{30,}}|{_B}[0-9]{{8,10}}:AA[A-Za-z0-9_-]{{33}}",
)
# A quotation mark, also as JSON in JSON and HTML write it.
_ENTITY = r"&(?:amp;)*(?:quot|apos|#0?3[49]|#x2[27]);"
_Q = rf"(?:\\*(?:[\"']|{_ENTITY}))"
_SCHEMES = ("bearer", "basic", "token", "digest", "apikey")
# In these the group is the secret; what stands before it stays.
KEPT_PREFIX: tuple[str, ...] = (
    rf"(?i)\b(?:{_HEADERS})(?:{_Q}?\s*[:=]\s*(?:b?{_Q})?|{_Q}\s*,\s*b?{_Q})(?:(?:{'|'.join(_SCHEMES)})\s+)?"
    r"([^\s\"'<>{}\[\]&\\][^\r\n\"'<>{}\[\]&\\]*)",
    rf"(?i)\b(?:bearer|basic|apikey)\s+({_TOKEN}{{8,}})",
    r"(?i)\b[a-z][a-z0-9+.-]*://([^\s/@\"'<>\[\]?#]*:[^\s/@\"'<>\[\]?#]+|[A-Za-z0-9_\-.%]{16,})@",
    rf"(?i)(?:[?&;]|&amp;)(?:{NAME}|key)=([^\s&#\"'<>\[\]\\]+)",
)
# name = value in text, quoted, quoted as in HTML, or bare; whether it is a secret is asked of `value_is_secret`.
ASSIGNED = (
    rf"(?i)(?:^|[^a-z0-9_-])(?:{NAME}|accountkey|sharedaccesskey){_Q}?\s*[:=]\s*"
    rf"(?:\\*[\"']([^\s\"'\\\[]+)|\\*{_ENTITY}([^\s\"'<>&\[]+)|"
    r"([^\s\"'&;,<>()\[\]{}\\]+))"
)
_PLACEHOLDERS = ("your", "example", "changeme", "placeholder", "redacted", "xxxx", "****", "....", "none", "null")


@lru_cache(maxsize=1)
def _name() -> Any:
    import re2

    return re2.compile(NAME.encode())


@lru_cache(maxsize=4096)
def holds_secret(name: str) -> bool:
    """Whether a field, header or variable of this name holds a secret.

    >>> holds_secret("OPENAI_API_KEY"), holds_secret("max_tokens"), holds_secret("Set-Cookie"), holds_secret("key")
    (True, False, True, False)
    """
    return len(name) <= 200 and bool(_name().fullmatch(name.lower().encode("utf-8", "replace")))


def value_is_secret(value: str, quoted: bool) -> bool:
    """Whether what stands behind a secret's name is one, and no placeholder, reference or type."""
    small = value.lower()
    if not value or value[0] in "$<{%[(" or any(word in small for word in _PLACEHOLDERS):
        return False
    if quoted:
        return len(value) >= 4 and " " not in value.strip()
    return len(value) >= 8 and any(c.isdigit() for c in value) and any(c.isalpha() for c in value) and value[0] != "/"


_REMEMBERED: set[str] = set()


def remember(secret: str) -> None:
    """Hold `secret` for one in all that this process writes."""
    if len(secret) >= SHORTEST:
        _REMEMBERED.add(secret)


def remember_url(url: str) -> None:
    """Hold what a URL carries for secret: user and password, values of its query, long random parts of its path."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    userinfo = parts.netloc.rpartition("@")[0]
    given = userinfo.split(":")
    given += [value for name, value in parse_qsl(parts.query) if holds_secret(name) or name == "key"]
    given += [part for part in parts.path.split("/") if _random(part)]
    for one in given:
        remember(one)
        remember(unquote(one))


def remember_options(given: Mapping[str, Any]) -> None:
    """Hold what options carry for secret: a key, headers (``NAME=VALUE``), the addresses of servers and proxies."""
    remember(str(given.get("api_key") or ""))
    for header in given.get("header") or ():
        remember(str(header).partition("=")[2].strip())
    for name in ("base_url", "proxy"):
        urls = given.get(name) or ()
        for url in (urls,) if isinstance(urls, str) else urls:
            remember_url(str(url))


def _random(part: str) -> bool:
    return len(part) >= 20 and any(c.isdigit() for c in part) and any(c.isalpha() for c in part)


def known(variables: Mapping[str, str] = os.environ) -> frozenset[str]:
    """The secrets that this process was given: variables whose names hold one, and what was remembered."""
    return frozenset(_REMEMBERED).union(_from(variables.items()))


def _from(variables: Iterable[tuple[str, str]]) -> Iterable[str]:
    for name, value in variables:
        if len(value) >= SHORTEST and value[0] not in "/." and holds_secret(name):
            yield value
            yield value.strip()
