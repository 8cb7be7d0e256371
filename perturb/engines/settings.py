"""How servers are reached, checked before anything is sent."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from perturb.core.errors import UserError
from perturb.core.plain import shortened

API_KEY = "PERTURB_API_KEY"
# Requests under way at once on each server: vLLM runs 256 sequences at once by default on cards below an H100, and
# the prompts of a run fill the cache of larger ones before that.
CONCURRENCY = 256
# 32,768 tokens, the longest answer by default, at ten tokens a second.
TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How servers are asked. `timeout_s` bounds one try from its first byte to its last.

    `pause_s` is the first wait before another try; it doubles. `extra` goes over the body's own fields; a field that
    is null there is left out. `headers` and `key` go to the servers and are written nowhere.
    """

    concurrency: int = CONCURRENCY
    timeout_s: float = TIMEOUT_S
    pause_s: float = 0.5
    proxy: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    key: str = field(default="", repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be quoted nowhere."""
        return tuple(filter(None, (self.key, *self.headers.values())))


def settings_from(
    concurrency: int, timeout: float, proxy: str, extra_body: str, header: Sequence[str], api_key: str
) -> Settings:
    """The settings that the options of the same names make. Raises UserError naming the option that is wrong."""
    return Settings(
        concurrency=concurrency or CONCURRENCY,
        timeout_s=timeout,
        proxy=checked_url(proxy, "--proxy") if proxy else "",
        extra=_extra(extra_body),
        headers=dict(map(_header, header)),
        key=checked_key(api_key, "--api-key") if api_key else checked_key(os.environ.get(API_KEY, "")),
    )


def urls_in(given: Sequence[str]) -> tuple[str, ...]:
    """The URLs of ``--base-url`` options: each one, or ``@FILE`` with one on a line (# starts a comment)."""
    found: list[str] = []
    for one in given:
        if not one.startswith("@"):
            found.append(one)
            continue
        try:
            lines = Path(one[1:]).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{one[1:]}: {getattr(error, 'strerror', None) or 'not text'}") from error
        named = [line for line in (line.partition("#")[0].strip() for line in lines) if line]
        if not named:
            raise UserError(f"{one[1:]}: names no server")
        found += named
    return tuple(found)


def checked_url(text: str, name: str = "--base-url") -> str:
    """A server's URL without its trailing slash. Raises UserError for what is none, or holds credentials."""
    from yarl import URL

    try:
        url = URL(text)
        known = url.scheme in ("http", "https") and bool(url.host)
    except ValueError as error:
        raise UserError(f"{name}: not an http(s) URL: {error}") from error
    if url.user or url.password or url.query_string:
        raise UserError(f"{name}: put no credentials into the URL; set {API_KEY}")
    if not known or url.fragment or not text.isprintable():
        raise UserError(
            f"{name} {shortened(text, 200)}: not an http(s) URL of a server, such as http://127.0.0.1:8000/v1"
        )
    return text.rstrip("/")


def checked_key(text: str, name: str = API_KEY) -> str:
    """A server's key. Raises UserError, without showing it, for what no header can carry or a key does not hold."""
    if not all("!" <= character <= "~" for character in text):
        raise UserError(f"{name}: holds white space, a control character or a character that no HTTP header can carry")
    return text


def _extra(text: str) -> dict[str, Any]:
    try:
        extra = orjson.loads(text) if text else {}
    except orjson.JSONDecodeError as error:
        raise UserError(f"--extra-body: not JSON: {error}") from error
    if not isinstance(extra, dict):
        raise UserError("--extra-body: not a JSON object")
    return extra


def _header(text: str) -> tuple[str, str]:
    """A header's name and value. Raises UserError, without showing the value, for what HTTP cannot carry."""
    name, mark, value = text.partition("=")
    if not mark or not name or not all(c.isascii() and (c.isalnum() or c in "-_") for c in name):
        raise UserError("--header: not NAME=VALUE")
    if value != value.strip() or not all(" " <= character <= "~" for character in value):
        raise UserError(f"--header {name}: the value holds what no HTTP header can carry, or space at its ends")
    return name, value
