"""Applying a rewrite: the same whole-token renaming on world, texts, history and expectation together."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar

from perturb.core.values import Case, Rewrite

T = TypeVar("T")


@lru_cache(maxsize=4096)
def _substitute(rewrite: Rewrite) -> Callable[[str], str]:
    table = dict(rewrite.pairs)
    longest_first = sorted(table, key=len, reverse=True)
    # A token ends where a word does; inside "order-12" the token "12" is one of its own.
    either = "|".join(map(re.escape, longest_first))
    pattern = re.compile(rf"(?<![A-Za-z0-9_])(?:{either})(?![A-Za-z0-9_])")

    def substitute(text: str) -> str:
        if not any(old in text for old in longest_first):
            return text
        return pattern.sub(lambda found: table[found[0]], text)

    return substitute


def rewrite_value(value: T, rewrite: Rewrite) -> T:
    """`value` with every string in it rewritten, object keys included; unchanged parts are shared."""
    return _walk(value, _substitute(rewrite))  # type: ignore[no-any-return]  # same shape by construction


def _walk(value: Any, substitute: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return substitute(value)
    if isinstance(value, dict):
        return {substitute(key): _walk(item, substitute) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_walk(item, substitute) for item in value)
    if isinstance(value, list):
        return [_walk(item, substitute) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: _walk(getattr(value, f.name), substitute) for f in fields(value)}
        if all(changed[name] is getattr(value, name) for name in changed):
            return value
        return replace(value, **changed)
    return value


def rewritten(case: Case, rewrite: Rewrite) -> Case:
    """`case` in the renamed world. Tool definitions, ids and lineage keep their names."""
    substitute = _substitute(rewrite)
    parts = ("system", "world", "turns", "instructions", "expect")
    changed = {name: _walk(getattr(case, name), substitute) for name in parts}
    return replace(case, rewrites=(*case.rewrites, rewrite), **changed)
