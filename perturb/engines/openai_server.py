"""Any OpenAI-compatible server, over HTTP: many requests at once, few retries, nothing trusted."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from perturb.core.errors import UserError
from perturb.core.values import Failure, Request, Response
from perturb.engines import openai_wire
from perturb.engines.base import RECOMMENDED, Key, Pull, Sampling

if TYPE_CHECKING:
    import httpx

API_KEY = "PERTURB_API_KEY"
_MAX_BODY = 32 * 1024 * 1024
_RETRIES = 3
_MAX_WAIT_S = 5.0


@dataclass(frozen=True)
class OpenAIServer:
    """A server that answers chat completions. Make one with :meth:`connect`.

    `timeout_s` bounds the silence before and between the parts of an answer; the whole answer is given up once it
    has taken that long. `pause_s` is the first wait before a retry; it doubles.
    """

    base_url: str
    identity: Mapping[str, str]
    concurrency: int = 16
    timeout_s: float = 600.0
    pause_s: float = 0.25
    sampling: Sampling = RECOMMENDED

    @classmethod
    def connect(
        cls,
        base_url: str,
        model_name: str = "",
        sampling: Sampling = RECOMMENDED,
        *,
        concurrency: int = 16,
        timeout_s: float = 600.0,
    ) -> OpenAIServer:
        """Find out which model the server has (its first, unless named). Raises UserError when it cannot be asked."""
        base_url = _checked(base_url.rstrip("/"))
        # Read for settings alone: the identity is known once the server has been asked.
        draft = cls(base_url, {}, concurrency, min(timeout_s, 30.0))
        model, owner = draft._model(model_name)
        identity = {"name": model, "kind": "server", "owned_by": owner, "version": "", "weights": "unknown"}
        if owner == "vllm":
            identity["version"] = draft._version()
        return cls(base_url, identity, concurrency, timeout_s, sampling=sampling)

    def stream(self, pull: Pull[Key]) -> Iterator[tuple[Key, Response | Failure]]:
        """Answers as they come. What goes wrong with one request is that request's Failure."""
        client = self._client()
        pool = ThreadPoolExecutor(self.concurrency, thread_name_prefix="perturb-server")
        asked: dict[Future[Response | Failure], Key] = {}
        try:
            while True:
                while len(asked) < self.concurrency and (pulled := pull()):
                    asked[pool.submit(self._answer, client, self.sampling, pulled[1])] = pulled[0]
                if not asked:
                    return
                for done in wait(asked, return_when=FIRST_COMPLETED).done:
                    yield asked.pop(done), done.result()
        finally:
            # Interrupted: drop what waits, and cut off what is under way, so that leaving is immediate.
            pool.shutdown(wait=False, cancel_futures=True)
            client.close()

    def _answer(self, client: httpx.Client, sampling: Sampling, request: Request) -> Response | Failure:
        vllm = self.identity.get("owned_by") == "vllm"
        body = openai_wire.body(request, sampling, self.identity["name"], vllm=vllm)
        if isinstance(body, Failure):
            return body
        got = self._exchange(client, "POST", f"{self.base_url}/chat/completions", body)
        return got if isinstance(got, Failure) else openai_wire.response(got)

    def _exchange(self, client: httpx.Client, method: str, url: str, body: bytes | None = None) -> bytes | Failure:
        """One answer's bytes; a failure that may pass is tried again a few times."""
        for attempt in range(_RETRIES + 1):
            got, wait = self._once(client, method, url, body)
            if not isinstance(got, Failure) or not got.retryable or attempt == _RETRIES:
                return got
            time.sleep(min(self.pause_s * 2**attempt if wait is None else wait, _MAX_WAIT_S))
        raise AssertionError("unreachable: the last attempt returns")

    def _once(
        self, client: httpx.Client, method: str, url: str, body: bytes | None
    ) -> tuple[bytes | Failure, float | None]:
        """The answer, and how long the server asks to wait before the next try."""
        import httpx

        deadline = time.monotonic() + self.timeout_s
        try:
            with client.stream(method, url, content=body) as reply:
                data = self._read(reply, deadline)
                if isinstance(data, Failure) or reply.status_code == 200:
                    return data, None
                return _refused(reply.status_code, data), _retry_after(reply.headers.get("retry-after"))
        except httpx.TimeoutException as error:
            return Failure("timeout", f"{type(error).__name__} after {self.timeout_s:g} s"), None
        except httpx.TransportError as error:
            return Failure("unreachable", f"{type(error).__name__}: {error}", retryable=True), None
        except httpx.HTTPError as error:
            return Failure("bad_body", f"{type(error).__name__}: {error}"), None

    def _read(self, reply: httpx.Response, deadline: float) -> bytes | Failure:
        data = bytearray()
        for chunk in reply.iter_bytes():
            data += chunk
            if len(data) > _MAX_BODY:
                return Failure("too_large", f"an answer of more than {_MAX_BODY} bytes")
            if time.monotonic() > deadline:
                return Failure("timeout", f"the answer was not complete after {self.timeout_s:g} s")
        return bytes(data)

    def _client(self) -> httpx.Client:
        import httpx

        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        if os.environ.get(API_KEY):
            headers["authorization"] = f"Bearer {os.environ[API_KEY]}"
        return httpx.Client(
            headers=headers,
            timeout=httpx.Timeout(self.timeout_s, connect=min(10.0, self.timeout_s)),
            limits=httpx.Limits(max_connections=self.concurrency),
            follow_redirects=False,
            trust_env=False,
        )

    def _model(self, wanted: str) -> tuple[str, str]:
        with self._client() as client:
            got = self._exchange(client, "GET", f"{self.base_url}/models")
        if isinstance(got, Failure):
            if wanted and got.kind in ("http_404", "http_405"):
                return wanted, ""
            raise UserError(f"{self.base_url}: {got.kind}: {got.detail}")
        listed = _listed(got)
        if wanted:
            return wanted, listed.get(wanted) or next(iter(listed.values()), "")
        if not listed:
            raise UserError(f"{self.base_url}/models names no model: give one with --model-name")
        return next(iter(listed.items()))

    def _version(self) -> str:
        """vLLM's version, from beside its API; empty when it does not say."""
        with self._client() as client:
            got = self._exchange(client, "GET", self.base_url.removesuffix("/v1") + "/version")
        try:
            return f"vllm {orjson.loads(got)['version']}" if isinstance(got, bytes) else ""
        except (orjson.JSONDecodeError, LookupError, TypeError):
            return ""


def _checked(base_url: str) -> str:
    import httpx

    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, ValueError) as error:
        raise UserError(f"{base_url}: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise UserError(f"{base_url}: not an http(s) URL")
    if url.userinfo:
        raise UserError(f"--base-url: put no credentials into the URL; set {API_KEY}")
    if not os.environ.get(API_KEY, "").isascii():
        raise UserError(f"{API_KEY}: holds characters that no HTTP header can")
    return base_url


def _listed(data: bytes) -> dict[str, str]:
    """Model id → owner."""
    try:
        models: Any = orjson.loads(data)["data"]
        return {str(model["id"]): str(model.get("owned_by") or "") for model in models}
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
        return {}


def _refused(status: int, data: bytes) -> Failure:
    said = data[:300].decode("utf-8", "replace")
    # A server may repeat what it was sent; the key is written nowhere.
    key = os.environ.get(API_KEY)
    detail = f"HTTP {status}: {said.replace(key, '[key]') if key else said}"
    if status >= 500:
        return Failure("http_5xx", detail, retryable=True)
    if status == 400 and b"maximum context length" in data:
        return Failure("too_long", detail)
    return Failure(f"http_{status}", detail, retryable=status == 429)


def _retry_after(header: str | None) -> float | None:
    """Seconds to wait; None when the server does not say so in seconds."""
    return float(header) if header and header.isascii() and header.isdigit() else None
