"""The kinds of servers that can be asked: importing a file of this folder is all it takes to add one."""

from __future__ import annotations

import importlib
import pkgutil

from perturb.core.errors import UserError
from perturb.core.registry import find
from perturb.engines.api import APIS, Api


def named(name: str, raw: bool) -> Api:
    """The API `name`; with `raw` its form that takes a prompt rendered here. Raises UserError when there is none."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    if raw and name in APIS and f"{name}-raw" not in APIS:
        raise UserError(f"--raw: {name} has no form that takes a rendered prompt")
    found: Api = find(APIS, f"{name}-raw" if raw else name, "server API")
    return found
