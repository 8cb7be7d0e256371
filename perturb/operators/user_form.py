"""Perturbations of the form that a request arrives in: what stands round it, never what it says."""

from __future__ import annotations

from dataclasses import replace

from perturb.core.draw import Draw
from perturb.core.registry import operator
from perturb.core.values import Case

_FRAMES = (("<request>\n", "\n</request>"), ("```\n", "\n```"), ("---\n", "\n---"), ('"""\n', '\n"""'))
_CLOSINGS = ("Sent from my phone", "--\nR. Okafor\nOffice 3.14, mornings only", "Best wishes from the train")


def _with_last_request(case: Case, before: str, after: str) -> Case:
    """`case` with text put round what the user said last."""
    place = max(number for number, turn in enumerate(case.turns) if turn.role == "user")
    turn = case.turns[place]
    said = replace(turn, text=f"{before}{turn.text}{after}")
    return replace(case, turns=(*case.turns[:place], said, *case.turns[place + 1 :]))


@operator(part="user", relation="invariant")
def framed(case: Case, draw: Draw) -> Case:
    """Set the last request in tags, a fence, rules or quotes, as prompt templates do (FormatSpread)."""
    return _with_last_request(case, *draw.choice(_FRAMES))


@operator(part="user", relation="invariant", control=True)
def signed(case: Case, draw: Draw) -> Case:
    """End the last request as a mail ends: a signature, a greeting."""
    return _with_last_request(case, "", f"\n\n{draw.choice(_CLOSINGS)}")


@operator(part="user", relation="invariant", control=True)
def blank_lines(case: Case, draw: Draw) -> Case:
    """Put empty lines round the last request, as pasted text has them."""
    lines = "\n" * draw.choice([1, 3, 8])
    return _with_last_request(case, lines, lines)
