"""The text that MiniMax-M2's template gives for a conversation, with the characters that are to be trained on."""

from __future__ import annotations

from perturb.core.format import TemplateError
from perturb.core.values import JsonObject
from perturb.formats.m2.template import END_MARK, GENERATION, ROLES, render
from perturb.recordings.chat import spelled
from perturb.recordings.fields import UnreadableError
from perturb.recordings.linked import functions, linked, trained
from perturb.recordings.registry import exporter
from perturb.recordings.values import Recording


@exporter("m2-text")
def m2_text(found: Recording) -> JsonObject:
    """``{id, text, train}``; `train` holds spans [first, end) of `text`: what the model writes, its end mark included.

    All thinking is kept, save where a case says otherwise. Raises UnreadableError where the template has no text.
    """
    messages, tools = spelled(linked(found.messages)), functions(found)
    retention = found.rest.get("retention", "keep_all")

    def upto(number: int) -> str:
        return render(messages[:number], tools, retention=retention, add_generation_prompt=False)

    try:
        text = upto(len(messages))
        spans = [_span(text, upto(place), upto(place + 1)) for place in trained(found)]
    except TemplateError as error:
        raise UnreadableError(f"M2's template has no text for it: {error}") from error
    return {**found.rest.get("about", {"id": found.id}), "text": text, "train": spans}


def _span(text: str, before: str, after: str) -> list[int]:
    """Where in `text` the model's own words stand, between what stands before them and after them."""
    if not text.startswith(before) or not text.startswith(after):
        raise TemplateError("what stands before an answer depends on what comes after it")
    opened = GENERATION if text.startswith(GENERATION, len(before)) else ROLES["ai"]
    return [len(before) + len(opened), after.rindex(END_MARK) + len(END_MARK)]
