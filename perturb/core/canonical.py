"""One byte form for every value: canonical JSON and its digest."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import orjson


def canonical(value: Any) -> bytes:
    """`value` (JSON data or frozen dataclasses) as JSON with sorted keys, UTF-8.

    >>> canonical({"b": 1, "a": (True, None)})
    b'{"a":[true,null],"b":1}'
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest(value: Any) -> str:
    """128-bit BLAKE2 of the canonical form, in hex. Raises TypeError for what JSON cannot hold."""
    return blake2b(canonical(value), digest_size=16).hexdigest()
