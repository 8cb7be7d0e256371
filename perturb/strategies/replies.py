"""Replies as models give them: the right one, the right one damaged, and anything at all. All are simulated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from perturb.core.values import Case, Response
from perturb.judging.ideal import ideal, spoken
from perturb.strategies.text import hostile_text


@st.composite
def replies(draw: Callable[[st.SearchStrategy[Any]], Any], case: Case) -> Response:
    """Simulated raw replies to `case`: ideal, cut off, with hostile text put in, or hostile text alone."""
    kind = draw(st.sampled_from(["ideal", "cut", "spliced", "hostile"]))
    text = "" if kind == "hostile" else spoken(case, ideal(case).reply).text
    if kind == "ideal":
        return Response(text)
    at = draw(st.integers(0, len(text)))
    if kind == "cut":
        return Response(text[:at], finish="length")
    return Response(text[:at] + draw(hostile_text()) + text[at:])
