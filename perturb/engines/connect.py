"""Find out who answers behind one or more URLs, before anything is asked of a model."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson

from perturb.core.errors import UserError
from perturb.core.values import Failure
from perturb.engines.api import Api, address
from perturb.engines.apis import named
from perturb.engines.base import RECOMMENDED, Sampling
from perturb.engines.http import exchange
from perturb.engines.model_format import Reading
from perturb.engines.pool import session
from perturb.engines.rendered import rendering
from perturb.engines.replicas import Replica
from perturb.engines.server import DEFAULTS, Servers
from perturb.engines.settings import Settings, checked_url

_PROBE_S = 30.0
_PROBES = 3
_BY_ITSELF = Reading()


def connect(
    urls: Sequence[str],
    model_name: str = "",
    sampling: Sampling = RECOMMENDED,
    settings: Settings = DEFAULTS,
    *,
    api: str = "openai",
    raw: bool = False,
    reading: Reading = _BY_ITSELF,
) -> Servers:
    """The servers behind `urls`, all of which must serve one model: the first that one lists, unless it is named.

    A server that does not answer now is no obstacle while another does: it is asked again during the run. Raises
    UserError when none can be asked, or they serve different models; with `raw` also when `reading` does not
    say how the model's prompts are made.
    """
    spoken = named(api, raw)
    bases = list(dict.fromkeys(checked_url(url) for url in urls))
    found = asyncio.run(_probe_all(bases, settings, spoken))
    identity = _identity(bases, found, model_name) | {"api": spoken.name}
    rendered = rendering(identity["name"], reading) if raw else None
    if rendered and rendered.form.name != "m2":
        identity |= {"format": rendered.form.name}
    return Servers(tuple(Replica(base) for base in bases), spoken, identity, settings, sampling, rendered)


_Probe = tuple[dict[str, str], str] | Failure


async def _probe_all(bases: Sequence[str], settings: Settings, api: Api) -> list[_Probe]:
    async with session(settings, api) as pool:
        return await asyncio.gather(*(_probe(pool, base, settings) for base in bases))


async def _probe(pool: Any, base: str, settings: Settings) -> _Probe:
    """What a server serves (model to owner) and, when it says so, its version."""
    got = await _get(pool, address(base, "/v1/models"), settings)
    if isinstance(got, Failure):
        return got
    models = _listed(got)
    if "vllm" not in models.values():
        return models, ""
    said = await _get(pool, address(base, "/version"), settings)
    try:
        return models, f"vllm {orjson.loads(said)['version']}" if isinstance(said, bytes) else ""
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return models, ""


async def _get(pool: Any, url: str, settings: Settings) -> bytes | Failure:
    limit, tries = min(settings.timeout_s, _PROBE_S), 0
    while True:
        got = await exchange(pool, "GET", url, None, limit, settings.proxy, settings.secrets)
        if isinstance(got, bytes):
            return got
        tries += 1
        if tries == _PROBES or not got.failure.retryable:
            return got.failure
        await asyncio.sleep(settings.pause_s * 2**tries)


def _listed(data: bytes) -> dict[str, str]:
    """Model id to owner."""
    try:
        models: Any = orjson.loads(data)["data"]
        return {str(model["id"]): str(model.get("owned_by") or "") for model in models}
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
        return {}


def _identity(bases: Sequence[str], found: Sequence[_Probe], wanted: str) -> dict[str, str]:
    """One model for all servers."""
    names: dict[str, str] = {}
    owner = version = ""
    for base, got in zip(bases, found, strict=True):
        if isinstance(got, Failure):
            continue
        models, version = got[0], got[1] or version
        name = wanted or next(iter(models), "")
        if not name:
            raise UserError(f"{base}: names no model: give one with --model-name")
        owner = models.get(name) or next(iter(models.values()), "") or owner
        names[base] = name
    if not names:
        return _unlisted(bases, found, wanted)
    if len(set(names.values())) > 1:
        said = ", ".join(f"{name} at {base}" for base, name in names.items())
        raise UserError(f"the servers serve different models ({said}): name one with --model-name")
    return _who(next(iter(names.values())), owner, version)


def _unlisted(bases: Sequence[str], found: Sequence[_Probe], wanted: str) -> dict[str, str]:
    """The named model, where the only trouble is that a server has no list of models."""
    failures = [got for got in found if isinstance(got, Failure)]
    if wanted and any(failure.kind in ("http_404", "http_405") for failure in failures):
        return _who(wanted, "", "")
    said = "; ".join(f"{base}: {got.kind}: {got.detail}" for base, got in zip(bases, failures, strict=True))
    raise UserError(said)


def _who(name: str, owner: str, version: str) -> dict[str, str]:
    return {"name": name, "kind": "server", "owned_by": owner, "version": version, "weights": "unknown"}
