"""What makes a run this run, written down before the first question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib import import_module
from typing import Any

from perturb.campaign.ingredients import made_of
from perturb.campaign.model import ENGINE_FIELDS, SAMPLING_FIELDS
from perturb.campaign.plan import Selection


def manifest_of(
    settings: object,
    selection: Selection,
    model: Mapping[str, str],
    load: Iterable[str] = (),
    *,
    redact_replies: bool = False,
) -> dict[str, Any]:
    """The manifest of a run; a folder with another one is another run's.

    `settings` has the fields of a `ModelSpec`: it is one, or holds the options of a command.
    """
    chosen = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(selection).items()}
    return {
        # By name: the package's front tells type checkers of rooms that lead here.
        "perturb": import_module("perturb").__version__,
        "model": dict(model),
        "simulated": model.get("kind") == "simulated",
        "selection": chosen,
        "sampling": {name: getattr(settings, name) for name in SAMPLING_FIELDS},
        "engine": {name: getattr(settings, name) for name in ENGINE_FIELDS},
        "load": list(load),
        "made_of": made_of(selection),
        **({"redact_replies": True} if redact_replies else {}),
    }
