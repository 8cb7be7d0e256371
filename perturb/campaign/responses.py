"""Journalled responses as the values they were."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from perturb.core.values import Call, Response


def response_from(data: dict[str, Any]) -> Response:
    """A journalled response as the value it was. Fields that this version does not know are left out."""
    calls = data["calls"]
    parsed = None if calls is None else tuple(Call(c["tool"], c["args"]) for c in calls)
    known = {field.name: data[field.name] for field in fields(Response) if field.name in data}
    return Response(**{**known, "calls": parsed})
