"""Rows as a data frame of whichever library is there."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any, Literal

from perturb.core.errors import UserError

# "": pandas, else polars.
Library = Literal["", "pandas", "polars"]


def frame(rows: Iterable[dict[str, Any]], library: Library = "") -> Any:
    """A DataFrame with a column for every name in `rows`. Raises UserError when the library is not there."""
    every = list(rows)
    names = list(dict.fromkeys(name for row in every for name in row))
    columns = {name: [row.get(name) for row in every] for name in names}
    for name in (library,) if library else ("pandas", "polars"):
        try:
            module = import_module(name)
        except ImportError:
            continue
        return module.DataFrame(columns, strict=False) if name == "polars" else module.DataFrame(columns)
    wanted = library or "pandas or polars"
    raise UserError(f"a data frame needs {wanted}: pip install 'perturb-agents[{library or 'pandas'}]'")
