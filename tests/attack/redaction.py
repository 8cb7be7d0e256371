"""Every kind of secret in every form it is written in, at every place in a text: taken out, or it leaks."""

from __future__ import annotations

from collections.abc import Iterator

from perturb.core.redaction import redact
from tests.attack import Row
from tests.hostile.secrets_of_every_kind import NAMED, SHAPED
from tests.hostile.test_redaction import AROUND, FORMS, NONE, pieces


def attack() -> Iterator[Row]:
    """The matrix."""
    tried = bad = 0
    for secret in SHAPED.values():
        for form in FORMS.values():
            for around in AROUND:
                hidden = form(secret)
                done = redact(around.format(hidden), NONE)
                tried, bad = tried + 1, bad + any(piece in done for piece in pieces(hidden))
    yield Row(f"secrets by shape: {len(SHAPED)} kinds, {len(FORMS)} forms", tried, tried - bad, "none is left")
    left = sum(secret in redact(text, NONE) for text, secret in NAMED.values())
    yield Row("secrets by name", len(NAMED), len(NAMED) - left, "none is left")
