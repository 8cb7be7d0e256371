"""One HTTP exchange with a server that may be broken, slow or hostile: bytes within bounds, or a failure of a kind."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from perturb.core.plain import shortened
from perturb.core.values import Failure

if TYPE_CHECKING:
    import aiohttp

# The longest wait that a server may ask for with Retry-After, in seconds.
LONGEST_WAIT_S = 120.0
MAX_BODY = 32 * 1024 * 1024
# Statuses that may pass, beside 5xx: a server's own timeout, a conflict with work under way, too early, too many.
_PASSING = (408, 409, 425, 429)
_SAID = 300


@dataclass(frozen=True, slots=True)
class Refusal:
    """No answer: why, and how long the server asks to wait before the next try (None: it does not say)."""

    failure: Failure
    wait_s: float | None = None


async def exchange(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    body: bytes | None,
    timeout_s: float,
    proxy: str = "",
    secrets: Sequence[str] = (),
) -> bytes | Refusal:
    """The body of a 200. `timeout_s` bounds all of it: connecting, headers however they trickle, and the body.

    A server may repeat what it was sent: `secrets` are taken out of what it is quoted with.
    """
    import aiohttp

    try:
        # aiohttp's own total does not count what a server sends before its answer; this does.
        async with (
            asyncio.timeout(timeout_s),
            session.request(method, url, data=body, allow_redirects=False, proxy=proxy or None) as reply,
        ):
            data = await _read(reply)
            if isinstance(data, Refusal) or reply.status == 200:
                return data
            return _refused(reply.status, _quoted(data, secrets), reply.headers.get("retry-after"))
    except (aiohttp.ServerTimeoutError, aiohttp.ConnectionTimeoutError) as error:
        return Refusal(Failure("unreachable", shortened(f"{type(error).__name__}: {error}", _SAID), retryable=True))
    except TimeoutError:
        return Refusal(Failure("timeout", f"no whole answer within {timeout_s:g} s"))
    except aiohttp.ClientPayloadError as error:
        return Refusal(Failure("truncated", shortened(f"the answer broke off: {error}", _SAID), retryable=True))
    except (aiohttp.ClientConnectionError, OSError) as error:
        return Refusal(Failure("unreachable", shortened(f"{type(error).__name__}: {error}", _SAID), retryable=True))
    except (aiohttp.ClientError, ValueError) as error:
        return Refusal(Failure("bad_http", shortened(f"{type(error).__name__}: {error}", _SAID)))


async def _read(reply: aiohttp.ClientResponse) -> bytes | Refusal:
    # Nothing was said to be accepted: an encoded body is a mistake or a bomb.
    if reply.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        return Refusal(Failure("bad_http", "an encoded body, which was not asked for"))
    parts, size = [], 0
    async for part in reply.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > MAX_BODY:
            return Refusal(Failure("too_large", f"an answer of more than {MAX_BODY} bytes"))
    return b"".join(parts)


def _quoted(data: bytes, secrets: Sequence[str]) -> str:
    said = data[: 64 * _SAID].decode("utf-8", "replace")
    for secret in secrets:
        said = said.replace(secret, "[key]") if secret else said
    return said


def _refused(status: int, said: str, after: str | None) -> Refusal:
    detail = f"HTTP {status}: {shortened(said, _SAID)}"
    if status >= 500:
        return Refusal(Failure("http_5xx", detail, retryable=True), retry_after(after))
    if status == 400 and "maximum context length" in said:
        return Refusal(Failure("too_long", detail))
    return Refusal(Failure(f"http_{status}", detail, retryable=status in _PASSING), retry_after(after))


def retry_after(header: str | None) -> float | None:
    """Seconds to wait by a Retry-After header, in seconds or as a date, at most LONGEST_WAIT_S; None without one.

    >>> retry_after("7"), retry_after("99999"), retry_after("soon"), retry_after("Wed, 21 Oct 2015 07:28:00 GMT")
    (7.0, 120.0, None, 0.0)
    """
    if not header:
        return None
    if header.isascii() and header.isdigit():
        return min(float(header[:12]), LONGEST_WAIT_S)
    try:
        seconds = parsedate_to_datetime(header).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT_S)


def pause(attempt: int, first_s: float, asked_s: float | None) -> float:
    """Seconds before the next try: what the server asked for and a little more, or backoff with full jitter.

    So that requests that failed together do not come back together. Source of full jitter: Brooker, "Exponential
    Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    if asked_s is not None:
        return asked_s + random.uniform(0.0, first_s)
    return random.uniform(0.0, min(first_s * 2.0**attempt, 30.0))
