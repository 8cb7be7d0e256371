"""A proxy that an agent is pointed at: it hands everything on as it is, and writes the conversations down.

Bytes of requests and answers pass unchanged, streams piece by piece. Only the headers that concern one connection
alone (RFC 9110, 7.6.1) and the host are the proxy's own. Redaction happens to what is written, never to what passes.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from perturb.core.errors import UserError
from perturb.core.secrets import holds_secret, remember
from perturb.recordings.answered import conversations, form_of
from perturb.recordings.fields import UnreadableError
from perturb.recordings.recorded import Recorded

if TYPE_CHECKING:
    import aiohttp
    from aiohttp import web

# Answers beyond this many bytes pass, but are not written down.
LARGEST = 64_000_000
_OF_ONE_CONNECTION = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade", "expect",
}  # fmt: skip


class Recorder:
    """Requests go to `upstream`, conversations to `recorded`, what is to be known to `say`."""

    def __init__(self, upstream: str, recorded: Recorded, say: Callable[[str], None]) -> None:
        parts = urlsplit(upstream)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise UserError(f"--upstream: {upstream!r} is no http or https address")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.path = parts.path.rstrip("/")
        self.recorded = recorded
        self.say = say

    async def serve(self, host: str, port: int, ready: Callable[[int], None], stop: asyncio.Event) -> None:
        """Pass requests on until `stop` is set. Raises UserError when the port cannot be had."""
        import aiohttp
        from aiohttp import web

        # Nothing is unpacked on the way, no cookie kept, no time limit set: all of that is between agent and server.
        session = aiohttp.ClientSession(
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=30),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            trust_env=True,
        )

        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            return await self._pass(session, request)

        runner = web.ServerRunner(web.Server(handler, auto_decompress=False, access_log=None))
        async with session:
            await runner.setup()
            try:
                site = web.TCPSite(runner, host, port)
                await site.start()
                ready(runner.addresses[0][1])
                await stop.wait()
            except OSError as error:
                raise UserError(f"{host}:{port}: {error.strerror or error}") from error
            finally:
                await runner.cleanup()

    async def _pass(self, session: aiohttp.ClientSession, request: web.BaseRequest) -> web.StreamResponse:
        import aiohttp
        from aiohttp import web
        from yarl import URL

        asked = await request.read()
        headers = _handed_on(request.raw_headers, "host", "content-length")
        try:
            answer = await session.request(
                request.method,
                URL(self.origin + request.raw_path, encoded=True),
                headers=headers,
                data=asked or None,
                allow_redirects=False,
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            self.say(f"{self.origin}: no answer: {type(error).__name__}: {error}")
            return web.json_response(
                {"error": {"message": f"perturb record: {self.origin} gave no answer"}}, status=502
            )
        async with answer:
            back = web.StreamResponse(status=answer.status, reason=answer.reason)
            back.headers.extend(_handed_on(answer.raw_headers))
            said = await _copied(answer, back, request)
        if said is not None and answer.status == 200 and request.method == "POST":
            self._write(request, answer, asked, said)
        return back

    def _write(self, request: web.BaseRequest, answer: aiohttp.ClientResponse, asked: bytes, said: bytes) -> None:
        """Write down what was asked and answered, when it is a conversation."""
        form = form_of(request.path)
        if not form:
            return
        for name, value in request.headers.items():
            if holds_secret(name):
                remember(value.strip())
                remember(value.strip().rpartition(" ")[2])
        plain = _unpacked(said, answer.headers.get("Content-Encoding", ""))
        question = _unpacked(asked, request.headers.get("Content-Encoding", ""))
        if plain is None or question is None:
            self.say(f"{request.path}: packed in a way that cannot be read here: passed on, not written down")
            return
        streamed = answer.content_type == "text/event-stream"
        found = list(conversations(form, question, plain, streamed))
        try:
            for record in found:
                self.recorded.add(form, record)
        except UnreadableError as error:
            self.say(f"{request.path}: passed on, not written down: {error}")
        if not found:
            self.say(f"{request.path}: no whole answer: passed on, not written down")


def _handed_on(raw: Iterable[tuple[bytes, bytes]], *own: str) -> Any:
    """Headers as they came, without those of one connection and those named."""
    from multidict import CIMultiDict

    listed = [(name.decode("latin-1"), value.decode("utf-8", "surrogateescape")) for name, value in raw]
    named = {one.strip().lower() for name, value in listed if name.lower() == "connection" for one in value.split(",")}
    gone = _OF_ONE_CONNECTION | named | set(own)
    return CIMultiDict((name, value) for name, value in listed if name.lower() not in gone)


async def _copied(answer: aiohttp.ClientResponse, back: web.StreamResponse, request: web.BaseRequest) -> bytes | None:
    """Hand an answer on piece by piece; its bytes when it came and went whole.

    An answer that is cut off is cut off for the agent too, so that it never takes half of one for a whole.
    """
    import aiohttp

    pieces, size = [], 0
    try:
        await back.prepare(request)
        async for piece in answer.content.iter_any():
            await back.write(piece)
            size += len(piece)
            if size <= LARGEST:
                pieces.append(piece)
        await back.write_eof()
    except (aiohttp.ClientError, OSError, TimeoutError):
        if request.transport is not None:
            request.transport.abort()
        return None
    return b"".join(pieces) if size <= LARGEST else None


def _unpacked(data: bytes, packing: str) -> bytes | None:
    """`data` unpacked, at most `LARGEST` bytes of it; None when that cannot be done here."""
    if packing in ("", "identity"):
        return data
    if packing not in ("gzip", "x-gzip", "deflate"):
        return None
    for window in (47, -15):
        with suppress(zlib.error):
            reader = zlib.decompressobj(window)
            plain = reader.decompress(data, LARGEST)
            return plain if reader.eof else None
    return None
