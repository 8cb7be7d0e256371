"""The pool of connections to servers: none is used again on which a server has spoken unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perturb.engines.api import Api
from perturb.engines.settings import Settings

if TYPE_CHECKING:
    import aiohttp


def session(settings: Settings, api: Api) -> aiohttp.ClientSession:
    """A connection pool that follows no redirect, keeps no cookie, reads no environment and unpacks nothing."""
    import aiohttp

    headers = {"content-type": "application/json", "accept-encoding": "identity"}
    return aiohttp.ClientSession(
        # Below the five seconds after which common servers close a connection that is idle.
        connector=_connector(limit=0, keepalive_timeout=4.0),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=min(10.0, settings.timeout_s)),
        headers={**headers, **api.headers(settings.key), **settings.headers},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


def _connector(**options: Any) -> aiohttp.TCPConnector:
    """aiohttp's, which would take an answer that came while a connection was idle for that to the next request."""
    import aiohttp

    class Strict(aiohttp.TCPConnector):
        async def _get(self, key: Any, traces: Any) -> Any:
            for protocol, _since in self._conns.get(key, ()):
                if protocol.should_close:
                    protocol.close()
            return await super()._get(key, traces)

    return Strict(**options)
